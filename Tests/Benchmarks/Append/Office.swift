// Registers people and submits models through the public API, like anybody.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import Schema

/// Somebody with a key, a role and a token.
struct Enrolled: Sendable {
    let principal: PrincipalID
    let key: PrivateKey
    let role: Role
    /// Digest of the role's assignment, which approvals name.
    let assignment: SHA256Digest
    let token: String
}

/// A version, and the artifact that it is.
struct Submitted: Sendable {
    let version: VersionReference
    let artifact: SHA256Digest
}

/// Does what administrators and owners do.
struct Office {
    let wire: Wire
    let origin: String
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

    /// What the service answers.
    func post(
        _ path: String, _ body: JSON, as token: String? = nil, status: Int = 201
    ) throws -> JSON {
        let answer = try wire.exchange(
            Wire.request(
                "POST", path, token: token ?? self.token, body: body.canonicalBytes))
        guard answer.status == status, let result = try JSON(parsing: answer.body)["result"] else {
            let text = String(decoding: answer.body.prefix(2_000), as: UTF8.self)
            throw Failure("POST \(path) was answered by \(answer.status): \(text)")
        }
        return result
    }

    /// What the service shows.
    func get(_ path: String, as token: String) throws -> JSON {
        let answer = try wire.exchange(Wire.request("GET", path, token: token))
        guard answer.status == 200 else {
            let text = String(decoding: answer.body.prefix(2_000), as: UTF8.self)
            throw Failure("GET \(path) was answered by \(answer.status): \(text)")
        }
        return try JSON(parsing: answer.body)
    }

    /// A person with a key, a role, and a token.
    func enrol(_ principal: PrincipalID, _ key: PrivateKey, as role: Role) throws -> Enrolled {
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
        let assigned = try RoleAssignment(
            origin: origin, principal: principal, person: principal, role: role,
            namespace: namespace, credentials: [assignment.payloadDigest], validFrom: from,
            validUntil: until
        ).statement.sign(with: [custodian, administrator])
        _ = try post("/api/v1/principals/\(principal)/roles", ["assignment": assigned.json])
        let issued = try post("/api/v1/principals/\(principal)/tokens", ["days": 30])
        guard let secret = issued["secret"]?.string else { throw Failure("no token was issued") }
        return Enrolled(
            principal: principal, key: key, role: role, assignment: assigned.payloadDigest,
            token: secret)
    }

    /// The first version of a model.
    func submit(_ model: ModelName, by owner: Enrolled) throws -> Submitted {
        let files = ["config.json", "weights.bin"].map { name in
            let bytes = Array("\(model)/\(name)".utf8)
            return FileRecord(path: name, size: Int64(bytes.count), sha256: SHA256.hash(bytes))
        }
        let manifest = try ArtifactManifest(files: files)
        let bundle = try ModelSignature.sign(
            ModelSignature.statement(name: model.name, files: files), with: owner.key)
        let clear = try ModelCard(parsing: card(for: model), schema: schema)
        let places = PersonalFields.exposed(in: clear, schema: schema)
        let (committed, disclosures) = try PersonalFields.commit(
            clear, schema: schema, salts: places.map { _ in Random.bytes(32) })
        let envelope = try CardStatement(
            origin: origin, model: model, artifact: manifest.digest, card: committed
        ).statement.sign(with: [owner.key])
        _ = try post(
            "/api/v1/namespaces/\(model.namespace)/models/\(model.name)/versions",
            [
                "card": envelope.json, "disclosures": .array(disclosures.map(\.json)),
                "files": manifest.json, "signature": .string(Base64.encode(bundle)),
            ], as: owner.token)
        guard let version = VersionReference(model: model, number: 1) else {
            throw Failure("\(model) has no version 1")
        }
        return Submitted(version: version, artifact: manifest.digest)
    }

    /// The example's card under another name.
    func card(for model: ModelName) throws -> JSON {
        guard var members = card.object, var described = members["model"]?.object else {
            throw Failure("the example card names no model")
        }
        described["name"] = .string(model.description)
        members["model"] = .object(described)
        return .object(members)
    }
}
