// A whole small world in which a permit can be right, or wrong in exactly one way.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import TransparencyLog

/// Makes permits with their log entry, receipt and root; each part can be falsified.
struct PermitForge {
    var origin = "example.com/log"
    let custodian: PrivateKey
    let second: PrivateKey
    let log: PrivateKey
    let service: PrivateKey
    let permit: PrivateKey
    let manifest: ArtifactManifest
    /// When everything happens.
    let now: Timestamp

    /// Who signs what; another key than the certified one is a forgery.
    var permitSigner: PrivateKey
    var entrySigner: PrivateKey
    var logSigner: PrivateKey
    var version: String = "credit/scorecard@1"
    var environment = "production"
    var target = ""
    var use: String?
    var rootDigest: SHA256Digest?
    /// What the log entry says, when it is to disagree with the permit.
    var entryEnvironment = "production"
    var entryVerdict = Verdict.allow
    var entryUse: String?
    var entryDeployment = "d-0123456789abcdef"
    var entryArtifact: SHA256Digest?
    var entryPermit: SHA256Digest?
    var isEntryInTree = true
    /// What the permit is for, and what the entry says that it is for.
    var kind = Permit.Kind.deploy
    var entryKind = Permit.Kind.deploy
    var startsIn: Int64 = -60
    var development = false
    var rootIsExpired = false

    init(_ manifest: ArtifactManifest, now: Timestamp) throws {
        self.manifest = manifest
        self.now = now
        custodian = try .generate(.ecdsaP256)
        second = try .generate(.ecdsaP256)
        log = try .generate(.ed25519)
        service = try .generate(.ed25519)
        permit = try .generate(.ecdsaP256)
        (permitSigner, entrySigner, logSigner) = (permit, service, log)
    }

    private static func make<T>(_ value: T?) throws -> T {
        guard let value else { throw ProgramError("the forge is given nonsense") }
        return value
    }

    /// The root's envelope; of two custodians unless it is a development root.
    func root() throws -> Envelope {
        let (from, until) = (now.adding(seconds: -86_400), now.adding(seconds: 86_400))
        let name = try Self.make(KeyName(origin))
        let draft = TrustRoot.Draft(
            origin: origin, development: development, issuedAt: from,
            expiresAt: rootIsExpired ? now.adding(seconds: -10) : until,
            custodians: [custodian.publicKey, second.publicKey], threshold: development ? 1 : 2,
            logKeys: [
                .init(
                    try NoteSigner(name: name, key: log).verifierKey.text, from: from, until: until)
            ],
            permitKeys: [.init(permit.publicKey, from: from, until: until)],
            serviceKeys: [.init(service.publicKey, from: from, until: until)])
        return try Envelope.sign(
            draft.payload, type: TrustRoot.payloadType, with: [custodian, second])
    }

    /// The permit's own envelope.
    func envelope() throws -> Envelope {
        let start = now.adding(seconds: startsIn)
        let digest = SHA256.hash("something")
        return try Permit(
            origin: origin, model: version, environment: environment, target: target,
            use: use ?? "", kind: kind, deployment: "d-0123456789abcdef",
            notBefore: start.description, notAfter: start.adding(seconds: 900).description,
            nonce: String(repeating: "0a", count: 16), manifest: manifest, decision: digest,
            root: .init(version: 1, digest: try rootDigest ?? self.root().payloadDigest),
            development: development, verifierID: "imprimatur:\(origin)",
            timeVerified: start.description,
            policy: .init(uri: "imprimatur:policy/p@1", sha256: digest), inputs: [],
            verifiedLevels: []
        ).statement().sign(with: [permitSigner])
    }

    /// The stored bytes of the log entry about it.
    func entry(for permit: Envelope) throws -> [UInt8] {
        let digest = SHA256.hash("something")
        let event = DeploymentDecided(
            version: try Self.make(VersionReference("credit/scorecard@1")),
            environment: try Self.make(EnvironmentName(entryEnvironment)), target: target,
            use: UseName(entryUse ?? use ?? ""), verdict: entryVerdict,
            artifact: entryArtifact ?? manifest.digest, decision: digest, facts: digest,
            trustRoot: try root().payloadDigest, trustRootVersion: 1,
            deployment: entryDeployment, permit: entryPermit ?? permit.payloadDigest,
            permitDocument: digest, notAfter: now.adding(seconds: startsIn + 900))
        return try entry(
            entryKind == .deploy ? .deploymentDecided(event) : .runDecided(RunDecided(event)),
            at: now)
    }

    /// The stored bytes of an entry.
    private func entry(_ event: Event, at time: Timestamp) throws -> [UInt8] {
        let entry = Entry(
            actor: nil, configuration: nil, documents: [SHA256.hash("something")],
            idempotency: nil, event: event, origin: origin, policy: nil, request: "test",
            subjects: ["version/credit/scorecard@1": .init(seq: 2, wrote: true)], time: time)
        return try SignedEntry.sign([entry.canonicalBytes], with: entrySigner)[0]
    }

