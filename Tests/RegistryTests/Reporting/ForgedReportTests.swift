// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry
import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import Testing
import TransparencyLog

/// A log of three entries, made by somebody who holds every key of the service.
struct InsidersLog {
    static let model = ModelName("credit/scorecard")!
    static let version = VersionReference("credit/scorecard@1")!
    static let now = Timestamp("2026-11-21T08:00:00.000Z")!
    static let origin = "example.com/log"

    let custodian = try! PrivateKey.generate(.ed25519)
    let serviceKey = try! PrivateKey.generate(.ed25519)
    let permitKey = try! PrivateKey.generate(.ed25519)
    let signer: NoteSigner
    let root: TrustRoot

    init() throws {
        signer = try NoteSigner(name: KeyName(Self.origin)!, key: PrivateKey.generate(.ed25519))
        let end = Self.now.adding(seconds: 86_400)
        let draft = TrustRoot.Draft(
            origin: Self.origin, development: true, issuedAt: Self.now, expiresAt: end,
            custodians: [custodian.publicKey], threshold: 1,
            logKeys: [.init(signer.verifierKey.text, from: Self.now, until: end)],
            permitKeys: [.init(permitKey.publicKey, from: Self.now, until: end)],
            serviceKeys: [.init(serviceKey.publicKey, from: Self.now, until: end)])
        root = try TrustRoot.verify(
            .sign(draft.payload, type: TrustRoot.payloadType, with: [custodian]))
    }

    /// A report on a denied deployment, whose decision may be changed before all is signed.
    func report(
        signingPackWith packKey: PrivateKey? = nil, seq: Int64 = 1,
        changing change: (JSON) -> JSON = { $0 }
    ) throws -> JSON {
        let files = try PackFiles.load(folder: nil)
        let pack = try PolicyPack.parse(files)
        let packed = PackFiles.document(files)
        let statement = try PackStatement(
            pack, files: files, origin: Self.origin, predecessor: nil
        ).statement
            .sign(with: [packKey ?? custodian])
        let facts: JSON = ["model": .string("\(Self.model)"), "version": 1]
        let decision = change(
            pack.decide(gate: .deploy, subject: .version(Self.version), facts: facts, now: Self.now)
                .document)
        let record = decision.canonicalBytes
        let documents = [statement.canonicalBytes, packed, record, facts.canonicalBytes]
        let verdict = Verdict(rawValue: decision["verdict"]?.string ?? "") ?? .deny
        let entries = [
            entry(
                .logOpened(
                    LogOpened(
                        verifierKey: signer.verifierKey.text, trustRoot: root.digest,
                        trustRootVersion: 1, policy: pack.digest, development: true))),
            entry(
                .policyActivated(
                    PolicyActivated(
                        name: pack.name, version: "\(pack.version)", digest: pack.digest,
                        statement: statement.payloadDigest, document: SHA256.hash(documents[0]),
                        files: SHA256.hash(packed), predecessor: nil)),
                documents.prefix(2), writing: "policy"),
            entry(
                .deploymentDecided(
                    DeploymentDecided(
                        version: Self.version, environment: EnvironmentName("production")!,
                        target: "", use: nil, verdict: verdict, artifact: .zero,
                        decision: SHA256.hash(record), facts: SHA256.hash(facts.canonicalBytes),
                        trustRoot: root.digest, trustRootVersion: 1, deployment: "", permit: nil,
                        permitDocument: nil, notAfter: nil)),
                documents.suffix(2), writing: "version/\(Self.version)", seq, policy: pack.digest),
        ]
        let stored = try entries.map {
            try SignedEntry.sign([$0.canonicalBytes], with: serviceKey)[0]
        }
        let leaves = stored.map { MerkleTree.leafHash(of: $0) }
        let proofs = [
            [leaves[1], leaves[2]], [leaves[0], leaves[2]],
            [MerkleTree.nodeHash(leaves[0], leaves[1])],
        ]
        let checkpoint = try Checkpoint(
            origin: Self.origin, size: 3, root: MerkleTree.root(of: leaves))
        return ModelReport(
            .init(
                model: Self.model, asOf: Self.now, checkpoint: checkpoint,
                note: try checkpoint.signed(by: [signer]).bytes, trustRoot: .init(root),
                lines: try zip(stored, proofs).enumerated().map {
                    try ReportLine(index: Int64($0), bytes: $1.0, proof: $1.1)
                }, names: [:],
                documents: Dictionary(uniqueKeysWithValues: documents.map { (SHA256.hash($0), $0) })
            )
        ).json
    }

    private func entry(
        _ event: Event, _ documents: ArraySlice<[UInt8]> = [], writing subject: String = "log",
        _ seq: Int64 = 1, policy: SHA256Digest? = nil
    ) -> Entry {
        Entry(
            actor: nil, configuration: nil, documents: documents.map { SHA256.hash($0) },
            idempotency: nil, event: event, origin: Self.origin, policy: policy, request: "test",
            subjects: [subject: .init(seq: seq, wrote: true)], time: Self.now)
    }

    func findings(_ report: JSON) -> [JSONFinding] {
        ReportCheck.check(report, root: root, acceptingDevelopment: true).findings
    }
}

/// What only a look at the content finds: hashes, proofs and signatures are all good.
@Suite struct ForgedReportTests {
    @Test func `an honest report holds, and its decision is made again`() throws {
        let log = try InsidersLog()
        let verdict = ReportCheck.check(
            try log.report(), root: log.root, acceptingDevelopment: true)
        #expect(verdict.findings == [])
        #expect(verdict.decisions == 1)
        #expect(verdict.treeSize == 3)
    }

    @Test func `a decision that was turned around is found`() throws {
        let log = try InsidersLog()
        let forged = try log.report { $0.replacing(["verdict"]) { _ in "allow" } }
        #expect(Set(log.findings(forged).map(\.code)) == ["decision"])
    }

    @Test func `a rule whose result was turned around is found`() throws {
        let log = try InsidersLog()
        let forged = try log.report { $0.replacing(["rules", "1", "result"]) { _ in "pass" } }
        #expect(Set(log.findings(forged).map(\.code)) == ["decision"])
    }

    @Test func `a changed reason is prose and no finding`() throws {
        let log = try InsidersLog()
        let worded = try log.report {
            $0.replacing(["rules", "1", "reason"]) { _ in "other words" }
        }
        #expect(log.findings(worded) == [])
    }

    @Test func `a pack that no custodian signed is found`() throws {
        let log = try InsidersLog()
        let forged = try log.report(signingPackWith: log.serviceKey)
        #expect(Set(log.findings(forged).map(\.code)) == ["authority"])
    }

    @Test func `a history that does not begin at one is found`() throws {
        let log = try InsidersLog()
        #expect(Set(log.findings(try log.report(seq: 2)).map(\.code)) == ["gap"])
    }

    @Test func `an entry sealed by a key that is no service key is found`() throws {
        let log = try InsidersLog()
        let other = try InsidersLog()
        let codes = Set(other.findings(try log.report()).map(\.code))
        #expect(codes.isSuperset(of: ["checkpoint", "seal", "root"]))
    }
}
