// swift-format-ignore-file: NeverForceUnwrap
// Samples of signed statements and of decisions.

import Attestation
import CanonicalJSON
import Cryptography

import Fairness
@testable import Governance

extension CorpusSamples {
    /// Names of the statements' files.
    static let statementNames = [
        "model-card", "fairness-evaluation", "approval-approve", "approval-withdraw",
        "key-assignment-first", "key-assignment-further", "role-assignment", "policy-pack-first",
        "policy-pack-next", "permit-deploy", "permit-run", "retirement-certificate", "trust-root",
        "suspension-lift", "hold-release", "erasure-request", "log-recovery",
        "status-list", "disposal-request", "validation-finding", "validation-condition",
        "finding-closure", "abstention", "environment-snapshot",
        "legacy-import", "delegation", "approval-delegated", "approval-request-changes", "waiver",
        "break-glass", "break-glass-review", "tier-determination",
    ]

    private static let model = version.model.description
    private static let artifact = try? ArtifactManifest(files: [
        FileRecord(path: "config.json", size: 2, sha256: digest("{}")),
        FileRecord(path: "weights/m.bin", size: 7, sha256: digest("weights")),
    ])

    /// Every statement, signed by the first of the keys or by more where the format wants more; `log`
    /// stands for a key that only the trust root names.
    static func statements(
        _ keys: [PrivateKey], _ permitKey: PrivateKey
    ) throws -> [(name: String, envelope: Envelope)] {
        let one = Array(keys.prefix(1))
        return [
            ("model-card", try card().sign(with: one)),
            ("fairness-evaluation", try evaluation().sign(with: one)),
            ("approval-approve", try SampleFacts.statement().statement.sign(with: one)),
            ("approval-withdraw", try withdrawal().statement.sign(with: one)),
            ("key-assignment-first", try assignment(keys[0], nil).sign(with: keys)),
            (
                "key-assignment-further",
                try assignment(keys[1], digest("the first")).sign(with: keys)
            ),
            ("role-assignment", try role().sign(with: keys)),
            ("policy-pack-first", try pack(after: nil).sign(with: keys)),
            ("policy-pack-next", try pack(after: digest("the pack before")).sign(with: keys)),
            ("permit-deploy", try permit(.deploy).statement().sign(with: [permitKey])),
            ("permit-run", try permit(.run).statement().sign(with: [permitKey])),
            ("retirement-certificate", try certificate().sign(with: [permitKey])),
            ("trust-root", try root(keys, permitKey)),
            ("suspension-lift", try lift().sign(with: keys)),
            ("hold-release", try release().sign(with: keys)),
            ("erasure-request", try erasure().sign(with: keys)),
            ("log-recovery", try recovery().statement.sign(with: keys)),
            ("status-list", try statusList().statement().sign(with: [permitKey])),
            ("disposal-request", try disposalRequest().sign(with: keys)),
            ("validation-finding", try finding(approval: nil).sign(with: one)),
            ("validation-condition", try finding(approval: digest("approval")).sign(with: one)),
            ("finding-closure", try closure().sign(with: one)),
            ("abstention", try abstention().sign(with: one)),
            ("legacy-import", try legacy().statement.sign(with: keys)),
            ("environment-snapshot", try snapshot().statement.sign(with: one)),
            ("delegation", try delegation().statement.sign(with: one)),
            ("approval-delegated", try delegated().statement.sign(with: one)),
            (
                "approval-request-changes",
                try SampleFacts.statement(.requestChanges).statement.sign(with: one)
            ),
            ("waiver", try waiver().sign(with: one)),
            ("break-glass", try breakGlass().statement.sign(with: keys)),
            ("break-glass-review", try breakGlassReview().statement.sign(with: one)),
            ("tier-determination", try tierDetermination().statement.sign(with: keys)),
        ]
    }

    private static func statusList() -> StatusList {
        StatusList(
            origin: origin, issuedAt: SampleFacts.days(0).description,
            validUntil: SampleFacts.days(1).description, size: 440, development: false,
            root: .init(version: 1, digest: digest("root")),
            versions: [
                "credit/other@1": .retired, "credit/scorecard@2": .revoked,
                version.description: .suspended,
            ],
            deployments: ["d-01": .ended, "d-02": .revoked])
    }

