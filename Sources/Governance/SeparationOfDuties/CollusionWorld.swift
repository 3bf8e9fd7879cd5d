// What people who act together may do next, as the product itself judges it.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography

/// People with offices, a pack and the weakest that could follow it.
struct CollusionWorld {
    let question: CollusionQuestion
    /// The offices that each person holds from the beginning.
    let offices: [Set<CollusionOffice>]
    /// The pack in force, and the one that the colluders would put in its place.
    let packs: [PolicyPack]
    let facts: CollusionFacts
    let keys: [PublicKey]
    /// Keys of honest custodians: who gave the offices.
    private let founders: [PublicKey]
    private var chains: [CollusionState.Standing: TrustChain] = [:]
    /// Exceptions that can be signed, by all that this depends on.
    var exceptions: [Excepting: [CollusionStep]] = [:]
    /// What gates have answered, for whoever asks the same about the same packs and tier again.
    var memory = CollusionMemory()

    /// Nil never, for the keys are well-formed.
    init?(
        _ question: CollusionQuestion, _ offices: [Set<CollusionOffice>], packs: [PolicyPack]
    ) {
        guard let facts = CollusionFacts(tier: question.tier, packs: packs) else { return nil }
        self.question = question
        self.offices = offices
        self.packs = packs
        self.facts = facts
        keys = (0..<2 * offices.count).compactMap { Self.key("account \($0)") }
        founders = ["founder 1", "founder 2"].compactMap { Self.key($0) }
        guard keys.count == 2 * offices.count, founders.count == 2 else { return nil }
    }

    /// A key that nobody needs to sign with: who has signed is stated.
    private static func key(_ name: String) -> PublicKey? {
        try? PrivateKey(ed25519Seed: SHA256.hash(Array(name.utf8)).bytes).publicKey
    }

    /// The rules for which a gate denies, none when it allows; and the tier that a submission gets.
    mutating func ask(_ asked: CollusionMemory.Asked) -> (denials: [String], tier: Tier) {
        if let known = memory.verdicts[asked] { return known }
        let decision: Decision
        var tier = question.tier
        switch asked {
        case .submit(let holder, let stated, let pack):
            (decision, tier) = facts.submit(holder, stating: stated, under: pack)
        case .approve(let signer, let entitlement, let held, let view):
            decision = facts.approve(signer, entitlement, held, view)
        case .deploy(let holder, let view): decision = facts.deploy(holder, view)
        }
        let answer = (decision.denials.map(\.id), tier)
        memory.verdicts[asked] = answer
        return answer
    }

    /// What a step makes of a state, or why it cannot be taken.
    enum Outcome {
        case goes(CollusionState)
        case refused(String)

        /// What a gate makes of it that denies for some rules.
        init(_ next: CollusionState, _ denials: [String]) {
            self = denials.isEmpty ? .goes(next) : .refused(denials.joined(separator: ", "))
        }
    }

    // MARK: people

    var persons: Int { offices.count }

    func principal(_ account: Int) -> PrincipalID? {
        PrincipalID(bytes: [0, 0, 0, 0, 0, 0, 1, UInt8(account + 1)])
    }

    private func holds(_ person: Int, _ office: CollusionOffice) -> Bool {
        offices[person].contains(office)
    }

    private var custodians: Int {
        offices.filter { $0.contains(.custodian) }.count
    }

    func exists(_ account: Int, _ state: CollusionState) -> Bool {
        (0..<persons).contains(account) || state.accounts.contains(account)
    }

    func digest(_ text: String) -> SHA256Digest { SHA256.hash(Array(text.utf8)) }

    /// Keys and roles as they follow from what was signed: first what honest people gave, then what the
    /// colluders gave one another before the submission.
    private mutating func chain(_ state: CollusionState) -> TrustChain {
        if let known = chains[state.standing] { return known }
        var chain = TrustChain(
            anchor: TrustAnchor(
                origin: CollusionFacts.origin,
                custodians: Set(
                    founders.map(\.id)
                        + (0..<persons).filter { holds($0, .custodian) }.map { keys[$0].id })),
            endorsements: [])
        let founding = Set(founders.map(\.id))
        for person in 0..<persons {
            endorse(person, signers: founding, at: CollusionFacts.founding, &chain)
            for case .role(let role) in offices[person].sorted() {
                endorse(person, role, signers: founding, at: CollusionFacts.appointing, &chain)
            }
        }
        let signers = Set((0..<persons).map { keys[$0].id })
        for account in state.accounts.members {
            endorse(account, signers: signers, at: CollusionFacts.early, &chain)
        }
        for account in state.accounts.members {
            for role in Role.allCases where CollusionOffice.isHarmless(role) {
                endorse(account, role, signers: signers, at: CollusionFacts.early, &chain)
            }
        }
        for person in state.resigned.members {
            chain.revoke(
                TrustRevocation(
                    .assignment(digest("role \(person) \(Role.administrator)")),
                    effectiveFrom: CollusionFacts.resigning))
        }
        chains[state.standing] = chain
        return chain
    }

