// `imprimatur artifact digest`: the one digest that stands for an artifact.

package import ArgumentParser
internal import Artifacts
internal import Attestation
internal import CanonicalJSON
internal import Cryptography

/// Hashes every file; prints the artifact digest.
package struct ArtifactDigest: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "digest", abstract: "Print the artifact digest of a directory or file.",
        discussion: """
            The digest is the SHA-256 of the RFC 8785 list of path, size and SHA-256 of every file \
            but the signature files. Exit codes: 0 printed, 2 cannot be read, 64 usage.
            """)

    @Argument(help: "A directory or one file.")
    var path: String

    @OptionGroup var signatures: SignatureFiles
    @OptionGroup var format: Format

    package init() {}

    package func run() throws {
        let scan = try ArtifactScan.scan(path, signatureFiles: signatures.signature)
        guard format.json else { return Console.out(scan.digest.hex) }
        Console.out(["artifact": .string(scan.digest.hex), "files": scan.manifest.json])
    }
}
