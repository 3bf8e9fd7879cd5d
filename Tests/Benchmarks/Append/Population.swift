// Models and people for a benchmark, brought in through the public API like anybody's.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import Schema

/// People with tokens, each the owner of a model with one submitted version.
struct Population: Sendable {
    /// One of each for every number below this.
    static let count = 64

    /// By person.
    private(set) var principals: [PrincipalID] = []
    private(set) var tokens: [String] = []
    /// By model; version 1 of each.
    private(set) var versions: [VersionReference] = []

    /// The id of a person; numbered, so that pgbench can name the same rows.
    static func principal(_ number: Int) throws -> PrincipalID {
        let text = "p-" + String(number).padded(to: 16, with: "0", leading: true)
        guard let id = PrincipalID(text) else { throw Failure("\(text) is no principal's id") }
        return id
    }

    /// The name of a model.
    static func model(_ number: Int) throws -> ModelName {
        let text = "bench/model-\(number)"
        guard let name = ModelName(text) else { throw Failure("\(text) is no model's name") }
        return name
    }

    /// Registers everybody and submits everything.
    init(_ service: ServiceUnderTest, _ options: Options) throws {
        let office = try Office(service, options)
        for number in 0..<Self.count {
            let principal = try Self.principal(number)
            let key = try PrivateKey.generate(.ecdsaP256)
            let token = try office.enrol(principal, key)
            principals.append(principal)
            tokens.append(token)
            versions.append(try office.submit(Self.model(number), by: key, token))
        }
    }
}

/// Does what administrators and owners do.
private struct Office {
    private let wire: Wire
    private let origin: String
    private let administrator: PrivateKey
    private let custodian: PrivateKey
    private let token: String
    private let schema: JSONSchema
    private let card: JSON

    init(_ service: ServiceUnderTest, _ options: Options) throws {
        let directory = service.directory
        wire = try Wire(port: service.port)
        origin = try StoredSettings.read(File.read(directory.settings, limit: 65_536)).origin
        administrator = try KeyFile.load(directory.credentials + "/administrator.pem")
        custodian = try KeyFile.load(directory.credentials + "/custodian.pem")
        let secret = try File.read(directory.credentials + "/administrator.token", limit: 200)
        token = String(decoding: secret, as: UTF8.self).filter { $0 != "\n" }
        schema = try JSONSchema(loading: Resources.file("docs/reference/model-card.schema.json"))
        card = try StrictYAML.json(
            File.read(options.repository + "/docs/examples/scorecard/card.yaml", limit: 1 << 20))
    }

    private func post(
        _ path: String, _ body: JSON, as token: String? = nil
    ) throws -> JSON {
        let answer = try wire.exchange(
            Wire.request(
                "POST", path, token: token ?? self.token, body: body.canonicalBytes))
        guard answer.status == 201, let result = try JSON(parsing: answer.body)["result"] else {
            let text = String(decoding: answer.body.prefix(2_000), as: UTF8.self)
            throw Failure("POST \(path) was answered by \(answer.status): \(text)")
        }
        return result
    }

    /// A person with a key, the role of an owner, and a token, which is answered.
    func enrol(_ principal: PrincipalID, _ key: PrivateKey) throws -> String {
        let from = Timestamp(milliseconds: Clock.milliseconds - 1000)
        let until = from.adding(seconds: 30 * 86_400)
        let assignment = try KeyAssignment(
            origin: origin, principal: principal, kind: .person, key: key.publicKey,
            validFrom: from, validUntil: until
        ).statement.sign(with: [key, administrator])
        _ = try post(
            "/api/v1/principals",
            ["name": .string("\(principal)"), "person": .null, "assignment": assignment.json])
        guard let namespace = NamespacePattern("bench") else { throw Failure("no namespace") }
        let role = try RoleAssignment(
            origin: origin, principal: principal, person: principal, role: .owner,
            namespace: namespace, credentials: [assignment.payloadDigest], validFrom: from,
            validUntil: until
        ).statement.sign(with: [custodian, administrator])
        _ = try post("/api/v1/principals/\(principal)/roles", ["assignment": role.json])
        let issued = try post("/api/v1/principals/\(principal)/tokens", ["days": 30])
        guard let secret = issued["secret"]?.string else { throw Failure("no token was issued") }
        return secret
    }

    /// The first version of a model.
    func submit(
        _ model: ModelName, by key: PrivateKey, _ token: String
    ) throws -> VersionReference {
        let files = ["config.json", "weights.bin"].map { name in
            let bytes = Array("\(model)/\(name)".utf8)
            return FileRecord(path: name, size: Int64(bytes.count), sha256: SHA256.hash(bytes))
        }
        let manifest = try ArtifactManifest(files: files)
        let bundle = try ModelSignature.sign(
            ModelSignature.statement(name: model.name, files: files), with: key)
        let clear = try ModelCard(parsing: card(for: model), schema: schema)
        let places = PersonalFields.exposed(in: clear, schema: schema)
        let (committed, disclosures) = try PersonalFields.commit(
            clear, schema: schema, salts: places.map { _ in Random.bytes(32) })
        let envelope = try CardStatement(
            origin: origin, model: model, artifact: manifest.digest, card: committed
        ).statement.sign(with: [key])
        _ = try post(
            "/api/v1/namespaces/\(model.namespace)/models/\(model.name)/versions",
            [
                "card": envelope.json, "disclosures": .array(disclosures.map(\.json)),
                "files": manifest.json, "signature": .string(Base64.encode(bundle)),
            ], as: token)
        guard let version = VersionReference(model: model, number: 1) else {
            throw Failure("\(model) has no version 1")
        }
        return version
    }

    /// The example's card under another name.
    private func card(for model: ModelName) throws -> JSON {
        guard var members = card.object, var described = members["model"]?.object else {
            throw Failure("the example card names no model")
        }
        described["name"] = .string(model.description)
        members["model"] = .object(described)
        return .object(members)
    }
}
