// The facts of each gate, from a dossier.

internal import Attestation
internal import Cryptography
internal import CanonicalJSON
internal import Governance

extension Dossier {
    /// What the deploy gate is told.
    func deployFacts(
        presented: SHA256Digest, environment: EnvironmentName, target: String, use: UseName?,
        requester: HolderFact, fold: FoldFact, uncovered: [UncoveredFact]? = nil,
        contradictions: [ContradictionFact]? = nil
    ) -> DeployFacts {
        var facts = DeployFacts(version: row.reference)
        facts.tier = tier
        facts.tierDetermination = tierFact(for: pack.pack, at: .deploy)
        facts.card = card
        facts.artifact = ArtifactFact(
            approvedDigest: row.artifact, presentedDigest: presented, signature: signature,
            uncovered: uncovered, contradictions: contradictions)
        let vouching = vouching(
            for: presented, in: environment, at: target, to: requester.principal)
        facts.artifact?.digestSource = vouching == nil ? .callerClaimed : .agentRecomputed
        facts.artifact?.digestStatement = vouching
        facts.evidence = evidence
        facts.requester = requester
        facts.environment = environment
        facts.use = use
        facts.approvals = approvals(in: environment)
        facts.evaluations = evaluations
        facts.restrictions = restrictions + halts(in: environment)
        facts.findings = findings
        facts.legacy = legacyFact(presented, in: environment)
        facts.waivers = waivers.isEmpty ? nil : waivers
        facts.breakGlass = breakGlassFacts(in: environment)
        facts.activeDeployments = deployments
        facts.submitter = submitter
        facts.fold = fold
        facts.policy = policyFact
        return facts
    }

    /// What the approve gate is told of a statement that wants to be recorded.
    func approveFacts(_ statement: StatementFact) -> ApproveFacts {
        var facts = ApproveFacts(version: row.reference)
        facts.tier = tier
        facts.tierDetermination = tierFact(for: requestPack?.pack ?? pack.pack, at: .approve)
        facts.card = card
        facts.artifact = ArtifactFact(
            approvedDigest: row.artifact, presentedDigest: manifest?.digest, signature: signature)
        facts.evidence = evidence
        facts.policy = policyFact
        facts.request = RequestFact(
            id: row.request.id, nonce: row.request.nonce, open: isOpen, submittedAt: row.submittedAt
        )
        facts.statement = statement
        facts.signerRoles = chain.heldRoles(for: statement.statement, at: now)
        facts.submitter = submitter
        facts.priorStatements = priorStatements
        return facts
    }

    /// What was already said on the request, as the word of those who signed and of whom they act for.
    var priorStatements: [ApproveFacts.PriorStatement] {
        // An approval of another state, or of before something happened, is void: its signer may sign again.
        approvalsAnywhere.filter {
            $0.meaning != .approve || $0.digests == digests && ($0.outdated ?? []).isEmpty
        }.flatMap(\.asPrior)
    }

    /// What the retire gate is told.
    func retireFacts(requester: HolderFact, reason: String, fold: FoldFact) -> RetireFacts {
        var facts = RetireFacts(version: row.reference)
        facts.tier = tier
        facts.artifact = ArtifactFact(
            approvedDigest: row.artifact, presentedDigest: manifest?.digest, signature: signature)
        facts.requester = requester
        facts.restrictions = restrictions
        facts.waivers = waivers.isEmpty ? nil : waivers
        facts.activeDeployments = deployments
        facts.snapshots = snapshotFacts
        facts.reason = reason
        facts.fold = fold
        facts.policy = policyFact
        return facts
    }

    /// Whether the approval request still takes statements.
    var isOpen: Bool {
        row.state == "open"
            && !restrictions.contains {
                [.rejection, .withdrawal, .changesRequested, .retirement].contains($0.kind)
            }
    }
}
