// What is remembered of documents is what stays true of them, under all that it depends on.

import Attestation
import CanonicalJSON
import Cryptography
import Fairness
import Governance
import Testing
import TransparencyLog

@testable import Registry

@Suite struct `What gates remember of documents` {
    private let owner: PrivateKey
    private let issued: Timestamp

    init() throws {
        owner = try PrivateKey.generate(.ecdsaP256)
        issued = try #require(Timestamp("2026-11-21T08:00:00.000Z"))
    }

    /// The identities of a log whose only known keys are its custodians'.
    private func identities(_ custodians: [PrivateKey]) throws -> IdentityBook {
        let until = issued.adding(seconds: 86_400)
        let name = try #require(KeyName("example.com/log"))
        let log = try NoteSigner(name: name, key: .generate(.ed25519)).verifierKey.text
        let permit = try PrivateKey.generate(.ecdsaP256)
        let service = try PrivateKey.generate(.ed25519)
        let draft = TrustRoot.Draft(
            origin: "example.com/log", development: true, issuedAt: issued, expiresAt: until,
            custodians: custodians.map(\.publicKey), threshold: 1,
            logKeys: [.init(log, from: issued, until: until)],
            permitKeys: [.init(permit.publicKey, from: issued, until: until)],
            serviceKeys: [.init(service.publicKey, from: issued, until: until)])
        return IdentityBook(
            root: try TrustRoot.verify(
                Envelope.sign(draft.payload, type: TrustRoot.payloadType, with: custodians)))
    }

    @Test func `is no signature that did not hold yet: a key learnt later counts`() throws {
        let cache = DocumentCache()
        let other = try PrivateKey.generate(.ecdsaP256)
        let envelope = try Statement(
            subjects: [.init(name: "x", sha256: SHA256.hash("x"))],
            predicateType: "https://example.com/x", predicate: ["x": 1]
        ).sign(with: [owner, other])
        let document = SHA256.hash(envelope.canonicalBytes)
        func signers(_ known: [PrivateKey]) throws -> Set<KeyID> {
            try cache.signers(of: envelope, document: document, identities(known))
        }
        let (one, both) = (Set([owner.publicKey.id]), Set([owner, other].map(\.publicKey.id)))
        #expect(try signers([PrivateKey.generate(.ecdsaP256)]) == [])
        #expect(try signers([owner]) == one)
        #expect(try signers([owner, other]) == both)
        // All hold: what is true of these bytes stays true, whoever asks.
        #expect(try signers([PrivateKey.generate(.ecdsaP256)]) == both)
    }

    @Test func `is a signature that can never hold: its key is known, and has not made it`() throws
    {
        let cache = DocumentCache()
        let other = try PrivateKey.generate(.ecdsaP256)
        let envelope = try Statement(
            subjects: [.init(name: "x", sha256: SHA256.hash("x"))],
            predicateType: "https://example.com/x", predicate: ["x": 1]
        ).sign(with: [owner])
        let bad = Envelope.Signature(keyID: other.publicKey.id.hex, bytes: [1, 2, 3])
        let mixed = envelope.adding(bad)
        let document = SHA256.hash(mixed.canonicalBytes)
        func signers(_ known: [PrivateKey]) throws -> Set<KeyID> {
            try cache.signers(of: mixed, document: document, identities(known))
        }
        #expect(try signers([other]) == [])
        #expect(try signers([owner, other]) == [owner.publicKey.id])
        // Both keys were known: that is final, and nobody has to verify it again.
        #expect(try signers([other]) == [owner.publicKey.id])
    }

    @Test func `are imports of legacy, read once by the digest of their bytes`() throws {
        let cache = DocumentCache()
        let namespace = try #require(Namespace("credit"))
        let officer = SigningOfficer(
            principal: try #require(PrincipalID("p-0000000000000001")), role: .complianceOfficer,
            assignment: .zero)
        let second = SigningOfficer(
            principal: try #require(PrincipalID("p-0000000000000002")), role: .riskOfficer,
            assignment: .zero)
        let item = LegacyImport.Item(
            model: try #require(ModelName("credit/old")), artifact: SHA256.hash("old"),
            environment: try #require(EnvironmentName("production")),
            dueAt: issued.adding(seconds: 86_400))
        let bytes = try LegacyImport(
            origin: "example.com/log", namespace: namespace, reason: "ran before", items: [item],
            complianceOfficer: officer, secondOfficer: second, signedAt: issued,
            expiresAt: issued.adding(seconds: 3_600)
        ).statement.sign(with: [owner]).canonicalBytes
        let digest = SHA256.hash(bytes)
        #expect(cache.legacyImport(StoredDocument([], digest: digest)) == nil)
        #expect(cache.legacyImport(StoredDocument(bytes, digest: digest))?.imported.items == [item])
        // Bytes are not looked at again under a digest that is known.
        #expect(cache.legacyImport(StoredDocument([], digest: digest))?.imported.items == [item])
    }

    @Test func `are measures under the pack and the tier that demanded them`() throws {
        let cache = DocumentCache()
        func cell(_ age: String, _ positives: Int64) -> FairnessCell {
            FairnessCell(
                values: [age],
                counts: ConfusionCounts(
                    truePositives: positives, falsePositives: 10,
                    falseNegatives: 50 - positives, trueNegatives: 40))
        }
        let predicate = FairnessPredicate(
            origin: "example.com/log", dataset: SHA256.hash("data"), datasetName: "p.csv",
            columns: PredictionColumns(
                label: "label", prediction: "prediction", groups: ["age"], positive: "1"),
            toolName: "imprimatur", toolVersion: "test",
            evaluation: FairnessEvaluation(
                FairnessCounts(columns: ["age"], cells: [cell("old", 48), cell("young", 40)]),
                FairnessParameters(minimumGroupSize: 30, minimumDenominator: 1)),
            evaluatedAt: issued)
        let document = StoredDocument(Array("an evaluation".utf8))
        let files = try TestService.packFiles([:])
        let shipped = try PolicyPack.parse(files)
        let file = try #require(files.first { $0.path == "evaluations.yaml" })
        let text = String(decoding: file.bytes, as: UTF8.self).replacing(
            "minimum_group_size: 30", with: "minimum_group_size: 1000")
        let strict = try PolicyPack.parse(TestService.packFiles(["evaluations.yaml": text]))
        var all: Set<[MeasureFact]> = []
        let cases: [(PolicyPack, Tier)] = [(shipped, .high), (strict, .high), (shipped, .limited)]
        for (pack, tier) in cases {
            let right = MeasureFact.facts(of: predicate.evaluation, for: pack.fairness(in: tier))
            #expect(cache.measures(document, predicate, pack, tier) == right)
            // And again, from memory.
            #expect(cache.measures(document, predicate, pack, tier) == right)
            all.insert(right)
        }
        #expect(all.count == 3)
    }

    @Test func `is an artifact's signature by its own key, over its own files`() throws {
        let cache = DocumentCache()
        let other = try PrivateKey.generate(.ecdsaP256)
        let manifest = try ArtifactManifest(files: TestService.files("one"))
        let bundle = try ModelSignature.sign(
            ModelSignature.statement(name: "scorecard", files: manifest.files), with: owner)
        #expect(cache.findings(of: bundle, by: owner.publicKey, over: manifest) == [])
        #expect(cache.findings(of: bundle, by: other.publicKey, over: manifest) != [])
        let altered = try ArtifactManifest(files: TestService.files("two"))
        #expect(cache.findings(of: bundle, by: owner.publicKey, over: altered) != [])
        #expect(cache.findings(of: bundle, by: owner.publicKey, over: manifest) == [])
    }
}
