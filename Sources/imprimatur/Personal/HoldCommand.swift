// `imprimatur hold`: what must not be erased or disposed of.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Governance
internal import OfflineCommands

/// The commands about holds.
struct HoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "Place and release holds; list them.",
        subcommands: [HoldPlace.self, HoldRelease.self, HoldList.self])
}

/// Places a hold.
struct HoldPlace: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "place", abstract: "Keep everything about a version or a person.",
        discussion: """
            A compliance officer of the namespace suffices. Nothing held is erased or disposed of, \
            and a held version gets no new permit. Exit codes: 0 placed, 1 refused, 2 could not be \
            asked, 64 usage, 75 receipt to come.
            """)

    @Argument(help: "version/ns/name@n or principal/p-….", transform: Parse.scope)
    var scope: HoldScope

    @Option(
        help: "For which namespace; a version's own unless given.", transform: Parse.namespace)
    var namespace: Namespace?

    @Option(help: "Why; in the log for ever, so without personal data.")
    var reason: String

    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func validate() throws {
        if case .principal = scope, namespace == nil {
            throw ValidationError("A hold on a principal needs --namespace.")
        }
    }

    func run() async throws {
        var named = namespace
        if case .version(let version) = scope { named = named ?? version.model.namespace }
        let answer = try await service.client().write(
            "/api/v1/holds",
            [
                "scope": .string(scope.description),
                "namespace": .string(named?.description ?? ""), "reason": .string(reason),
            ], key: retry.key)
        try answer.finish(answer.result["hold"]?.string ?? "", json: format.json)
    }
}

/// Releases a hold.
struct HoldRelease: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "End a hold by a statement that two people sign.",
        discussion: """
            --inside is a compliance officer of the hold's namespace, --outside a compliance, risk \
            or privacy officer who holds no role in it. Where their keys are not in one hand: -o, \
            `statement sign`, --statement. Exit codes: 0 released, 1 refused, 2 could not be asked, \
            64 usage, 75 receipt to come.
            """)

    @Argument(help: "The hold's id, h-….")
    var hold: String

    @Option(help: "The compliance officer of the namespace, p-….", transform: Parse.principal)
    var inside: PrincipalID?

    @Option(help: "The officer from outside, p-….", transform: Parse.principal)
    var outside: PrincipalID?

    @OptionGroup var sending: SignedByTwo
    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func validate() throws {
        try sending.requireEither([inside, outside], named: "--inside and --outside")
    }

    func run() async throws {
        let client = try service.client()
        let envelope = try await self.envelope(client)
        guard try !sending.write(envelope) else { return }
        let answer = try await client.write(
            "/api/v1/holds/\(hold)/release", ["statement": envelope.json], key: retry.key)
        try answer.finish("released \(hold)", json: format.json)
    }

    private func envelope(_ client: ServiceClient) async throws -> Envelope {
        guard let reason = sending.reason, let inside, let outside else {
            return try sending.read()
        }
        let json = try await client.get("/api/v1/holds").json()
        guard let found = (json["holds"]?.array ?? []).first(where: { $0["hold"]?.string == hold }),
            let scope = found["scope"]?.string.flatMap({ HoldScope($0) }),
            let namespace = found["namespace"]?.string.flatMap({ Namespace($0) })
        else { throw CommandError("The service lists no hold \(hold).", code: .no) }
        let now = SystemClock.now()
        let release = Governance.HoldRelease(
            origin: try await Who(asking: client).origin, hold: hold, scope: scope,
            namespace: namespace, reason: reason,
            inside: try await client.officer(inside, as: [.complianceOfficer]) {
                $0.matches(namespace)
            },
            outside: try await client.officer(
                outside, as: Governance.HoldRelease.outsideRoles
            ) { !$0.matches(namespace) },
            signedAt: now, expiresAt: sending.expiry(from: now))
        return try sending.sign(release.statement)
    }
}

/// Lists holds.
struct HoldList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List holds, released ones included, newest first.",
        discussion: "Exit codes: 0 listed, 2 could not be asked, 64 usage.")

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func run() async throws {
        let json = try await service.client().get("/api/v1/holds").json()
        guard !format.json else { return Console.out(json) }
        for hold in json["holds"]?.array ?? [] {
            func text(_ name: String) -> String { hold[name]?.string ?? "" }
            let end = hold["releasedAt"]?.string.map { "released \($0)" } ?? "in force"
            Console.out("\(text("hold"))  \(text("scope"))  \(text("placedAt"))  \(end)")
        }
    }
}
