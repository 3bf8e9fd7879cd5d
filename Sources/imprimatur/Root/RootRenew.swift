// `imprimatur root renew`: the successor of a trust root, for the old and the new custodians to sign.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands
internal import Registry
internal import TransparencyLog

/// Writes the next version of a root with other keys.
struct RootRenew: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew", abstract: "Make the next version of a trust root, unsigned.",
        discussion: """
            Everything that is not changed stays, with new times. Keys rotate in two steps: a version with \
            the old key and the new, and when every instance uses the new one, a version without the old. \
            As many custodians of the old root and of the new one as their thresholds say sign it: \
            `imprimatur root sign NEW --previous OLD --key …`. Exit codes: 0 made, 2 not made, 64 usage.
            """)

    @Argument(help: "The root in force, signed.")
    var file: String

    @Option(help: ArgumentHelp("Add a log key (Ed25519, public); repeat.", valueName: "pem"))
    var addLogKey: [String] = []

    @Option(help: ArgumentHelp("Add a service key; repeat.", valueName: "pem"))
    var addServiceKey: [String] = []

    @Option(help: ArgumentHelp("Add a permit key, for 90 days at most; repeat.", valueName: "pem"))
    var addPermitKey: [String] = []

    @Option(help: ArgumentHelp("Add a custodian; repeat.", valueName: "pem"))
    var addCustodian: [String] = []

    @Option(
        help: ArgumentHelp("Drop a key of any use, public or private; repeat.", valueName: "pem"))
    var drop: [String] = []

    @Option(help: "How many custodians must sign together; else as before.")
    var threshold: Int?

    @Option(help: "How many days the root and its keys are valid.", transform: Parse.days)
    var days: Int64 = 365

    @Option(help: ArgumentHelp("Another witness policy (C2SP tlog-policy).", valueName: "file"))
    var witnessPolicy: String?

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("The root to make; never overwritten.", valueName: "file"))
    var output: String

    func run() throws {
        let old = try Files.root(file)
        let now = SystemClock.now()
        let until = now.adding(seconds: days * 86_400)
        let dropped = Set(try drop.map { try Files.publicHalf($0).id })
        guard let name = KeyName(old.origin) else { throw CommandError("The origin is no name.") }
        func kept<Key>(
            _ keys: [TrustRoot.Dated<Key>], _ id: (Key) -> KeyID?
        ) -> [TrustRoot.Dated<Key>] {
            keys.filter { key in id(key.key).map { !dropped.contains($0) } ?? true }
        }
        let custodians =
            old.custodians.filter { !dropped.contains($0.id) }
            + (try addCustodian.map(Files.publicKey))
        let threshold = threshold ?? old.threshold
        var draft = TrustRoot.Draft(
            origin: old.origin, development: old.development || threshold == 1, issuedAt: now,
            expiresAt: until, custodians: custodians, threshold: threshold,
            logKeys: kept(old.logKeys) { (try? VerifierKey($0))?.publicKey?.id }
                + (try addLogKey.map { file in
                    guard let raw = try Files.publicHalf(file).rawEd25519 else {
                        throw CommandError("\(file) is no Ed25519 key.")
                    }
                    let vkey = try VerifierKey(name: name, kind: .ed25519, keyBytes: raw)
                    return .init(vkey.text, from: now, until: until)
                }),
            permitKeys: kept(old.permitKeys, \.id)
                + (try addPermitKey.map {
                    .init(
                        try Files.publicHalf($0), from: now,
                        until: now.adding(seconds: min(days, 90) * 86_400))
                }),
            serviceKeys: kept(old.serviceKeys, \.id)
                + (try addServiceKey.map {
                    .init(try Files.publicHalf($0), from: now, until: until)
                }))
        draft.version = old.version + 1
        draft.witnessPolicy = old.witnessPolicy
        if let witnessPolicy {
            let policy = try Files.read(witnessPolicy, limit: 65_536)
            if !policy.isEmpty { _ = try WitnessPolicy(parsing: policy) }
            draft.witnessPolicy = String(decoding: policy, as: UTF8.self)
        }
        let envelope = Envelope(
            payloadType: TrustRoot.payloadType, payload: draft.payload, signatures: [])
        try Files.create(output, envelope.canonicalBytes)
        Console.hint(
            "\(old.threshold) custodians of version \(old.version) and \(threshold) of version "
                + "\(draft.version) run: imprimatur root sign \(output) --previous \(file) --key …")
        Console.out(envelope.payloadDigest.hex)
    }
}