    private static func recovery() -> LogRecovery {
        LogRecovery(
            origin: origin, trustRoot: digest("root"), formerOrigin: "example.com/former",
            formerTrustRoot: digest("former root"),
            pinned: .init(size: 440, root: digest("pinned")),
            surviving: .init(size: 412, root: digest("surviving")), lost: 412..<440,
            entries: [digest("one"), digest("two")].sorted(), reason: "the disk is lost",
            signedAt: now)
    }

    private static func card() throws -> Statement {
        let schema = try publishedSchema()
        let clear = try ModelCard(parsing: exampleCard(), schema: schema)
        let places = PersonalFields.exposed(in: clear, schema: schema)
        let committed = try PersonalFields.commit(
            clear, schema: schema, salts: places.map { SHA256.hash("salt \($0)").bytes })
        return CardStatement(
            origin: origin, model: version.model, artifact: digest("artifact"),
            card: committed.card
        ).statement
    }

    private static func evaluation() throws -> Statement {
        func cell(_ group: String, _ tp: Int64) -> FairnessCell {
            FairnessCell(
                values: [group],
                counts: ConfusionCounts(
                    truePositives: tp, falsePositives: 10, falseNegatives: 50 - tp,
                    trueNegatives: 40))
        }
        let predicate = FairnessPredicate(
            origin: origin, dataset: digest("predictions"), datasetName: "predictions.csv",
            columns: PredictionColumns(
                label: "repaid", prediction: "approved", score: "score", groups: ["sex"],
                positive: "1"),
            toolName: "imprimatur", toolVersion: "0.1.0",
            evaluation: FairnessEvaluation(
                FairnessCounts(columns: ["sex"], cells: [cell("f", 40), cell("m", 42)])),
            evaluatedAt: now)
        return Statement(
            subjects: [.init(name: model, sha256: digest("artifact"))],
            predicateType: FairnessPredicate.type, predicate: predicate.json)
    }

    private static func withdrawal() -> ApprovalStatement {
        var statement = SampleFacts.statement(.withdraw)
        statement.uses = [use]
        statement.prior = digest("the approval")
        return statement
    }

    private static func assignment(
        _ key: PrivateKey, _ previous: SHA256Digest?
    ) throws -> Statement {
        KeyAssignment(
            origin: origin, principal: principal(1), kind: .person, key: key.publicKey,
            previous: previous, validFrom: now, validUntil: SampleFacts.days(365)
        ).statement
    }

    private static func role() -> Statement {
        RoleAssignment(
            origin: origin, principal: principal(1), person: principal(11), role: .validator,
            namespace: NamespacePattern("credit")!, credentials: [digest("the first")],
            validFrom: now, validUntil: SampleFacts.days(365)
        ).statement
    }

    private static func pack(after predecessor: SHA256Digest?) throws -> Statement {
        PackStatement(
            try ShippedPack.pack(), files: try ShippedPack.files(), origin: origin,
            predecessor: predecessor
        ).statement
    }

    private static func permit(_ kind: Permit.Kind) -> Permit {
        Permit(
            origin: origin, model: version.description, environment: "production",
            target: kind == .run ? "eu-1" : "", use: kind == .run ? use.description : "",
            kind: kind, deployment: "d-01", notBefore: now.description,
            notAfter: now.adding(seconds: 900).description,
            nonce: "00112233445566778899aabbccddeeff", manifest: artifact!,
            decision: digest("decision"), root: .init(version: 1, digest: digest("root")),
            development: false, verifierID: "imprimatur:\(origin)",
            timeVerified: now.description,
            policy: .init(uri: "imprimatur:policy/baseline@1", sha256: digest("pack")),
            inputs: [.init(uri: "imprimatur:statement/1", sha256: digest("card"))],
            verifiedLevels: ["IMPRIMATUR_TIER_3"])
    }

    private static func certificate() -> Statement {
        RetirementCertificate(
            origin: origin, version: version, artifact: digest("artifact"), card: digest("card"),
            decision: digest("decision"), reason: "replaced",
            successor: VersionReference("credit/scorecard@4"),
            root: .init(version: 1, digest: digest("root")), retiredAt: now, development: false
        ).statement
    }

