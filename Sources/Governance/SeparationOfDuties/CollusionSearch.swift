// Looking at everything that so many people can do, shortest ways first.
//
// A state holds what has been done and not in which order, so every way to it is equally long. What leads to
// the same end in more than one way is looked at once, for these reasons:
//
// Second accounts are all there from the beginning. One more account takes nothing from anybody: it gives
// no role to others, administers nothing, and belongs to somebody who counts as one person with or without
// it. The step that creates it is counted when the account first acts, and a trace names it first; so a
// way that needs no such account is not made longer by it.
//
// The root is rotated before anything else is done, or never: that depends on the custodians alone, and all
// that follows from it is that fewer of them are needed.
//
// Nobody approves for another. Whoever delegates holds the role, is no author and has not answered, or the
// delegate's approval is refused; then the delegator can approve, which fills the same place and leaves
// the delegate free for another one. The step can be taken, in a trace.
//
// Rules are waived last. A waiver does one thing: a rule of the pack in force that fails when somebody wants
// to deploy does not deny. So what can be waived before can be waived then, a rule that does not fail then
// needs no waiver, and none has to be part of a state.
//
// The quorum is got around last, by an emergency or an import: that, too, does one thing, at the deploy gate.
//
// People who hold the same offices are the same: of states that differ only by which of them did what, one is
// looked at. Nothing in the rules knows people by more than being the same or not.
//
// Who asks for the deployment matters to no check that is built in: where one of these denies, and cannot be
// waived, nobody else is tried.
//
// Each reason is about finding less; a way that is found is taken again, step by step, without any of them.

/// One search from given offices.
struct CollusionSearch {
    var world: CollusionWorld
    /// Every way for people to take one another's places.
    private let symmetries: [[Int]]
    /// Whether only the steps are taken that the pack means to be taken.
    private let isOrdinary: Bool
    private(set) var states = 0
    var judged = 0

    init?(
        _ question: CollusionQuestion, _ offices: [Set<CollusionOffice>], _ packs: [PolicyPack],
        isOrdinary: Bool = false
    ) {
        guard let world = CollusionWorld(question, offices, packs: packs) else { return nil }
        self.world = world
        self.isOrdinary = isOrdinary
        symmetries = Self.orders(Array(offices.indices)).filter { places in
            offices.indices.allSatisfy { offices[$0] == offices[places[$0]] }
        }
    }

    private static func orders(_ items: [Int]) -> [[Int]] {
        guard !items.isEmpty else { return [[]] }
        return items.flatMap { first in
            orders(items.filter { $0 != first }).map { [first] + $0 }
        }
    }

    private struct Node {
        let state: CollusionState
        let parent: Int
        let step: CollusionStep?
    }

    /// What gates have answered, for another search about the same question.
    var memory: CollusionMemory {
        get { world.memory }
        set { world.memory = newValue }
    }

    /// The steps of a shortest way, if it has fewer than a limit; everything is explored to say that there
    /// is none.
    mutating func run(shorterThan limit: Int?) -> [CollusionStep]? {
        var nodes = [Node(state: start(), parent: -1, step: nil)]
        var seen: Set<CollusionState> = [canonical(nodes[0].state)]
        // What is still to be looked at, by the number of steps that led there.
        var queues: [[Int]] = [[0]]
        var best: [CollusionStep]?
        var length = 0
        while length < queues.count {
            for index in queues[length] {
                if let bound = best?.count ?? limit, length + 1 >= bound { break }
                let state = nodes[index].state
                if let ending = ending(of: state) {
                    let count = length + cost(of: ending, after: state)
                    if (best?.count ?? limit).map({ count < $0 }) ?? true {
                        best = way(to: index, in: nodes, then: ending)
                    }
                }
                for step in steps(in: state) {
                    judged += 1
                    guard case .goes(let next) = world.take(step, in: state),
                        seen.insert(canonical(next)).inserted
                    else { continue }
                    let place = length + cost(of: [step], after: state)
                    while queues.count <= place { queues.append([]) }
                    queues[place].append(nodes.count)
                    nodes.append(Node(state: next, parent: index, step: step))
                }
            }
            length += 1
        }
        states = seen.count
        return best
    }

    /// The beginning, with all second accounts that can be created.
    private mutating func start() -> CollusionState {
        var state = CollusionState()
        guard !isOrdinary else { return state }
        for account in world.persons..<2 * world.persons {
            if case .goes(let next) = world.take(.createAccount(account), in: state) {
                state = next
            }
        }
        return state
    }

    /// One for all states that people's changing places makes of one.
    private func canonical(_ state: CollusionState) -> CollusionState {
        var least = state
        for places in symmetries {
            let other = state.permuted(places)
            if other.precedes(least) { least = other }
        }
        return least
    }

    // MARK: how long a way is

