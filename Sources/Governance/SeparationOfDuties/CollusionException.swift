// The two ways by which a version comes in without its quorum: two persons break the glass, or two officers
// say that it ran before anybody asked.
//
// What follows from it is the same at the gate: rules that want approvals and evaluations do not deny. So it
// is a step like any other, and a deployment that rests on it is a deployment, however few hours it lasts
// and whoever reviews it afterwards. Whether the statement counts is judged by what judges it in the
// service: `BreakGlass.problems`, `LegacyImport.problems`, and the gate.

internal import CanonicalJSON
internal import Cryptography

/// A way around a quorum that takes two signatures.
package enum CollusionException: String, Sendable, Hashable, CaseIterable {
    case emergency = "break-glass"
    case legacy = "import-legacy"

    /// Roles in which the first and the second can sign at all.
    var roles: (first: [Role], second: [Role]) {
        switch self {
        case .emergency: (BreakGlass.roles.sorted(), BreakGlass.roles.sorted())
        case .legacy: ([.complianceOfficer], LegacyImport.secondRoles.sorted())
        }
    }

    /// Whether a pack lets a version of a tier come in so.
    func isOpen(in tier: Tier, under pack: PolicyPack) -> Bool {
        switch self {
        case .emergency: pack.breakGlass?.reaches(tier) == true
        case .legacy: LegacyTolerance.isAllowed(in: tier, by: pack)
        }
    }

    /// Whether it can settle what a gate denies for; what can be waived need not be settled by it.
    func settles(_ denials: [String], in tier: Tier, under pack: PolicyPack) -> Bool {
        guard !denials.isEmpty, isOpen(in: tier, under: pack) else { return false }
        func reaches(_ rule: Rule) -> Bool {
            switch self {
            case .emergency: pack.breakGlass?.overrides(rule) == true
            case .legacy: LegacyTolerance.concerns(rule)
            }
        }
        return denials.allSatisfy { id in
            pack.rules[.deploy]?.contains { $0.id == id && ($0.waivable || reaches($0)) } == true
        }
    }
}

extension CollusionState {
    /// An exception that two accounts have signed.
    struct Excepted: Sendable, Hashable {
        let exception: CollusionException
        let first: Int
        let firstRole: Role
        let second: Int
        let secondRole: Role
        /// The pack in force then.
        let pack: Int
    }
}

extension CollusionFacts {
    /// Who signed an exception, as gates are told.
    struct Excepted: Hashable {
        struct Signer: Hashable {
            let principal: PrincipalID
            let person: PrincipalID
            let role: Role
        }

        let exception: CollusionException
        let first: Signer
        let second: Signer
        /// The pack in force then.
        let pack: Int
    }

    /// What stands against an exception for the version, as the service finds.
    func problems(
        with excepted: Excepted, by assignments: [SHA256Digest], signers: Set<KeyID>,
        chain: TrustChain, _ view: View
    ) -> [JSONFinding] {
        guard excepted.exception.roles.first.contains(excepted.first.role),
            excepted.exception.roles.second.contains(excepted.second.role)
        else { return [.predicate("signers", "role-not-named", "The role signs no such thing.")] }
        let officers = zip([excepted.first, excepted.second], assignments).map {
            SigningOfficer(principal: $0.principal, role: $0.role, assignment: $1)
        }
        switch excepted.exception {
        case .emergency:
            return glass(excepted.pack, officers).problems(
                under: packs[view.pack], tier: view.submission.tier, authors: Set(view.authors),
                after: [],
                in: OfficerScene(
                    origin: Self.origin, artifact: artifactDigest, keys: signers, chain: chain,
                    now: Self.now))
        case .legacy:
            let item = LegacyImport.Item(
                model: version.model, artifact: artifactDigest, environment: production,
                dueAt: Self.end)
            return LegacyImport(
                origin: Self.origin, namespace: namespace, reason: "", items: [item],
                complianceOfficer: officers[0], secondOfficer: officers[1], signedAt: Self.now,
                expiresAt: Self.now.adding(seconds: 86_400)
            ).problems(
                signers: signers, chain: chain, origin: Self.origin, at: Self.now,
                authors: Set(view.authors))
        }
    }

    /// Adds to the facts of the deploy gate what it is told of an exception that was taken.
    func tell(_ facts: inout DeployFacts, of excepted: Excepted) {
        let statement = Self.digest(excepted.exception.rawValue)
        switch excepted.exception {
        case .emergency:
            let people = [excepted.first, excepted.second]
            facts.breakGlass = [
                BreakGlassFact(
                    digest: statement,
                    glass: glass(
                        excepted.pack,
                        people.map {
                            SigningOfficer(
                                principal: $0.principal, role: $0.role, assignment: .zero)
                        }),
                    people: people.map(\.person), problems: [])
            ]
        case .legacy:
            facts.legacy = LegacyFact(
                statement: statement.hex, environment: production, dueAt: Self.end)
        }
    }

