// The trust root of commands that ask nobody.

internal import ArgumentParser
package import Governance

/// `--root`, or IMPRIMATUR_ROOT.
package struct RootFile: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The trust root to rely on; else IMPRIMATUR_ROOT.", valueName: "file"))
    var root: String?

    package init() {}

    /// The root given; nothing is asked or pinned.
    package func load() throws -> TrustRoot { try Self.load(root) }

    /// The root in a file, or the one that the environment names.
    package static func load(_ path: String?) throws -> TrustRoot {
        guard let path = path ?? Environment.text("IMPRIMATUR_ROOT") else {
            throw ValidationError("Which trust root? Give --root or set IMPRIMATUR_ROOT.")
        }
        return try Files.root(path)
    }
}