    private static func lift() -> Statement {
        SuspensionLift(
            origin: origin, version: version, restriction: "s-01",
            reason: "the drift was a fault of the sensor", digests: SampleFacts.digests,
            signers: [
                .init(principal: principal(2), role: .validator, assignment: digest("validator")),
                .init(
                    principal: principal(3), role: .complianceOfficer,
                    assignment: digest("officer")),
            ], signedAt: now, expiresAt: SampleFacts.days(7)
        ).statement
    }

    private static func finding(approval: SHA256Digest?) -> Statement {
        ValidationFinding(
            origin: origin, version: version, artifact: digest("artifact"), severity: .high,
            blocking: approval == nil, summary: "no reason codes", owner: principal(1),
            dueAt: SampleFacts.days(30), approval: approval, signer: officer(2, .validator),
            signedAt: now
        ).statement
    }

    private static func abstention() -> Statement {
        Abstention(
            origin: origin, request: .init(id: "r-01", nonce: "00112233445566778899aabbccddeeff"),
            version: version, artifact: digest("artifact"), meaning: .recuse,
            reason: "worked on it", signer: officer(2, .validator), signedAt: now
        ).statement
    }

    /// Two models that run already.
    static func legacy() -> LegacyImport {
        LegacyImport(
            origin: origin, namespace: version.model.namespace, reason: "ran before the service",
            items: [
                .init(
                    model: version.model, artifact: digest("artifact"), environment: production,
                    dueAt: SampleFacts.days(90)),
                .init(
                    model: ModelName("credit/old")!, artifact: digest("old"),
                    environment: production, dueAt: SampleFacts.days(30)),
            ],
            complianceOfficer: officer(4, .complianceOfficer),
            secondOfficer: officer(6, .riskOfficer), signedAt: now,
            expiresAt: SampleFacts.days(7))
    }

    /// Something of every kind, with and without what may be null.
    static func snapshot() -> EnvironmentSnapshot {
        EnvironmentSnapshot(
            origin: origin, namespace: version.model.namespace, environment: production,
            source: .host, takenAt: now, signer: officer(5, .agent),
            items: [
                .init(
                    name: "scorer", target: "host-1", version: version, deployment: "d-01",
                    artifact: digest("artifact"), digest: .recomputed),
                .init(name: "pod-7", images: [digest("image")]),
                .init(
                    name: "next", state: .present, artifact: digest("next"), digest: .recomputed),
                .init(name: "old", version: version, artifact: digest("old")),
            ])
    }

    static func delegation() -> Delegation {
        Delegation(
            origin: origin, delegator: officer(2, .validator), delegate: principal(7),
            scope: .model(version.model), highestTier: .limited, reason: "away", validFrom: now,
            validUntil: SampleFacts.days(14))
    }

    private static func delegated() -> ApprovalStatement {
        var statement = SampleFacts.statement()
        statement.signer.delegation = digest("delegation")
        return statement
    }

    private static func waiver() -> Statement {
        Waiver(
            origin: origin, version: version, artifact: digest("artifact"), rule: "DEP-303",
            policy: digest("policy"), reason: "the fix is on its way",
            signer: officer(2, .riskOfficer), signedAt: now, expiresAt: SampleFacts.days(7)
        ).statement
    }

    static func breakGlass() -> BreakGlass {
        BreakGlass(
            origin: origin, version: version, artifact: digest("artifact"),
            environment: production, policy: digest("policy"), incident: "INC-2041",
            reason: "the scorer in production declines everybody",
            signers: [officer(4, .complianceOfficer), officer(6, .riskOfficer)], signedAt: now,
            expiresAt: now.adding(seconds: 14_400))
    }

    static func breakGlassReview() -> BreakGlassReview {
        BreakGlassReview(
            origin: origin, version: version, artifact: digest("artifact"),
            breakGlass: digest("statement"), verdict: .justified, reason: "nothing else was ready",
            signer: officer(2, .validator), signedAt: now)
    }

    static func tierDetermination() -> TierDetermination {
        TierDetermination(
            origin: origin, version: version, artifact: digest("artifact"), card: digest("card"),
            policy: digest("policy"), derived: .limited, tier: .high,
            reason: "its scores reach more people than the card says",
            signers: [officer(2, .validator), officer(4, .complianceOfficer)], signedAt: now,
            expiresAt: SampleFacts.days(7))
    }

