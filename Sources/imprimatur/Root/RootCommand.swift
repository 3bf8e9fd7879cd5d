// `imprimatur root`: trust roots, made and signed away from the service.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// The commands about trust roots.
struct RootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "root", abstract: "Make, sign, show and install trust roots.",
        subcommands: [
            RootNew.self, RootRenew.self, RootSign.self, RootShow.self, RootInstall.self,
        ])
}

/// Signs a root as a custodian.
struct RootSign: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign", abstract: "Sign a trust root as one of its custodians.",
        discussion: """
            Exit codes: 0 signed, 1 the key is none of its custodians', 2 not signed, 64 usage.
            """)

    @Argument(help: "The trust root; the signature is added in place.")
    var file: String

    @Option(
        help: ArgumentHelp("The root before it, whose custodians sign too.", valueName: "file"))
    var previous: String?

    @OptionGroup var key: SigningKey

    func run() throws {
        let envelope = try Files.envelope(file)
        guard envelope.payloadType == TrustRoot.payloadType else {
            throw CommandError("\(file) is no trust root.")
        }
        let key = try key.load()
        let payload = try JSON(parsing: envelope.payload, limits: .own)
        let spki = Base64.encode(key.publicKey.spki)
        let before = try previous.map(Files.root)
        let custodians = payload["custodians"]?["keys"]?.array ?? []
        guard
            custodians.contains(where: { $0["spki"]?.string == spki })
                || before?.custodians.contains(key.publicKey) == true
        else {
            throw CommandError(
                "The key \(key.publicKey.id) is none of the custodians of \(file).", code: .no)
        }
        guard envelope.verify(with: [key.publicKey]).isEmpty else {
            Console.warning("this key has signed the root already; nothing was added")
            return
        }
        try EnvelopeText.show(envelope)
        let signed = try envelope.adding(signatureBy: key)
        try Files.write(file, signed.canonicalBytes)
        do {
            let root = try TrustRoot.verify(signed, succeeding: before)
            Console.out("complete: \(root.digest)")
        } catch {
            Console.note("not complete yet: \(error.problems.joined(separator: "; "))")
            Console.out("incomplete: \(signed.payloadDigest)")
        }
    }
}

/// Shows a root and whether enough custodians have signed it.
struct RootShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a trust root and check its signatures.",
        discussion: """
            Whether it is the right one only its digest can tell: compare it with the custodians'. \
            Exit codes: 0 its custodians signed it, 1 not, 2 cannot be read, 64 usage.
            """)

    @Argument(help: "The trust root.")
    var file: String

    @OptionGroup var format: Format

    func run() throws {
        let envelope = try Files.envelope(file)
        let payload = try JSON(parsing: envelope.payload, limits: .own)
        var problems: [String] = []
        var root: TrustRoot?
        do {
            root = try TrustRoot.verify(envelope)
            if let root, root.expiresAt < SystemClock.now() {
                problems.append("it expired at \(root.expiresAt)")
            }
        } catch {
            problems = error.problems
        }
        if format.json {
            Console.out([
                "valid": .bool(problems.isEmpty), "digest": .string(envelope.payloadDigest.hex),
                "root": payload, "problems": .array(problems.map(JSON.string)),
            ])
        } else {
            if let root { Console.out(describe(root)) } else { Console.out(payload) }
            for problem in problems { Console.error(problem) }
        }
        guard problems.isEmpty else { throw ExitCode.no }
    }

    private func describe(_ root: TrustRoot) -> String {
        var lines = [
            "origin      \(root.origin)", "version     \(root.version)",
            "digest      \(root.digest)",
            "development \(root.development ? "yes: not to be relied on" : "no")",
            "issued      \(root.issuedAt)", "expires     \(root.expiresAt)",
            "custodians  \(root.threshold) of \(root.custodians.count)",
        ]
        lines += root.custodians.map { "  \($0.id)  \($0.algorithm.rawValue)" }
        lines += root.logKeys.map { "log key     \($0.key)  until \($0.until)" }
        lines += root.permitKeys.map { "permit key  \($0.key.id)  until \($0.until)" }
        lines += root.serviceKeys.map { "service key \($0.key.id)  until \($0.until)" }
        lines += root.witnessPolicy.split(separator: "\n").map { "witnesses   \($0)" }
        return lines.joined(separator: "\n")
    }
}
