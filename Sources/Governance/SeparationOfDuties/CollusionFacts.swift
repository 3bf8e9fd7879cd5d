// The facts that gates are told of a version in the hands of people who act together: everything that honest
// people would see to is in order, so that only offices and signatures decide.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Fairness

/// Makes decisions about one version of one model.
struct CollusionFacts {
    static let origin = "separation.of.duties/proof"
    static let now = Timestamp(milliseconds: 1_795_248_000_000)
    /// When honest people gave keys, and roles.
    static let founding = now.adding(seconds: -100 * 86_400)
    static let appointing = now.adding(seconds: -99 * 86_400)
    /// What the colluders did before the submission, the submission, what they did after it.
    static let early = now.adding(seconds: -20 * 86_400)
    static let submitted = now.adding(seconds: -10 * 86_400)
    static let late = now.adding(seconds: -5 * 86_400)
    static let resigning = now.adding(seconds: -1 * 86_400)
    static let end = now.adding(seconds: 100 * 86_400)

    private static let nonce = "00112233445566778899aabbccddeeff"

    /// What the model truly is.
    let tier: Tier
    let packs: [PolicyPack]
    /// What the evaluation says of each pack's measures.
    private let measures: [[MeasureFact]]
    let version: VersionReference
    let production: EnvironmentName

    /// Nil never, for the names are well-formed.
    init?(tier: Tier, packs: [PolicyPack]) {
        guard let version = VersionReference("models/one@1"),
            let production = EnvironmentName("production")
        else { return nil }
        self.tier = tier
        self.packs = packs
        measures = packs.map(Self.measures)
        self.version = version
        self.production = production
    }

    var namespace: Namespace { version.model.namespace }

    /// Somebody who approved.
    struct Approval: Hashable {
        let principal: PrincipalID
        let person: PrincipalID
        let role: Role
        /// For whom; nil for the signer's own.
        var delegation: DelegationFact?
    }

    /// Somebody who waived a rule.
    struct Waived: Hashable {
        let principal: PrincipalID
        let person: PrincipalID
        let role: Role
        let rule: String
        let policy: SHA256Digest
    }

    /// What there is of the version.
    struct View: Hashable {
        let submission: CollusionState.Submission
        let author: PrincipalID
        let authors: [PrincipalID]
        /// The pack in force.
        let pack: Int
        var evaluator: PrincipalID?
        let approvals: [Approval]
        var waivers: [Waived]
        var exception: Excepted?

        /// What matters to those who approve: the gate of approvals is told of neither evaluations nor
        /// waivers nor exceptions.
        var forApproval: View {
            var view = self
            view.evaluator = nil
            view.waivers = []
            view.exception = nil
            return view
        }
    }

    private let digests = SignedDigests(
        card: Self.digest("card"), artifact: Self.digest("artifact"),
        evidence: Self.digest("evidence"), policy: .zero)

    var artifactDigest: SHA256Digest { digests.artifact }

    static func digest(_ text: String) -> SHA256Digest { SHA256.hash(Array(text.utf8)) }
}

extension CollusionFacts {
    /// The card, which says what is true and states a tier.
    private func card(stating stated: Tier) -> JSON {
        var card: [String: JSON] = ["risk": ["tier": stated.json]]
        if tier >= .limited { card["privacy"] = ["personal_data": true] }
        if tier >= .limited { card["use"] = ["affected_persons": ["applicants"]] }
        if tier >= .high {
            card["use"] = [
                "affected_persons": ["applicants"], "annex_iii_category": "5(b)",
                "automated_decision": ["solely": true],
            ]
        }
        return .object(card)
    }

    private func policy(_ pack: Int, request: Int) -> PolicyFact {
        PolicyFact(
            digest: packs[pack].digest, activeDigest: packs[pack].digest,
            requestDigest: packs[request].digest, signed: true)
    }

    private func signedDigests(_ request: Int) -> SignedDigests {
        SignedDigests(
            card: digests.card, artifact: digests.artifact, evidence: digests.evidence,
            policy: packs[request].digest)
    }

    /// Every grouping that a pack asks for.
    private static func columns(_ pack: PolicyPack) -> [String] {
        let named = pack.fairness.flatMap { $0.threshold.columns ?? [] }
        return named.isEmpty ? ["group"] : Set(named).sorted(by: bytesPrecede)
    }