    /// A key for an account; its own key signs too.
    private func endorse(
        _ account: Int, signers: Set<KeyID>, at time: Timestamp, _ chain: inout TrustChain
    ) {
        guard let principal = principal(account) else { return }
        chain.endorse(
            Endorsement(
                .key(
                    KeyAssignment(
                        origin: CollusionFacts.origin, principal: principal, kind: .person,
                        key: keys[account], validFrom: CollusionFacts.founding,
                        validUntil: CollusionFacts.end)),
                digest: digest("key \(account)"), signers: signers.union([keys[account].id]),
                recordedAt: time))
    }

    /// A role for an account. What says that a second account is its owner's is the `person` stated here,
    /// and nothing else: an account without any role does nothing.
    private func endorse(
        _ account: Int, _ role: Role, signers: Set<KeyID>, at time: Timestamp,
        _ chain: inout TrustChain
    ) {
        guard let principal = principal(account), let owner = self.principal(account % persons),
            let everywhere = NamespacePattern("**")
        else { return }
        chain.endorse(
            Endorsement(
                .role(
                    RoleAssignment(
                        origin: CollusionFacts.origin, principal: principal, person: owner,
                        role: role, namespace: everywhere,
                        credentials: [digest("key \(account)")],
                        validFrom: CollusionFacts.founding, validUntil: CollusionFacts.end)),
                digest: digest("role \(account) \(role)"), signers: signers, recordedAt: time))
    }

    // MARK: steps

    /// Takes a step, if the product lets them.
    mutating func take(_ step: CollusionStep, in state: CollusionState) -> Outcome {
        guard step.accounts.allSatisfy((0..<2 * persons).contains) else {
            return .refused("there is no such account")
        }
        var next = state
        // What is given after the submission is worth less than what was given before it.
        let isEarly = state.submission == nil
        switch step {
        case .createAccount(let account):
            guard isEarly, account >= persons, !state.accounts.contains(account) else {
                return .refused("the account is there already, or comes too late")
            }
            next.accounts.insert(account)
            if let problems = chain(next).problems[digest("key \(account)")] {
                return .refused(problems.map(\.rawValue).joined(separator: ", "))
            }
        case .resign(let person):
            guard person < persons, holds(person, .role(.administrator)),
                !state.resigned.contains(person)
            else { return .refused("this person administers nothing") }
            next.resigned.insert(person)
        case .rotateRoot:
            guard question.threshold > 2, !state.isRootRotated else {
                return .refused("another root would be no weaker")
            }
            guard custodians >= question.threshold else {
                return .refused("\(custodians) of \(question.threshold) custodians sign the root")
            }
            next.isRootRotated = true
        case .activatePack:
            guard state.pack == 0, packs.count > 1 else { return .refused("it is in force") }
            // A root of the least threshold that does not mark everything as a trial.
            let threshold = state.isRootRotated ? min(2, question.threshold) : question.threshold
            let problem = packs[0].problem(
                withActivationBy: custodians, threshold: threshold, development: false)
            if let problem { return .refused(problem) }
            next.pack = 1
        default: return takeAtGate(step, next)
        }
        return .goes(next)
    }

    func assignment(
        of principal: PrincipalID, _ role: Role, _ chain: TrustChain
    ) -> SHA256Digest? {
        chain.assignments(of: principal, at: CollusionFacts.now).first {
            $0.assignment.role == role
        }?.digest
    }