    /// A status list in its bundle, issued some seconds ago.
    func statusList(
        versions: [String: StatusList.Status] = [:], deployments: [String: StatusList.Status] = [:],
        age: Int64 = 10, lifetime: Int64 = 86_400, entryAge: Int64? = nil,
        named: SHA256Digest? = nil
    ) throws -> SigstoreBundle {
        let issuedAt = now.adding(seconds: -age)
        let validUntil = issuedAt.adding(seconds: lifetime)
        let list = StatusList(
            origin: origin, issuedAt: issuedAt.description, validUntil: validUntil.description,
            size: 1, development: development,
            root: .init(version: 1, digest: try root().payloadDigest), versions: versions,
            deployments: deployments)
        let envelope = try list.statement().sign(with: [permitSigner])
        let event = StatusListed(
            list: named ?? envelope.payloadDigest, document: SHA256.hash("document"),
            content: SHA256.hash(list.content.canonicalBytes), validUntil: validUntil)
        return try bundle(
            envelope, entry(.statusListed(event), at: now.adding(seconds: -(entryAge ?? age))))
    }

    /// The receipt of an entry: the second of two leaves.
    func receipt(for entry: [UInt8]) throws -> LogProof {
        let first = MerkleTree.leafHash(of: Array("first".utf8))
        let leaf = MerkleTree.leafHash(of: isEntryInTree ? entry : Array("another".utf8))
        let head = try Checkpoint(
            origin: origin, size: 2, root: MerkleTree.root(of: [first, leaf]))
        let name = try Self.make(KeyName(origin))
        return try LogProof(
            index: 1, hashes: [first],
            checkpoint: head.signed(by: [NoteSigner(name: name, key: logSigner)]))
    }

    /// The bundle as the service hands it out.
    func bundle() throws -> SigstoreBundle {
        let envelope = try envelope()
        return try bundle(envelope, entry(for: envelope))
    }

    private func bundle(_ envelope: Envelope, _ entry: [UInt8]) throws -> SigstoreBundle {
        let receipt = try receipt(for: entry)
        let head = try Checkpoint(parsing: receipt.checkpoint.text)
        let proof = InclusionProof(index: 1, treeSize: 2, hashes: receipt.hashes)
        return SigstoreBundle(
            envelope: envelope, key: permit.publicKey,
            logEntries: [
                TransparencyLogEntry(
                    logIndex: 1, logKeyID: [0], kind: "imprimatur", version: "1",
                    integratedTimeSeconds: nil,
                    inclusionProof: .init(
                        proof: proof, rootHash: head.root,
                        checkpoint: String(decoding: receipt.checkpoint.bytes, as: UTF8.self)),
                    canonicalizedBody: entry)
            ])
    }

    /// The answer to a deployment as the service writes it.
    func answer() throws -> JSON {
        let bundle = try bundle()
        let body = bundle.logEntries[0].canonicalizedBody
        let receipt = try receipt(for: body)
        return [
            "decision": ["verdict": "allow", "rules": [], "missing": []], "permit": bundle.json,
            "deployment": "d-0123456789abcdef",
            "entry": [
                "kind": "deployment.decided", "time": .string(now.description),
                "leafHash": .string(MerkleTree.leafHash(of: body).hex), "index": 1,
            ],
            "entryBytes": .string(Base64.encode(body)),
            "receipt": .string(String(decoding: receipt.bytes, as: UTF8.self)),
            "receiptURL": "/api/v1/entries/x/receipt", "replayed": false, "result": [:],
        ]
    }

    /// The answer to a dry run as the service writes it.
    func answerToQuestion() throws -> JSON {
        let decision: JSON = ["verdict": "allow", "rules": [], "missing": []]
        let asked = GateAsked(
            gate: .deploy, version: try Self.make(VersionReference("credit/scorecard@1")),
            environment: try Self.make(EnvironmentName(entryEnvironment)), target: target, use: nil,
            verdict: entryVerdict, artifact: manifest.digest,
            decision: SHA256.hash(decision.canonicalBytes), facts: SHA256.hash("facts"))
        let body = try entry(.gateAsked(asked), at: now)
        return [
            "decision": decision, "permit": .null, "deployment": .null,
            "entry": [
                "kind": "gate.asked", "time": .string(now.description),
                "leafHash": .string(MerkleTree.leafHash(of: body).hex), "index": .null,
            ],
            "entryBytes": .string(Base64.encode(body)), "receipt": .null,
            "receiptURL": "/api/v1/entries/x/receipt", "replayed": false, "result": [:],
        ]
    }
}
