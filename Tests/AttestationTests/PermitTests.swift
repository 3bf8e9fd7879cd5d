import CanonicalJSON
import Cryptography
import Testing

@testable import Attestation

@Suite struct `A permit` {
    static let noon = "2026-11-21T12:00:00.000Z"

    static let root = Permit.Root(version: 2, digest: SHA256.hash("root"))

    static func example(
        development: Bool = false, target: String = "", use: String = ""
    ) throws -> Permit {
        Permit(
            origin: "log.example/imprimatur", model: "credit/scorecard@3",
            environment: "production", target: target, use: use, kind: .deploy,
            deployment: "d-0a", notBefore: "2026-11-21T11:59:00.000Z",
            notAfter: "2026-11-21T12:05:00.000Z",
            nonce: String(repeating: "ab", count: 16),
            manifest: try ArtifactManifest(files: [record("m.bin", "1"), record("e", "")]),
            decision: SHA256.hash("decision"), root: root, development: development,
            verifierID: "https://imprimatur.dev/gate", timeVerified: "2026-11-21T11:59:00.000Z",
            policy: .init(uri: "imprimatur:policy", sha256: SHA256.hash("pack")),
            inputs: [.init(uri: "imprimatur:statement", sha256: SHA256.hash("card"))],
            verifiedLevels: ["IMPRIMATUR_APPROVED"])
    }

    static func expectation(of permit: Permit) -> PermitExpectation {
        PermitExpectation(
            artifact: permit.manifest.digest, origin: permit.origin, model: permit.model,
            environment: permit.environment, target: permit.target, deployment: "d-0a",
            root: root, kind: .deploy)
    }

    @Test func `is believed from a permit key, for these bytes, in its time`() throws {
        let key = try PrivateKey.generate(.ecdsaP256)
        let permit = try Self.example()
        let envelope = try permit.statement().sign(with: [key])
        let verdict = Permit.verify(
            try Envelope(parsing: envelope.canonicalBytes), keys: [key.publicKey],
            expecting: Self.expectation(of: permit), now: Self.noon)
        #expect(verdict.findings == [])
        #expect(verdict.verified?.permit == permit)
        #expect(verdict.verified?.signer == key.publicKey.id)
        #expect(verdict.verified?.payloadDigest == envelope.payloadDigest)
    }

    @Test(
        arguments: [
            ("2026-11-21T11:58:59.999Z", [AttestationFinding.Code.notYetValid]),
            ("2026-11-21T11:59:00.000Z", []),
            ("2026-11-21T12:04:59.999Z", []),
            ("2026-11-21T12:05:00.000Z", [.expired]),
            ("noon", [.malformed]),
            ("2026-11-21T12:00:00Z", [.malformed]),
        ])
    func `holds from its first moment up to its last`(
        now: String, codes: [AttestationFinding.Code]
    ) throws {
        let key = try PrivateKey.generate(.ed25519)
        let permit = try Self.example()
        let verdict = Permit.verify(
            try permit.statement().sign(with: [key]), keys: [key.publicKey],
            expecting: Self.expectation(of: permit), now: now)
        #expect(verdict.findings.codes == codes)
        #expect(verdict.isValid == codes.isEmpty)
    }