    private static func closure() -> Statement {
        FindingClosure(
            origin: origin, version: version, finding: digest("finding"), resolution: .resolved,
            reason: "they are there now", digests: SampleFacts.digests,
            signer: officer(2, .validator), signedAt: now, expiresAt: SampleFacts.days(7)
        ).statement
    }

    private static func officer(_ number: Int, _ role: Role) -> SigningOfficer {
        SigningOfficer(
            principal: principal(number), role: role, assignment: digest("officer \(number)"))
    }

    private static func release() -> Statement {
        HoldRelease(
            origin: origin, hold: "h-01", scope: .version(version),
            namespace: Namespace("credit")!, reason: "settled",
            inside: officer(3, .complianceOfficer), outside: officer(4, .riskOfficer),
            signedAt: now, expiresAt: SampleFacts.days(7)
        ).statement
    }

    private static func erasure() -> Statement {
        ErasureRequest(
            origin: origin, subject: .principal(principal(1)), reason: "asked for",
            privacyOfficer: officer(5, .privacyOfficer),
            complianceOfficer: officer(3, .complianceOfficer), signedAt: now,
            expiresAt: SampleFacts.days(7)
        ).statement
    }

    private static func disposalRequest() -> Statement {
        DisposalRequest(
            origin: origin, version: version, list: digest("list"), reason: "past its period",
            complianceOfficer: officer(3, .complianceOfficer),
            secondOfficer: officer(4, .riskOfficer), signedAt: now,
            expiresAt: SampleFacts.days(7)
        ).statement
    }

    private static func root(_ custodians: [PrivateKey], _ permit: PrivateKey) throws -> Envelope {
        let until = SampleFacts.days(365)
        let service = try PrivateKey.generate(.ed25519)
        let log = [1] + (try PrivateKey.generate(.ed25519).publicKey.rawEd25519 ?? [])
        let id = SHA256.hash(Array("\(origin)\n".utf8) + log).bytes.prefix(4)
        let verifierKey = "\(origin)+\(Hex.encode(Array(id)))+\(Base64.encode(log))"
        let draft = TrustRoot.Draft(
            origin: origin, development: false, issuedAt: now, expiresAt: until,
            custodians: custodians.map(\.publicKey), threshold: 2,
            logKeys: [.init(verifierKey, from: now, until: until)],
            permitKeys: [.init(permit.publicKey, from: now, until: SampleFacts.days(90))],
            serviceKeys: [.init(service.publicKey, from: now, until: until)])
        return try Envelope.sign(draft.payload, type: TrustRoot.payloadType, with: custodians)
    }

    // MARK: decisions

    /// Each gate's decision about a case that it allows, and about one that it denies.
    static func decisions() throws -> [(name: String, decision: Decision, facts: JSON)] {
        let pack = try ShippedPack.pack()
        var denied = (
            submit: SampleFacts.submit(pack), approve: SampleFacts.approve(pack),
            deploy: SampleFacts.deploy(pack), retire: SampleFacts.retire(pack)
        )
        denied.submit.card?.missing = [JSONPointer(["model", "task"])]
        denied.approve.request?.open = false
        denied.deploy.restrictions = [
            RestrictionFact(kind: .suspension, id: "s-01", source: .both, reason: "drift")
        ]
        denied.deploy.approvals = []
        denied.retire.activeDeployments = [DeploymentFact(id: "d-01", environment: production)]
        let cases: [(Gate, JSON)] = [
            (.submit, SampleFacts.submit(pack).json), (.submit, denied.submit.json),
            (.approve, SampleFacts.approve(pack).json), (.approve, denied.approve.json),
            (.deploy, SampleFacts.deploy(pack).json), (.deploy, denied.deploy.json),
            (.retire, SampleFacts.retire(pack).json), (.retire, denied.retire.json),
        ]
        return cases.map { gate, facts in
            let decision = pack.decide(
                gate: gate, subject: gate == .submit ? .model(version.model) : .version(version),
                facts: facts, now: now)
            return ("\(gate.rawValue)-\(decision.verdict.rawValue)", decision, facts)
        }
    }
}
