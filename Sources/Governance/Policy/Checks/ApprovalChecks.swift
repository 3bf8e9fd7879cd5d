// Checks on approvals at the deploy gate, each with its own reason.
//
// Every check asks the same question, "is the quorum of this tier met by distinct persons?", of
// fewer approvals: each step drops those that its own rule objects to, on top of what the steps
// before it dropped. So an old, expired approval beside a good one harms nobody, and the last step
// is the whole condition. A step whose quorum was already broken at an earlier step that this gate
// enforces answers not-applicable, so that exactly the true reason is shown. What is missing is counted
// at the end of the chain: supplying it is enough.
//
// A pack may also want approvals of a tier signed by a passkey: `entitled` drops those that are not.
//
//     quorum -> entitled -> not the submitter -> current digests -> environment, use -> unexpired

internal import Attestation
internal import CanonicalJSON

let approvalChecks: [Check] = ApprovalStep.allCases.map { step in
    Check(
        step.rawValue, gates: [.deploy],
        parameters: step == .unexpired ? [.clockSkewSeconds] : [], values: step.values
    ) { context throws(UnknownFact) in
        try step.evaluate(&context)
    }
}

/// What each step of one decision has left over, found out once for all the steps after it.
final class ApprovalFunnel {
    private var approvals: [FactReader]?
    private var steps: [String: (kept: [FactReader], quorum: Quorum)] = [:]

    /// The approvals among the statements.
    func all(_ facts: FactReader) throws(UnknownFact) -> [FactReader] {
        if let approvals { return approvals }
        var found: [FactReader] = []
        for statement in try facts.fact("approvals").list()
        where try statement.fact("meaning").string() == ApprovalMeaning.approve.rawValue {
            found.append(statement)
        }
        approvals = found
        return found
    }

    /// What a step has left over, with the quorum of it. No step that others follow has parameters of its own.
    fileprivate func left(
        by step: String,
        _ find: () throws(UnknownFact) -> (kept: [FactReader], quorum: Quorum)
    ) throws(UnknownFact) -> (kept: [FactReader], quorum: Quorum) {
        if let known = steps[step] { return known }
        let found = try find()
        steps[step] = found
        return found
    }
}

private enum ApprovalStep: String, CaseIterable {
    case quorum = "approval-quorum"
    case entitled = "approvals-entitled"
    case notSubmitter = "approvers-not-submitter"
    case current = "approvals-current"
    case covering = "approvals-cover"
    case unexpired = "approvals-unexpired"

    var values: Set<String> {
        let always: Set<String> = [
            "tier", "approvals.required", "approvals.counted", "approvals.dropped",
            "approvals.unfilled",
        ]
        return switch self {
        case .quorum, .entitled, .unexpired: always
        case .notSubmitter: always.union(["submitter.person", "submitter.linked"])
        case .current:
            always.union([
                "card.digest", "artifact.approvedDigest", "evidence.digest",
                "policy.requestDigest",
            ])
        case .covering: always.union(["environment", "use"])
        }
    }

    func evaluate(_ context: inout CheckContext) throws(UnknownFact) -> CheckOutcome {
        let tier = try context.use("tier").tier()
        let rule = context.pack.approvals[tier]
        let places = rule?.places ?? []
        context.note("approvals.required", places.map(\.rawValue))
        var quorum: Quorum
        var counted = try context.funnel.all(context.facts)
        for step in Self.allCases.prefix(while: { $0 != self }) {
            (counted, quorum) = try context.funnel.left(by: step.rawValue) {
                () throws(UnknownFact) in
                var kept: [FactReader] = []
                for approval in counted
                where try step.problem(with: approval, rule, false, &context) == nil {
                    kept.append(approval)
                }
                return (kept, try Self.quorum(places, kept))
            }
            if !quorum.isMet, context.enforced.contains(step.rawValue) {
                context.note("approvals.counted", [])
                context.note("approvals.dropped", [])
                context.note("approvals.unfilled", quorum.unfilled.map(\.rawValue))
                return .notApplicable
            }
        }
        var kept: [FactReader] = []
        var dropped: [String] = []
        for approval in counted {
            if let problem = try problem(with: approval, rule, true, &context) {
                dropped.append("\(try approval.fact("principal").string()): \(problem)")
            } else {
                kept.append(approval)
            }
        }
        counted = kept
        quorum = try Self.quorum(places, counted)
        var digests: [String] = []
        for approval in counted { digests.append(try approval.fact("digest").string()) }
        context.note("approvals.counted", digests.sorted())
        context.note("approvals.dropped", dropped)
        context.note("approvals.unfilled", quorum.unfilled.map(\.rawValue))
        guard !places.isEmpty else { return .fail }
        guard !quorum.isMet else { return .pass }
        for role in unfilledInTheEnd(counted, rule, context) ?? quorum.unfilled {
            context.need(
                "approval",
                .facts([
                    "role": .string(role.rawValue),
                    "factor": rule.flatMap { $0.leastFactor > .key ? $0.leastFactor : nil }
                        .map { .string($0.rawValue) },
                ]))
        }
        return .fail
    }

