// The trust root that this machine relies on: given; or, of a development service, pinned at first use.
//
// Whoever answers in a production service's place could show a root of their own: there the root is
// given, or nothing is believed.

internal import ArgumentParser
internal import Attestation
internal import Governance
internal import OfflineCommands
internal import Registry

/// `--root`.
struct RootOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The trust root to rely on; else IMPRIMATUR_ROOT, else that of a development service, pinned at first use.",
            valueName: "file"))
    var root: String?

    /// The root to rely on when talking to this service.
    func load(for client: ServiceClient) async throws -> TrustRoot {
        if let path = root ?? Environment.text("IMPRIMATUR_ROOT") { return try Files.root(path) }
        let folder = try Self.folder()
        let path = "\(folder)/\(client.host).root.json"
        if File.exists(path) { return try Files.root(path) }
        let reply = try await client.get("/api/v1/root")
        let envelope = try Envelope(parsing: reply.body)
        let root = try TrustRoot.verify(envelope)
        guard root.development else {
            throw CommandError(
                "No trust root was given, and that of a production service is not taken from itself.",
                hint: "Give --root or set IMPRIMATUR_ROOT; the custodians have the file.")
        }
        try File.makeFolder(folder)
        try Files.create(path, envelope.canonicalBytes)
        Console.warning("the service's trust root was pinned at first use: \(path)")
        Console.hint("Compare its digest with the custodians': \(root.digest)")
        return root
    }

    /// The root given; nothing is asked or pinned.
    func loadOffline() throws -> TrustRoot { try RootFile.load(root) }

    private static func folder() throws -> String {
        if let base = Environment.text("XDG_CONFIG_HOME") { return base + "/imprimatur" }
        guard let home = Environment.text("HOME") else {
            throw CommandError(
                "There is no home directory to pin the trust root in.", hint: "Give --root.")
        }
        return home + "/.config/imprimatur"
    }
}