    private func cardFact(_ pack: Int) -> CardFact {
        CardFact(
            digest: digests.card, missing: [],
            fairness: DeclaredFairness(
                dataSets: [
                    .init(sha256: Self.digest("predictions"), sensitive: Self.columns(packs[pack]))
                ], attributes: Self.columns(packs[pack])))
    }

    private func artifact(_ author: PrincipalID) -> ArtifactFact {
        ArtifactFact(
            approvedDigest: digests.artifact, presentedDigest: digests.artifact,
            signature: SignatureFact(verified: true, signer: author, signerRoles: [.owner]))
    }

    /// An evaluation of so many people that no group is too small, all treated alike.
    private func evaluation(_ signer: PrincipalID, _ pack: Int, _ tier: Tier) -> EvaluationFact {
        EvaluationFact(
            digest: Self.digest("evaluation"), verified: true, recomputed: true,
            artifactDigest: digests.artifact, dataset: Self.digest("predictions"),
            columns: PredictionColumns(
                label: "label", prediction: "prediction", groups: Self.columns(packs[pack]),
                positive: "1"),
            measures: measures[pack].filter { fact in
                packs[pack].fairness(in: tier).contains { $0.threshold.measure == fact.measure }
            },
            evaluatedAt: Self.late, signer: signer)
    }

    private static func measures(_ pack: PolicyPack) -> [MeasureFact] {
        let columns = columns(pack)
        let counts = ConfusionCounts(
            truePositives: 4_000_000, falsePositives: 1_000_000, falseNegatives: 1_000_000,
            trueNegatives: 4_000_000)
        let cells = (0..<(1 << min(columns.count, 6))).map { number in
            FairnessCell(
                values: columns.indices.map { number >> min($0, 5) & 1 == 0 ? "a" : "b" },
                counts: counts)
        }
        return MeasureFact.facts(
            of: FairnessEvaluation(FairnessCounts(columns: columns, cells: cells)),
            for: pack.fairness(in: .high))
    }

    // MARK: gates

    /// What the submit gate says, and which tier the version gets.
    func submit(
        _ submitter: HolderFact, stating stated: Tier, under pack: Int
    ) -> (decision: Decision, tier: Tier) {
        let tier = packs[pack].tier(of: card(stating: stated)).tier
        var facts = SubmitFacts(model: version.model)
        facts.tier = tier
        facts.card = cardFact(pack)
        facts.artifact = artifact(submitter.principal)
        facts.submitter = submitter
        facts.policy = policy(pack, request: pack)
        let decision = packs[pack].decide(
            gate: .submit, subject: .model(version.model), facts: facts.json, now: Self.now)
        return (decision, tier)
    }

    /// What the approve gate says of somebody's approval; the pack of the request decides.
    func approve(
        _ signer: Approval, _ entitlement: TrustChain.Entitlement,
        _ roles: [ApproveFacts.HeldRole], _ view: View
    ) -> Decision {
        let request = view.submission.pack
        var facts = ApproveFacts(version: version)
        facts.tier = view.submission.tier
        facts.card = cardFact(request)
        facts.artifact = artifact(view.author)
        facts.evidence = digests.evidence
        facts.policy = policy(view.pack, request: request)
        facts.request = RequestFact(
            id: "r-1", nonce: Self.nonce, open: true, submittedAt: Self.submitted)
        let priors = view.approvals.flatMap { fact($0, request).asPrior }
        let conflicts =
            signer.delegation?.conflicts(authors: Set(view.authors), priors: priors) ?? []
        facts.statement = StatementFact(
            verified: entitlement.holds && conflicts.isEmpty,
            problems: entitlement.problems.map(\.rawValue) + conflicts,
            person: entitlement.person,
            statement: statement(
                signer.principal, signer.role, .zero, signer.delegation?.digest, request),
            delegation: signer.delegation)
        facts.signerRoles = roles
        facts.submitter = submitter(view)
        facts.priorStatements = priors
        facts.tierDetermination = determination(view)
        return packs[request].decide(
            gate: .approve, subject: .version(version), facts: facts.json, now: Self.now)
    }

