// `imprimatur import legacy`: two officers bring in models that run already.

internal import ArgumentParser
internal import Artifacts
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// Brings in what was there before.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Bring in models that run already.",
        subcommands: [ImportLegacy.self])
}

/// Signs a list of models that run already, and sends it.
struct ImportLegacy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "legacy",
        abstract: "Put on record models that run and that nobody approved, each due by a date.",
        discussion: """
            LIST is JSON, {"items":[{"model":"ns/name","environment":"production","path":"models/name"}]}; \
            the bytes at `path`, relative to the list, are hashed here, or `artifact` states their digest; \
            `dueAt` overrides --due. A compliance officer and a risk officer or validator sign it. Exit \
            codes: 0 recorded, 1 refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @Argument(help: "What runs already.")
    var list: String?

    @Option(help: "The models' namespace.", transform: Parse.namespace)
    var namespace: Namespace?

    @Option(help: "By when each has to be approved or gone.", transform: Parse.time)
    var due: Timestamp?

    @Option(help: "The compliance officer.", transform: Parse.principal)
    var complianceOfficer: PrincipalID?

    @Option(help: "A risk officer or validator.", transform: Parse.principal)
    var secondOfficer: PrincipalID?

    @OptionGroup var sending: SignedByTwo
    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func validate() throws {
        try sending.requireEither(
            [complianceOfficer, secondOfficer],
            named: "--compliance-officer and --second-officer")
        guard (list != nil && namespace != nil) == (sending.statement == nil) else {
            throw ValidationError("Give LIST and --namespace, or --statement.")
        }
    }

    func run() async throws {
        let client = try service.client()
        let envelope = try await envelope(client)
        guard try !sending.write(envelope) else { return }
        let answer = try await client.write(
            "/api/v1/legacy-imports", ["statement": envelope.json], key: retry.key)
        try answer.finish("imported as legacy: \(envelope.payloadDigest)", json: format.json)
    }

    private func envelope(_ client: ServiceClient) async throws -> Envelope {
        guard let list, let namespace, let reason = sending.reason, let complianceOfficer,
            let secondOfficer
        else { return try sending.read() }
        let now = SystemClock.now()
        let imported = LegacyImport(
            origin: try await Who(asking: client).origin, namespace: namespace, reason: reason,
            items: try items(list),
            complianceOfficer: try await client.officer(
                complianceOfficer, as: [.complianceOfficer]
            ) { $0.matches(namespace) },
            secondOfficer: try await client.officer(
                secondOfficer, as: LegacyImport.secondRoles
            ) { $0.matches(namespace) },
            signedAt: now, expiresAt: sending.expiry(from: now))
        // What the service would refuse is told before anybody signs.
        _ = try LegacyImport(reading: imported.statement)
        return try sending.sign(imported.statement)
    }

    private func items(_ path: String) throws -> [LegacyImport.Item] {
        let folder = path.utf8.lastIndex(of: 0x2F).map { String(path[..<$0]) + "/" } ?? ""
        let listed = try Files.naming(path) {
            let json = try JSON(
                parsing: Files.read(path, limit: 1 << 20),
                limits: JSON.Limits(bytes: 1 << 20, depth: 8, integersOnly: true))
            return try JSONReader.decode(json) { reader -> [Listed] in
                reader.array("items", count: 1...LegacyImport.mostItems) { item in
                    item.object { self.listed($0) }
                }
            }
        }
        return try listed.map { listed in
            let artifact: SHA256Digest
            switch listed.bytes {
            case .digest(let digest): artifact = digest
            case .path(let place):
                let isAbsolute = place.utf8.first == 0x2F
                Console.progress("hashing \(place)")
                artifact = try ArtifactScan.scan(isAbsolute ? place : folder + place).digest
                Console.endProgress()
            }
            return LegacyImport.Item(
                model: listed.model, artifact: artifact, environment: listed.environment,
                dueAt: listed.dueAt)
        }
    }

    private struct Listed {
        enum Bytes {
            case digest(SHA256Digest)
            case path(String)
        }

        let model: ModelName
        let environment: EnvironmentName
        let bytes: Bytes
        let dueAt: Timestamp
    }

    private func listed(_ reader: JSONReader) -> Listed? {
        let model = reader.parsed("model", as: "namespace/name") { ModelName($0) }
        let environment = reader.parsed("environment", as: "the name of an environment") {
            EnvironmentName($0)
        }
        let path = reader.optional("path") { $0.string(length: 1...4_096) }
        let digest = reader.optional("artifact") { digest in
            digest.parsed(as: "64 lowercase hex digits") { SHA256Digest(hex: $0) }
        }
        let stated = reader.optional("dueAt") { time in
            time.parsed(as: "a time like 2026-01-01T00:00:00.000Z") { Timestamp($0) }
        }
        if (path == nil) == (digest == nil) {
            reader.refuse(JSONFinding.Code.value, "State a path or an artifact.")
        }
        if stated == nil, due == nil {
            reader.refuse(JSONFinding.Code.missing, "State dueAt, or give --due.")
        }
        guard let model, let environment, let dueAt = stated ?? due,
            let bytes = digest.map(Listed.Bytes.digest) ?? path.map(Listed.Bytes.path)
        else { return nil }
        return Listed(model: model, environment: environment, bytes: bytes, dueAt: dueAt)
    }
}