    /// The second accounts that have acted.
    private func active(in state: CollusionState) -> Set<Int> {
        let accounts =
            [
                state.submission?.account, state.evaluator, state.exception?.first,
                state.exception?.second,
            ].compactMap(\.self)
            + state.approvers.flatMap { [$0.account, $0.delegator ?? $0.account] }
        return Set(accounts.filter { $0 >= world.persons })
    }

    private func needed(by steps: [CollusionStep]) -> Set<Int> {
        Set(steps.flatMap(\.accounts).filter { $0 >= world.persons })
    }

    /// The steps, and the creation of accounts that did nothing before.
    func cost(of steps: [CollusionStep], after state: CollusionState) -> Int {
        steps.count + needed(by: steps).subtracting(active(in: state)).count
    }

    private func way(
        to index: Int, in nodes: [Node], then ending: [CollusionStep]
    ) -> [CollusionStep] {
        var way: [CollusionStep] = ending.reversed()
        var place = index
        while let step = nodes[place].step {
            way.append(step)
            place = nodes[place].parent
        }
        way.reverse()
        return needed(by: way).sorted().map(CollusionStep.createAccount) + way
    }

    // MARK: steps

    /// Every step that there is to try, but the last.
    private func steps(in state: CollusionState) -> [CollusionStep] {
        var steps: [CollusionStep] = []
        if !isOrdinary {
            if state == CollusionState.beginning(state.accounts) { steps.append(.rotateRoot) }
            steps.append(.activatePack)
            steps += (0..<world.persons).filter { !state.resigned.contains($0) }
                .map(CollusionStep.resign)
        }
        let accounts = Array(0..<world.persons) + state.accounts.members
        guard state.submission != nil else {
            return steps
                + accounts.flatMap { account in Tier.usable.map { .submit(account, $0) } }
        }
        if state.evaluator == nil, !state.hasApprovals { steps += accounts.map { .evaluate($0) } }
        for account in accounts where state.approval(of: account) == nil {
            steps += Role.allCases.filter(\.mayApprove).map { .approve(account, $0) }
        }
        return steps
    }

    /// The fewest steps that end in a deployment, if nothing is left to do but to waive rules.
    private mutating func ending(of state: CollusionState) -> [CollusionStep]? {
        guard state.submission != nil else { return nil }
        var best: [CollusionStep]?
        for account in Array(0..<world.persons) + state.accounts.members {
            judged += 1
            guard let denials = world.denials(of: account, in: state) else { continue }
            let endings: [[CollusionStep]?] =
                denials.isEmpty
                ? [[.deploy(account)]]
                : [waiving(denials, for: account, in: state)]
                    + (isOrdinary ? [] : [excepting(denials, for: account, in: state)])
            for case let found? in endings {
                if best.map({ cost(of: found, after: state) < cost(of: $0, after: state) }) ?? true
                {
                    best = found
                }
            }
            if isHopeless(denials, in: state) { break }
        }
        return best
    }

    /// Whether no other account could deploy either.
    private func isHopeless(_ denials: [String], in state: CollusionState) -> Bool {
        let (tier, pack) = (state.submission?.tier, world.packs[state.pack])
        let isOpen = CollusionException.allCases.contains { exception in
            tier.map { exception.isOpen(in: $0, under: pack) } ?? false
        }
        guard isOrdinary || !isOpen else { return false }
        return (world.packs[state.pack].rules[.deploy] ?? []).contains {
            !$0.waivable && !$0.hasExpression && denials.contains($0.id)
        }
    }

    /// The waivers that an account needs to deploy, and the deployment; by as few accounts as can be.
    mutating func waiving(
        _ denials: [String], for deployer: Int, in state: CollusionState
    ) -> [CollusionStep]? {
        guard !isOrdinary else { return nil }
        let rules = denials.compactMap { id in
            world.packs[state.pack].rules[.deploy]?.first { $0.id == id && $0.waivable }
        }
        guard rules.count == denials.count else { return nil }
        let idle = Set(state.accounts.members).subtracting(active(in: state)).subtracting([deployer]
        )
        let ready = (0..<2 * world.persons).filter { !idle.contains($0) }
        let others = idle.sorted()
        for choice in (0..<(1 << others.count)).sorted(by: {
            ($0.nonzeroBitCount, $0) < ($1.nonzeroBitCount, $1)
        }) {
            let accounts =
                ready + others.indices.filter { choice >> $0 & 1 == 1 }.map { others[$0] }
            var next = state
            var steps: [CollusionStep] = []
            for rule in rules {
                let step = accounts.lazy.flatMap { account in
                    rule.waivableBy.sorted().map { CollusionStep.waive(account, rule.id, $0) }
                }.first { step in
                    judged += 1
                    guard case .goes(let after) = world.take(step, in: next) else { return false }
                    next = after
                    return true
                }
                guard let step else { break }
                steps.append(step)
            }
            guard steps.count == rules.count else { continue }
            judged += 1
            if case .goes = world.take(.deploy(deployer), in: next) {
                return steps + [.deploy(deployer)]
            }
        }
        return nil
    }
}