    /// What the deploy gate says; the pack in force decides.
    func deploy(_ requester: HolderFact, _ view: View) -> Decision {
        let request = view.submission.pack
        var facts = DeployFacts(version: version)
        facts.tier = view.submission.tier
        facts.card = cardFact(view.pack)
        facts.artifact = artifact(view.author)
        facts.evidence = digests.evidence
        facts.requester = requester
        facts.environment = production
        facts.approvals = view.approvals.map { fact($0, request) }
        // Nothing has happened since that would take anything from the colluders.
        if !packs[view.pack].reviewTriggers.isEmpty {
            facts.approvals = facts.approvals?.map { approval in
                var approval = approval
                approval.outdated = []
                return approval
            }
        }
        facts.tierDetermination = determination(view)
        facts.evaluations =
            view.evaluator.map { [evaluation($0, view.pack, view.submission.tier)] } ?? []
        facts.restrictions = []
        facts.findings = []
        facts.waivers =
            view.waivers.isEmpty
            ? nil
            : view.waivers.map { waived in
                WaiverFact(
                    digest: Self.digest("\(waived.principal) \(waived.rule)"),
                    waiver: waiver(waived, by: .zero), person: waived.person, problems: [])
            }
        if let exception = view.exception { tell(&facts, of: exception) }
        facts.activeDeployments = []
        facts.submitter = submitter(view)
        facts.fold = FoldFact(healthy: true, lagEntries: 0)
        facts.policy = policy(view.pack, request: request)
        return packs[view.pack].decide(
            gate: .deploy, subject: .version(version), facts: facts.json, now: Self.now)
    }

    private func fact(_ approval: Approval, _ request: Int) -> ApprovalFact {
        ApprovalFact(
            digest: Self.digest("\(approval.principal)"), principal: approval.principal,
            person: approval.person, role: approval.role, meaning: .approve,
            environments: [production], uses: [], digests: signedDigests(request),
            signedAt: Self.late, expiresAt: Self.end, valid: true, delegation: approval.delegation)
    }

    /// What somebody signs who approves under the pack of the request.
    func statement(
        _ signer: PrincipalID, _ role: Role, _ assignment: SHA256Digest,
        _ delegation: SHA256Digest?, _ request: Int
    ) -> ApprovalStatement {
        ApprovalStatement(
            origin: Self.origin, request: .init(id: "r-1", nonce: Self.nonce),
            version: version, environments: [production], uses: [],
            digests: signedDigests(request),
            signer: .init(
                principal: signer, role: role, assignment: assignment, delegation: delegation),
            meaning: .approve, comment: "", signedAt: Self.late, expiresAt: Self.end)
    }

    /// What somebody signs who lets another approve: for a day, and all that there is.
    func delegation(
        by delegator: SigningOfficer, to delegate: PrincipalID
    ) -> Delegation {
        Delegation(
            origin: Self.origin, delegator: delegator, delegate: delegate,
            scope: .model(version.model), highestTier: .high, reason: "away",
            validFrom: Self.now.adding(seconds: -3_600),
            validUntil: Self.now.adding(seconds: 3_600))
    }

    /// Somebody else has signed for the tier: more than colluders can count upon, so nothing is overlooked.
    private func determination(_ view: View) -> TierFact {
        let tier = view.submission.tier
        return TierFact(
            derived: tier, former: nil,
            determination: .init(
                digest: Self.digest("tier"), tier: tier, reason: "",
                signers: [.init(principal: view.author, role: .validator)], problems: []))
    }

    /// What somebody signs who waives a rule; it was taken when it was signed.
    private func waiver(_ waived: Waived, by assignment: SHA256Digest) -> Waiver {
        Waiver(
            origin: Self.origin, version: version, artifact: digests.artifact, rule: waived.rule,
            policy: waived.policy, reason: "",
            signer: SigningOfficer(
                principal: waived.principal, role: waived.role, assignment: assignment),
            signedAt: Self.now, expiresAt: Self.now.adding(seconds: 86_400))
    }

    /// What stands against a waiver, as the service finds when it is to be recorded.
    func problems(
        with waived: Waived, by assignment: SHA256Digest, signers: Set<KeyID>, chain: TrustChain,
        _ view: View
    ) -> [JSONFinding] {
        waiver(waived, by: assignment).problems(
            under: packs[view.pack], authors: Set(view.authors),
            in: OfficerScene(
                origin: Self.origin, artifact: digests.artifact, keys: signers, chain: chain,
                now: Self.now))
    }

    private func submitter(_ view: View) -> SubmitterFact {
        SubmitterFact(
            principal: view.author, person: view.authors.first ?? view.author,
            linked: view.authors)
    }
}
