// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry
import CanonicalJSON
import Cryptography
import Fairness
import Governance
import Testing

/// A case that each gate allows; tests change one thing in it.
enum SampleFacts {
    static let now = Timestamp(milliseconds: 1_795_248_000_000)
    static let version = VersionReference("credit/scorecard@3")!
    static let subject = DecisionSubject.version(version)

    static func digest(_ text: String) -> SHA256Digest { SHA256.hash(Array(text.utf8)) }
    static func principal(_ number: Int) -> PrincipalID {
        PrincipalID(bytes: [0, 0, 0, 0, 0, 0, 0, UInt8(number)])!
    }
    static func days(_ count: Int64) -> Timestamp { now.adding(seconds: count * 86_400) }

    static let digests = SignedDigests(
        card: digest("card"), artifact: digest("artifact"), evidence: digest("evidence"),
        policy: digest("policy at submission"))
    static let card = CardFact(
        digest: digests.card, missing: [],
        fairness: DeclaredFairness(
            dataSets: [.init(sha256: digest("predictions"), sensitive: ["sex"])],
            attributes: ["sex"]))
    static let artifact = ArtifactFact(
        approvedDigest: digests.artifact, presentedDigest: digests.artifact,
        signature: SignatureFact(verified: true, signer: principal(1), signerRoles: [.owner]))
    static let submitter = SubmitterFact(
        principal: principal(1), person: principal(11), linked: [principal(21)])
    static let requester = HolderFact(
        principal: principal(6), person: principal(16), roles: [.deployer])

    static func policy(_ pack: PolicyPack) -> PolicyFact {
        PolicyFact(
            digest: pack.digest, activeDigest: pack.digest, requestDigest: digests.policy,
            signed: true)
    }

    /// A validator has signed for the tier.
    static func signed(for tier: Tier) -> TierFact {
        TierFact(
            derived: tier, former: nil,
            determination: .init(
                digest: digest("tier"), tier: tier, reason: "it decides about people",
                signers: [.init(principal: principal(2), role: .validator)], problems: []))
    }

    static func approval(_ number: Int, _ role: Role) -> ApprovalFact {
        var fact = ApprovalFact(
            digest: digest("approval \(number)"), principal: principal(number),
            person: principal(number + 10), role: role, meaning: .approve,
            environments: [EnvironmentName("production")!], uses: [], digests: digests,
            signedAt: days(-10), expiresAt: days(50), valid: true)
        fact.outdated = []
        return fact
    }

    static func evaluation(_ pack: PolicyPack) -> EvaluationFact {
        func cell(_ group: String, _ tp: Int64, _ fp: Int64) -> FairnessCell {
            FairnessCell(
                values: [group],
                counts: ConfusionCounts(
                    truePositives: tp, falsePositives: fp, falseNegatives: 50 - tp,
                    trueNegatives: 50 - fp))
        }
        let counts = FairnessCounts(
            columns: ["sex"], cells: [cell("f", 40, 10), cell("m", 42, 10)])
        return EvaluationFact(
            digest: digest("evaluation"), kind: "fairness", verified: true, recomputed: true,
            artifactDigest: digests.artifact, dataset: digest("predictions"),
            columns: PredictionColumns(
                label: "label", prediction: "prediction", groups: ["sex"], positive: "1"),
            measures: MeasureFact.facts(
                of: FairnessEvaluation(counts), for: pack.fairness(in: .high)),
            evaluatedAt: days(-30), signer: principal(2))
    }

    static func deploy(_ pack: PolicyPack) -> DeployFacts {
        var facts = DeployFacts(version: version)
        facts.tier = .high
        facts.card = card
        facts.artifact = artifact
        facts.evidence = digests.evidence
        facts.requester = requester
        facts.environment = EnvironmentName("production")
        facts.use = UseName("consumer-credit")
        facts.approvals = [
            approval(2, .validator), approval(3, .fairnessReviewer),
            approval(4, .complianceOfficer),
        ]
        facts.evaluations = [evaluation(pack)]
        facts.restrictions = []
        facts.findings = []
        facts.activeDeployments = []
        facts.tierDetermination = signed(for: .high)
        facts.submitter = submitter
        facts.fold = FoldFact(healthy: true, lagEntries: 0)
        facts.policy = policy(pack)
        return facts
    }

    static func retire(_ pack: PolicyPack) -> RetireFacts {
        var facts = RetireFacts(version: version)
        facts.tier = .high
        facts.artifact = artifact
        facts.requester = HolderFact(
            principal: principal(1), person: principal(11), roles: [.owner])
        facts.restrictions = []
        facts.activeDeployments = []
        facts.snapshots = []
        facts.reason = "replaced by version 4"
        facts.fold = FoldFact(healthy: true, lagEntries: 0)
        facts.policy = policy(pack)
        return facts
    }

    static func submit(_ pack: PolicyPack) -> SubmitFacts {
        var facts = SubmitFacts(model: version.model)
        facts.tier = .high
        facts.card = card
        facts.artifact = artifact
        facts.submitter = HolderFact(
            principal: principal(1), person: principal(11), roles: [.owner])
        facts.policy = policy(pack)
        return facts
    }

    static func statement(_ meaning: ApprovalMeaning = .approve) -> ApprovalStatement {
        ApprovalStatement(
            origin: "example.com/log",
            request: .init(id: "r-1", nonce: "00112233445566778899aabbccddeeff"),
            version: version, environments: [EnvironmentName("production")!], uses: [],
            digests: digests,
            signer: .init(
                principal: principal(2), role: .validator, assignment: digest("assignment")),
            meaning: meaning, comment: "checked", signedAt: now.adding(seconds: -60),
            expiresAt: days(80))
    }

    static func approve(_ pack: PolicyPack) -> ApproveFacts {
        var facts = ApproveFacts(version: version)
        facts.tier = .high
        facts.card = card
        facts.artifact = artifact
        facts.evidence = digests.evidence
        facts.policy = policy(pack)
        facts.request = RequestFact(
            id: "r-1", nonce: "00112233445566778899aabbccddeeff", open: true,
            submittedAt: days(-20))
        facts.statement = StatementFact(
            verified: true, problems: [], person: principal(12 + 10), statement: statement())
        facts.signerRoles = [.init(role: .validator, since: days(-100))]
        facts.submitter = submitter
        facts.priorStatements = []
        facts.tierDetermination = signed(for: .high)
        return facts
    }
}