    private func view(
        of state: CollusionState, _ submission: CollusionState.Submission, _ author: PrincipalID,
        _ chain: TrustChain
    ) -> CollusionFacts.View {
        CollusionFacts.View(
            submission: submission, author: author, authors: chain.linked(to: author),
            pack: state.pack, evaluator: state.evaluator.flatMap(principal),
            approvals: state.approvers.compactMap { account, role, delegator in
                principal(account).map { id in
                    .init(
                        principal: id, person: chain.person(of: id), role: role,
                        delegation: delegator.flatMap(principal).map {
                            DelegationFact(
                                digest: .zero, delegator: $0, person: chain.person(of: $0))
                        })
                }
            },
            waivers: state.waivers.compactMap { waived in
                principal(waived.account).map {
                    .init(
                        principal: $0, person: chain.person(of: $0), role: waived.role,
                        rule: waived.rule, policy: packs[waived.pack].digest)
                }
            }, exception: state.exception.flatMap { told($0, chain) })
    }

    /// The rules that deny an account's deployment; nil where it cannot ask.
    mutating func denials(of account: Int, in state: CollusionState) -> [String]? {
        let chain = chain(state)
        guard exists(account, state), let id = principal(account),
            let submission = state.submission, let author = principal(submission.account)
        else { return nil }
        let holder = holder(id, chain)
        guard !holder.roles.isEmpty else { return nil }
        return ask(.deploy(holder, view(of: state, submission, author, chain))).denials
    }

    private func holder(_ id: PrincipalID, _ chain: TrustChain) -> HolderFact {
        let roles = Set(
            chain.roles(of: id, in: facts.namespace, at: CollusionFacts.now).map(\.role))
        return HolderFact(principal: id, person: chain.person(of: id), roles: roles.sorted())
    }

    private mutating func takeAtGate(_ step: CollusionStep, _ state: CollusionState) -> Outcome {
        var next = state
        let chain = chain(state)
        guard let account = step.account, exists(account, state), let id = principal(account) else {
            return .refused("there is no such account")
        }
        let holder = holder(id, chain)
        if case .submit(_, let stated) = step {
            guard state.submission == nil else { return .refused("it is submitted") }
            let (denials, tier) = ask(.submit(holder, stated, state.pack))
            next.submission = .init(account: account, tier: tier, pack: state.pack)
            return Outcome(next, denials)
        }
        guard let submission = state.submission, let author = principal(submission.account) else {
            return .refused("nothing is submitted")
        }
        let view = view(of: state, submission, author, chain)
        switch step {
        case .evaluate:
            guard state.evaluator == nil, !state.hasApprovals,
                !packs[state.pack].fairness(in: submission.tier).isEmpty,
                holder.roles.contains(where: \.mayEvaluate), !view.authors.contains(id)
            else { return .refused("no evaluation by this account counts, or is needed") }
            next.evaluator = account
            return .goes(next)
        case .approve(_, let role):
            guard state.approval(of: account) == nil else { return .refused("it has approved") }
            guard let assignment = assignment(of: id, role, chain) else {
                return .refused("it does not hold the role")
            }
            let statement = facts.statement(id, role, assignment, nil, submission.pack)
            next.approve(account, as: role)
            return approve(account, statement, chain, view, next)
        case .delegate(let from, _, let role):
            return delegate(from, account, role, submission, chain, view, next)
        case .waive(_, let rule, let role):
            guard let assignment = assignment(of: id, role, chain) else {
                return .refused("it does not hold the role")
            }
            let problems = facts.problems(
                with: .init(
                    principal: id, person: chain.person(of: id), role: role, rule: rule,
                    policy: packs[state.pack].digest),
                by: assignment, signers: [keys[account].id], chain: chain, view)
            guard problems.isEmpty else {
                return .refused(problems.map(\.code).joined(separator: ", "))
            }
            let waived = CollusionState.Waived(
                account: account, rule: rule, role: role, pack: state.pack)
            guard next.waivers.insert(waived).inserted else {
                return .refused("it has waived the rule")
            }
            return .goes(next)
        case .except(let exception, let first, let firstRole, let second, let secondRole):
            return except(
                .init(
                    exception: exception, first: first, firstRole: firstRole, second: second,
                    secondRole: secondRole, pack: state.pack), view, chain, state)
        case .deploy where holder.roles.isEmpty: return .refused("it holds no role")
        case .deploy:
            next.isDeployed = true
            return Outcome(next, ask(.deploy(holder, view)).denials)
        default: return .refused("no such step")
        }
    }
}
