// Asks a pack questions about collusion, and checks the answers by taking them again.

package import CanonicalJSON

/// The answer to a question about collusion.
package struct CollusionAnswer: Sendable {
    package let question: CollusionQuestion
    /// A shortest way to production; nil when there is none.
    package let trace: CollusionTrace?
    /// How many states were met, and how many steps were judged.
    package let states: Int
    package let steps: Int
    /// How many persons it takes at the least, if some number up to four is enough; so that "none exists"
    /// is not said of a pack that nobody can get a model through.
    package let least: Int?

    /// The answer as a document.
    package var json: JSON {
        [
            "collusion": .integer(Int64(question.persons)), "tier": question.tier.json,
            "custodians": .integer(Int64(question.custodians)),
            "threshold": .integer(Int64(question.threshold)),
            "trace": trace?.json ?? .null,
            "lines": .array((trace?.lines ?? []).map(JSON.string)),
            "states": .integer(Int64(states)), "steps": .integer(Int64(steps)),
            "least": least.map { .integer(Int64($0)) } ?? .null,
            "assumptions": .array(CollusionQuestion.assumptions.map(JSON.string)),
            "unexplored": .array(CollusionQuestion.unexplored.map(JSON.string)),
        ]
    }
}

/// A pack that is asked about, and what may follow it.
package struct SeparationOfDuties: Sendable {
    let packs: [PolicyPack]

    /// Throws when the files are no pack.
    package init(_ files: [PackFile]) throws(PackFindings) {
        let pack = try PolicyPack.parse(files)
        packs = [pack, try WeakestPack.after(files)].map { $0.inEffect(from: .earliest) }
    }

    /// Explores everything that the persons can do; nil for a question that cannot be asked.
    package func answer(_ question: CollusionQuestion) -> CollusionAnswer? {
        guard CollusionQuestion.persons.contains(question.persons),
            Tier.usable.contains(question.tier),
            1...question.custodians ~= question.threshold
        else { return nil }
        var found: CollusionTrace?
        var states = 0
        var steps = 0
        var memory = CollusionMemory()
        // Who administers approves nothing: so with any number of them. Who of the persons it is makes no
        // difference while all of them hold the same otherwise.
        let areAlike = question.custodians >= question.persons
        for administrators in 0..<(1 << question.persons)
        where !areAlike || administrators & (administrators + 1) == 0 {
            let offices = Self.offices(question, administrators)
            guard var search = CollusionSearch(question, offices, packs) else { return nil }
            search.memory = memory
            let way = search.run(shorterThan: found?.steps.count)
            memory = search.memory
            states += search.states
            steps += search.judged
            if let way { found = CollusionTrace(offices: offices, steps: way) }
        }
        let trace = found.map { least($0, question) }
        return CollusionAnswer(
            question: question, trace: trace, states: states, steps: steps,
            least: trace?.persons.count ?? leastPersons(question))
    }

    /// Why a trace does not lead to production; nil when it does.
    package func objection(to trace: CollusionTrace, _ question: CollusionQuestion) -> String? {
        let custodians = trace.offices.filter { $0.contains(.custodian) }.count
        guard trace.offices.count <= CollusionQuestion.persons.upperBound,
            custodians <= question.custodians,
            var world = CollusionWorld(question, trace.offices, packs: packs)
        else { return "there are not so many people" }
        var state = CollusionState()
        for (number, step) in trace.steps.enumerated() {
            switch world.take(step, in: state) {
            case .goes(let next): state = next
            case .refused(let reason):
                let sentence = step.sentence(trace.offices.count)
                return "step \(number + 1) is refused, \(sentence): \(reason)"
            }
        }
        return state.isDeployed ? nil : "nothing is deployed in the end"
    }

    /// Everything that honest people may have given: all roles, and custodian keys as far as there are.
    static func offices(
        _ question: CollusionQuestion, _ administrators: Int
    ) -> [Set<CollusionOffice>] {
        (0..<question.persons).map { person in
            var offices = Set(
                Role.allCases.filter(CollusionOffice.isHarmless).map(CollusionOffice.role))
            if administrators >> person & 1 == 1 { offices.insert(.role(.administrator)) }
            if person < question.custodians { offices.insert(.custodian) }
            return offices
        }
    }

    /// The trace with no office that it can do without.
    private func least(
        _ trace: CollusionTrace, _ question: CollusionQuestion
    ) -> CollusionTrace {
        var trace = trace
        for person in trace.offices.indices {
            for office in trace.offices[person].sorted() {
                var offices = trace.offices
                offices[person].remove(office)
                let without = CollusionTrace(offices: offices, steps: trace.steps)
                if objection(to: without, question) == nil { trace = without }
            }
        }
        return trace
    }

    /// The least number of persons who can, by the ordinary way alone: submitting, evaluating, approving.
    private func leastPersons(_ question: CollusionQuestion) -> Int? {
        guard question.persons < CollusionQuestion.persons.upperBound else { return nil }
        return (question.persons + 1...CollusionQuestion.persons.upperBound).first { persons in
            var wider = question
            wider.persons = persons
            let offices = Self.offices(wider, 0)
            let search = CollusionSearch(wider, offices, packs, isOrdinary: true)
            guard var search else { return false }
            return search.run(shorterThan: nil) != nil
        }
    }
}
