// `imprimatur witness --audit`: where the auditor of a witness reads the log.

internal import ArgumentParser
internal import Cryptography
internal import Governance
internal import OfflineCommands
internal import Registry
internal import TransparencyLog

/// `--audit` and what belongs to it.
struct WitnessAuditOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Before cosigning, read the log of this service and judge every deployment again.",
            valueName: "url"))
    var audit: String?

    @Option(
        help: ArgumentHelp(
            "The trust root to judge under, as you have it yourself.",
            valueName: "root"))
    var auditRoot: String?

    @Option(
        help: ArgumentHelp(
            "A file with a token of the role auditor over **.", valueName: "file"))
    var auditTokenFile: String?

    @Option(help: ArgumentHelp("Trust the authorities in this file for TLS.", valueName: "pem"))
    var caFile: String?

    @Option(
        help: ArgumentHelp(
            "Live with what is wrong at this entry; repeat.", valueName: "index"))
    var accept: [Int64] = []

    @Flag(help: "Judge under a development root.")
    var development = false

    func validate() throws {
        guard (audit == nil) == (auditRoot == nil), (audit == nil) == (auditTokenFile == nil) else {
            throw ValidationError("--audit, --audit-root and --audit-token-file belong together.")
        }
        guard audit != nil || (caFile == nil && accept.isEmpty && !development) else {
            throw ValidationError("--ca-file, --accept and --development belong to --audit.")
        }
    }

    /// The auditors by origin: none without `--audit`.
    func auditors() throws -> [String: any WitnessAuditor] {
        guard let audit, let auditRoot, let auditTokenFile else { return [:] }
        let root = try Files.root(auditRoot)
        guard !root.development || development else {
            throw CommandError(
                "\(auditRoot) is a development root.", hint: "Say --development to accept that.")
        }
        let token = String(decoding: try Files.passphrase(auditTokenFile), as: UTF8.self)
        let client = try ServiceClient(
            server: audit, token: token, caFile: caFile, timeoutSeconds: 30)
        let auditor = try LogAuditor(
            root: root, source: ServedLog(client: client), accepting: Set(accept))
        return [root.origin: auditor]
    }
}

/// A log as a service serves it.
struct ServedLog: LogSource {
    let client: ServiceClient

    func entries(_ bundle: EntryBundleID) async throws -> [UInt8] {
        do {
            return try await client.get("/log/\(bundle.path)").body
        } catch let error as CommandError {
            throw WitnessUnreachable(error.message)
        }
    }

    func document(_ digest: SHA256Digest) async throws -> [UInt8]? {
        do {
            return try await client.get("/api/v1/documents/\(digest.hex)").body
        } catch let error as CommandError where error.status == 404 {
            return nil
        } catch let error as CommandError {
            throw WitnessUnreachable(error.message)
        }
    }
}
