// The same question about collusion, answered by looking at everything in every order: no reason for leaving
// anything out, and too slow for more than small questions.

@testable import Governance

/// Looks at everything, breadth first.
enum CollusionPlainly {
    struct Answer {
        /// How many steps a shortest way has; nil for none.
        let length: Int?
        let states: Int
    }

    static func answer(_ question: CollusionQuestion, _ duties: SeparationOfDuties) -> Answer? {
        var length: Int?
        var states = 0
        for administrators in 0..<(1 << question.persons) {
            let offices = SeparationOfDuties.offices(question, administrators)
            guard var world = CollusionWorld(question, offices, packs: duties.packs) else {
                return nil
            }
            let (found, seen) = shortest(&world, before: length ?? .max)
            length = found ?? length
            states += seen
        }
        return Answer(length: length, states: states)
    }

    private static func shortest(
        _ world: inout CollusionWorld, before limit: Int
    ) -> (length: Int?, states: Int) {
        var seen: Set<CollusionState> = [CollusionState()]
        var front = [CollusionState()]
        var length = 0
        while !front.isEmpty, length + 1 < limit {
            length += 1
            var next: [CollusionState] = []
            for state in front {
                for step in steps(world, state) {
                    guard case .goes(let after) = world.take(step, in: state) else { continue }
                    if after.isDeployed { return (length, seen.count) }
                    if seen.insert(after).inserted { next.append(after) }
                }
            }
            front = next
        }
        return (nil, seen.count)
    }

    private static func steps(
        _ world: CollusionWorld, _ state: CollusionState
    ) -> [CollusionStep] {
        let accounts = 0..<2 * world.persons
        let pack = world.packs[state.pack]
        var steps: [CollusionStep] = [.rotateRoot, .activatePack]
        steps += (0..<world.persons).map(CollusionStep.resign)
        for exception in CollusionException.allCases {
            for (first, second) in accounts.flatMap({ one in accounts.map { (one, $0) } }) {
                steps += exception.roles.first.flatMap { role in
                    exception.roles.second.map { .except(exception, first, role, second, $0) }
                }
            }
        }
        for account in accounts {
            steps += [.createAccount(account), .evaluate(account), .deploy(account)]
            steps += Tier.usable.map { .submit(account, $0) }
            steps += Role.allCases.filter(\.mayApprove).map { .approve(account, $0) }
            for rule in pack.rules[.deploy] ?? [] where rule.waivable {
                steps += rule.waivableBy.map { .waive(account, rule.id, $0) }
            }
        }
        return steps
    }
}