    /// As short as can be: the hours of a pack are no obstacle to a deployment.
    private func glass(_ pack: Int, _ signers: [SigningOfficer]) -> BreakGlass {
        BreakGlass(
            origin: Self.origin, version: version, artifact: artifactDigest,
            environment: production, policy: packs[pack].digest, incident: "INC-1", reason: "",
            signers: signers, signedAt: Self.now, expiresAt: Self.now.adding(seconds: 3_600))
    }
}

extension CollusionWorld {
    /// An exception as gates are told of it.
    func told(
        _ excepted: CollusionState.Excepted, _ chain: TrustChain
    ) -> CollusionFacts.Excepted? {
        guard let first = principal(excepted.first), let second = principal(excepted.second) else {
            return nil
        }
        return CollusionFacts.Excepted(
            exception: excepted.exception,
            first: .init(
                principal: first, person: chain.person(of: first), role: excepted.firstRole),
            second: .init(
                principal: second, person: chain.person(of: second), role: excepted.secondRole),
            pack: excepted.pack)
    }

    /// Takes the step by which two accounts sign an exception.
    func except(
        _ excepted: CollusionState.Excepted, _ view: CollusionFacts.View, _ chain: TrustChain,
        _ state: CollusionState
    ) -> Outcome {
        guard state.exception == nil else { return .refused("one exception is enough") }
        guard exists(excepted.second, state), let told = told(excepted, chain),
            let first = assignment(of: told.first.principal, excepted.firstRole, chain),
            let second = assignment(of: told.second.principal, excepted.secondRole, chain)
        else { return .refused("they do not hold the roles") }
        let problems = facts.problems(
            with: told, by: [first, second],
            signers: [keys[excepted.first].id, keys[excepted.second].id], chain: chain, view)
        guard problems.isEmpty else {
            return .refused(problems.map(\.code).joined(separator: ", "))
        }
        var next = state
        next.exception = excepted
        return .goes(next)
    }

    /// All that it depends on who may sign an exception: neither evaluations nor approvals are asked for.
    struct Excepting: Hashable {
        let exception: CollusionException
        let standing: CollusionState.Standing
        let submission: CollusionState.Submission
        let pack: Int
    }

    /// Every step by which an exception can be signed.
    mutating func steps(
        of exception: CollusionException, in state: CollusionState
    ) -> [CollusionStep] {
        guard let submission = state.submission else { return [] }
        let asked = Excepting(
            exception: exception, standing: state.standing, submission: submission,
            pack: state.pack)
        if let known = exceptions[asked] { return known }
        let accounts = Array(0..<persons) + state.accounts.members
        var steps: [CollusionStep] = []
        for first in accounts {
            for second in accounts where second != first {
                for firstRole in exception.roles.first {
                    for secondRole in exception.roles.second {
                        let step = CollusionStep.except(
                            exception, first, firstRole, second, secondRole)
                        if case .goes = take(step, in: state) { steps.append(step) }
                    }
                }
            }
        }
        exceptions[asked] = steps
        return steps
    }
}

extension CollusionSearch {
    /// The fewest steps by which an exception and a deployment end a way on which nothing else is done.
    ///
    /// One exception is enough: each settles the same wants, approvals and evaluations, and where legacy
    /// is tolerated the gate does not look at an emergency.
    mutating func excepting(
        _ denials: [String], for deployer: Int, in state: CollusionState
    ) -> [CollusionStep]? {
        guard let tier = state.submission?.tier else { return nil }
        let pack = world.packs[state.pack]
        var best: [CollusionStep]?
        for exception in CollusionException.allCases
        where exception.settles(denials, in: tier, under: pack) {
            for step in world.steps(of: exception, in: state) {
                // Two more steps are the least, so only fewer new accounts can be better.
                if let best, cost(of: best, after: state) == 2 { return best }
                judged += 1
                guard case .goes(let next) = world.take(step, in: state),
                    let left = world.denials(of: deployer, in: next)
                else { continue }
                let ending =
                    left.isEmpty ? [.deploy(deployer)] : waiving(left, for: deployer, in: next)
                guard let found = ending.map({ [step] + $0 }) else { continue }
                if best.map({ cost(of: found, after: state) < cost(of: $0, after: state) }) ?? true
                {
                    best = found
                }
            }
        }
        return best
    }
}