    @Test func `is refused for everything else, with all reasons`() throws {
        let key = try PrivateKey.generate(.ed25519)
        let permit = try Self.example(development: true, target: "eu-1", use: "credit")
        let verdict = Permit.verify(
            try permit.statement().sign(with: [key]), keys: [key.publicKey],
            expecting: PermitExpectation(
                artifact: SHA256.hash("other"), origin: "o", model: "credit/scorecard@2",
                environment: "staging", target: "eu-2", use: "fraud", deployment: "d-0b",
                root: .init(version: 2, digest: SHA256.hash("another")), kind: .run),
            now: Self.noon)
        #expect(
            verdict.findings.codes == [
                .artifactMismatch, .originMismatch, .modelMismatch, .environmentMismatch,
                .targetMismatch, .useMismatch, .deploymentMismatch, .kindMismatch, .rootMismatch,
                .development,
            ])
        #expect(verdict.claimed == permit)
        #expect(verdict.verified == nil)
    }

    @Test(
        arguments: [
            ("", "", true), ("eu-1", "eu-1", true), ("eu-1", "", false), ("", "eu-1", false),
            ("eu-1", "eu-2", false),
        ])
    func `is for exactly its target`(permitted: String, asked: String, holds: Bool) throws {
        let key = try PrivateKey.generate(.ed25519)
        let permit = try Self.example(target: permitted)
        var expectation = Self.expectation(of: permit)
        expectation.target = asked
        let verdict = Permit.verify(
            try permit.statement().sign(with: [key]), keys: [key.publicKey],
            expecting: expectation, now: Self.noon)
        #expect(verdict.findings.codes == (holds ? [] : [.targetMismatch]))
    }

    @Test(
        arguments: [
            (2, "root", true), (3, "rotated", true), (1, "older", false), (2, "forked", false),
        ])
    func `holds under its own trust root and under later ones`(
        version: Int64, root: String, holds: Bool
    ) throws {
        let key = try PrivateKey.generate(.ed25519)
        let permit = try Self.example()
        var expectation = Self.expectation(of: permit)
        expectation.root = .init(version: version, digest: SHA256.hash(root))
        let verdict = Permit.verify(
            try permit.statement().sign(with: [key]), keys: [key.publicKey],
            expecting: expectation, now: Self.noon)
        #expect(verdict.findings.codes == (holds ? [] : [.rootMismatch]))
    }

    @Test func `for a use is refused where another is asked for`() throws {
        let key = try PrivateKey.generate(.ed25519)
        for (permitted, asked) in [("credit", "fraud"), ("", "fraud"), ("credit", "")] {
            let permit = try Self.example(use: permitted)
            var expectation = Self.expectation(of: permit)
            expectation.use = asked
            let verdict = Permit.verify(
                try permit.statement().sign(with: [key]), keys: [key.publicKey],
                expecting: expectation, now: Self.noon)
            #expect(verdict.findings.codes == [.useMismatch])
        }
    }

    @Test func `of a development root is accepted only when asked for`() throws {
        let key = try PrivateKey.generate(.ed25519)
        let permit = try Self.example(development: true)
        var expectation = Self.expectation(of: permit)
        let envelope = try permit.statement().sign(with: [key])
        func codes() -> [AttestationFinding.Code] {
            Permit.verify(
                envelope, keys: [key.publicKey], expecting: expectation, now: Self.noon
            ).findings.codes
        }
        #expect(codes() == [.development])
        expectation.acceptsDevelopment = true
        #expect(codes() == [])
    }

    @Test func `is refused with a foreign key, no signature, or two`() throws {
        let key = try PrivateKey.generate(.ed25519)
        let other = try PrivateKey.generate(.ed25519)
        let permit = try Self.example()
        let statement = try permit.statement()
        func codes(_ envelope: Envelope) -> [AttestationFinding.Code] {
            Permit.verify(
                envelope, keys: [key.publicKey], expecting: Self.expectation(of: permit),
                now: Self.noon
            ).findings.codes
        }
        #expect(codes(try statement.sign(with: [other])) == [.signatureInvalid])
        #expect(codes(try statement.sign(with: [])) == [.signatureCount, .signatureInvalid])
        #expect(codes(try statement.sign(with: [key, other])) == [.signatureCount])
    }

    @Test func `that has been changed anywhere is refused`() throws {
        let key = try PrivateKey.generate(.ed25519)
        let permit = try Self.example()
        let envelope = try permit.statement().sign(with: [key])
        for index in envelope.payload.indices {
            var payload = envelope.payload
            payload[index] ^= 1
            let verdict = Permit.verify(
                Envelope(
                    payloadType: envelope.payloadType, payload: payload,
                    signatures: envelope.signatures),
                keys: [key.publicKey], expecting: Self.expectation(of: permit), now: Self.noon)
            #expect(!verdict.isValid, "byte \(index)")
        }
    }

    @Test(
        arguments: [
            ("verificationResult", JSON.string("FAILED"), AttestationFinding.Code.resultNotPassed),
            ("resourceUri", "imprimatur:credit/scorecard@3?environment=staging", .malformed),
            ("slsaVersion", "1.1", .malformed),
            ("timeVerified", "yesterday", .malformed),
            ("imprimatur", .null, .malformed),
        ])
    func `that says what no permit says is refused, though well signed`(
        member: String, value: JSON, code: AttestationFinding.Code
    ) throws {
        let key = try PrivateKey.generate(.ed25519)
        let permit = try Self.example()
        let statement = try permit.statement()
        var members = try #require(statement.predicate.object)
        members[member] = value
        let changed = Statement(
            subjects: statement.subjects, predicateType: statement.predicateType,
            predicate: .object(members))
        let verdict = Permit.verify(
            try changed.sign(with: [key]), keys: [key.publicKey],
            expecting: Self.expectation(of: permit), now: Self.noon)
        #expect(verdict.findings.codes == [code])
    }

    @Test func `for a subject other than its files is refused`() throws {
        let key = try PrivateKey.generate(.ed25519)
        let permit = try Self.example()
        let statement = Statement(
            subjects: [.init(name: permit.model, sha256: SHA256.hash("other"))],
            predicateType: Permit.predicateType, predicate: try permit.statement().predicate)
        let verdict = Permit.verify(
            try statement.sign(with: [key]), keys: [key.publicKey],
            expecting: PermitExpectation(artifact: SHA256.hash("other")), now: Self.noon)
        #expect(verdict.findings.codes == [.rootDigestMismatch])
    }

    @Test func `that no checker would accept is not made`() throws {
        let good = try Self.example()
        func make(environment: String, nonce: String, notAfter: String) throws -> Statement {
            try Permit(
                origin: good.origin, model: good.model, environment: environment,
                target: "", use: "", kind: .run, deployment: "d-1", notBefore: good.notBefore,
                notAfter: notAfter, nonce: nonce, manifest: good.manifest,
                decision: good.decision, root: good.root, development: false,
                verifierID: good.verifierID,
                timeVerified: good.timeVerified, policy: good.policy, inputs: [],
                verifiedLevels: []
            ).statement()
        }
        _ = try make(environment: "p", nonce: good.nonce, notAfter: good.notAfter)
        #expect(throws: AttestationError.self) {
            try make(environment: "p&x", nonce: good.nonce, notAfter: good.notAfter)
        }
        #expect(throws: AttestationError.self) {
            try make(environment: "p", nonce: "AB", notAfter: good.notAfter)
        }
        #expect(throws: AttestationError.self) {
            try make(environment: "p", nonce: good.nonce, notAfter: good.notBefore)
        }
    }
}
