// `imprimatur root new`: the first trust root, with the keys that it certifies.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands
internal import Registry
internal import TransparencyLog

/// Makes log, service and permit keys and the root that certifies them, for custodians to sign.
struct RootNew: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Make a trust root and the keys it certifies, unsigned.",
        discussion: """
            Custodians then sign it with `imprimatur root sign`; `imprimatur init --root ROOT --keys \
            DIR` takes both. A threshold of one makes a development root. Exit codes: 0 made, 2 not \
            made, 64 usage.
            """)

    @Option(
        help: ArgumentHelp("The folder for log.pem, service.pem, permit.pem.", valueName: "dir"))
    var keys: String

    @Option(help: ArgumentHelp("A custodian's public key; repeat.", valueName: "pem"))
    var custodian: [String]

    @Option(help: "How many custodians must sign together.")
    var threshold: Int

    @Option(help: "The log's origin, such as example.com/log.")
    var origin: String

    @Option(help: "How many days the root is valid.", transform: Parse.days)
    var days: Int64 = 365

    @Option(help: ArgumentHelp("The witness policy (C2SP tlog-policy).", valueName: "file"))
    var witnessPolicy: String?

    @Flag(help: "Certify the keys that are in the folder already; make those that are missing.")
    var existing = false

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("The root to make; never overwritten.", valueName: "file"))
    var output: String

    func validate() throws {
        guard (1...custodian.count).contains(threshold) else {
            throw ValidationError("--threshold is at least 1 and at most the number of custodians.")
        }
        guard KeyName(origin) != nil, origin.utf8.count <= 200 else {
            throw ValidationError("--origin is 1 to 200 bytes without spaces or +.")
        }
    }

    func run() throws {
        let custodians = try custodian.map(Files.publicKey)
        let now = SystemClock.now()
        let until = now.adding(seconds: days * 86_400)
        let policy = try witnessPolicy.map { try Files.read($0, limit: 65_536) } ?? []
        if !policy.isEmpty { _ = try WitnessPolicy(parsing: policy) }
        guard !File.exists(output) else {
            throw CommandError("\(output) exists; nothing was made.")
        }
        guard let name = KeyName(origin) else { return }
        let log = try key("log", .ed25519)
        guard log.algorithm == .ed25519 else {
            throw CommandError("\(path("log")): A log key is Ed25519.")
        }
        let service = try key("service", .ed25519)
        let permit = try key("permit", .ecdsaP256)
        var draft = TrustRoot.Draft(
            origin: origin, development: threshold == 1, issuedAt: now, expiresAt: until,
            custodians: custodians, threshold: threshold,
            logKeys: [
                .init(
                    try NoteSigner(name: name, key: log).verifierKey.text, from: now, until: until)
            ],
            permitKeys: [
                .init(
                    permit.publicKey, from: now,
                    until: now.adding(seconds: min(days, 90) * 86_400))
            ],
            serviceKeys: [.init(service.publicKey, from: now, until: until)])
        draft.witnessPolicy = String(decoding: policy, as: UTF8.self)
        try File.makeFolder(keys)
        for (file, key) in [("log", log), ("service", service), ("permit", permit)]
        where !(existing && File.exists(path(file))) {
            try Files.create(path(file), key.pem(), isSecret: true)
        }
        let envelope = Envelope(
            payloadType: TrustRoot.payloadType, payload: draft.payload, signatures: [])
        try Files.create(output, envelope.canonicalBytes)
        if threshold == 1 {
            Console.warning("a threshold of one makes a development root: checkers refuse it")
        }
        Console.hint("Each custodian runs: imprimatur root sign \(output) --key …")
        Console.out(envelope.payloadDigest.hex)
    }

    private func path(_ name: String) -> String { "\(keys)/\(name).pem" }

    /// The key that is there, in PEM or in a token, or a new one.
    private func key(_ name: String, _ algorithm: KeyAlgorithm) throws -> PrivateKey {
        guard existing, File.exists(path(name)) else { return try PrivateKey.generate(algorithm) }
        return try Files.privateKey(path(name), passphraseFile: nil)
    }
}