    /// The places that stay empty when the later steps, too, have dropped what they object to: fewer
    /// approvals would not be enough. Nil where a later step misses a fact.
    private func unfilledInTheEnd(
        _ counted: [FactReader], _ rule: ApprovalRule?, _ context: CheckContext
    ) -> [Role]? {
        var context = context
        var counted = counted
        let later = Self.allCases.drop { $0 != self }.dropFirst()
        do {
            for step in later where context.enforced.contains(step.rawValue) {
                var kept: [FactReader] = []
                for approval in counted
                where try step.problem(with: approval, rule, false, &context) == nil {
                    kept.append(approval)
                }
                counted = kept
            }
            return try Self.quorum(rule?.places ?? [], counted).unfilled
        } catch {
            return nil
        }
    }

    /// What has happened since the approval that the pack wants somebody to look at; nil for nothing.
    private func due(
        _ approval: FactReader, _ context: CheckContext
    ) throws(UnknownFact) -> String? {
        let triggers = context.pack.reviewTriggers
        guard !triggers.isEmpty else { return nil }
        for reason in try approval.fact("outdated").list() {
            let trigger = try reason.fact("trigger").string()
            // What nobody here knows is no reason to go on.
            if let known = ReviewTrigger(rawValue: trigger), !triggers.contains(known) { continue }
            return "re-review due since \(try reason.fact("since").time()) because of \(trigger), "
                + (try reason.fact("reason").string())
        }
        return nil
    }

    private static func quorum(
        _ places: [Role], _ approvals: [FactReader]
    ) throws(UnknownFact) -> Quorum {
        // Whoever acts for another and that person fill one place between them.
        var together: [String: String] = [:]
        func one(_ person: String) -> String { together[person].map(one) ?? person }
        for approval in approvals {
            guard let delegation = approval.optional("delegation") else { continue }
            let pair = [
                one(try approval.fact("person").string()),
                one(try delegation.fact("person").string()),
            ].sorted(by: bytesPrecede)
            if pair[0] != pair[1] { together[pair[1]] = pair[0] }
        }
        var roles: [String: Set<Role>] = [:]
        for approval in approvals {
            let person = one(try approval.fact("person").string())
            roles[person, default: []].insert(try approval.fact("role").role())
        }
        return Quorum(places: places, rolesByPerson: roles)
    }

    /// Why this step does not count the approval; nil when it does.
    private func problem(
        with approval: FactReader, _ rule: ApprovalRule?, _ isAsked: Bool,
        _ context: inout CheckContext
    ) throws(UnknownFact) -> String? {
        func fact(_ name: String) throws(UnknownFact) -> FactReader {
            isAsked ? try context.use(name) : try context.facts.fact(name)
        }
        switch self {
        case .quorum: return nil
        case .entitled:
            let problems = try approval.fact("problems").strings()
            let valid = try approval.fact("valid").bool()
            if valid, problems.isEmpty {
                return try rule?.problem(with: approval.factor())
            }
            return problems.isEmpty ? "not-valid" : problems.joined(separator: " ")
        case .notSubmitter:
            let submitter = [try fact("submitter.person").string()]
            let linked = try fact("submitter.linked").strings()
            let person = try approval.fact("person").string()
            if (submitter + linked).contains(person) { return "is-the-submitter" }
            guard let delegation = approval.optional("delegation") else { return nil }
            let delegator = try delegation.fact("person").string()
            return (submitter + linked).contains(delegator) ? "for-the-submitter" : nil
        case .current:
            var differing: [String] = []
            for (name, present) in presentDigests {
                let signed = try approval.fact("digests.\(name)").digest()
                if try fact(present).digest() != signed { differing.append(name) }
            }
            if !differing.isEmpty { return "other-" + differing.joined(separator: " other-") }
            return try due(approval, context)
        case .covering:
            let environment = try fact("environment").string()
            if try !approval.fact("environments").strings().contains(environment) {
                return "other-environment"
            }
            let uses = try approval.fact("uses").strings()
            if uses.isEmpty { return nil }
            return uses.contains(try fact("use").string()) ? nil : "other-use"
        case .unexpired:
            let signed = try approval.fact("signedAt").time()
            let expires = try approval.fact("expiresAt").time()
            let days = rule?.validityDays ?? 0
            if signed > context.latestClaim { return "signed-in-the-future" }
            if expires <= context.now { return "expired" }
            return signed.adding(seconds: days * 86_400) <= context.now ? "too-old" : nil
        }
    }
}

extension FactReader {
    /// What an approval was signed with; what says nothing is from before there was a choice.
    fileprivate func factor() throws(UnknownFact) -> SignatureFactor {
        guard let fact = optional("factor") else { return .key }
        guard let factor = SignatureFactor(rawValue: try fact.string()) else {
            throw UnknownFact(name: fact.path)
        }
        return factor
    }
}

/// What a statement's digests are compared with: the member of `digests`, and the present fact.
let presentDigests: [(name: String, fact: String)] = [
    ("card", "card.digest"), ("artifact", "artifact.approvedDigest"),
    ("evidence", "evidence.digest"), ("policy", "policy.requestDigest"),
]
