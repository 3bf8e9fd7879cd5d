// Checks on fairness evaluations at the deploy gate.
//
// What counts for a demand is found by TrustedMeasures.swift.

internal import CanonicalJSON
internal import Cryptography

private let trusted = "evaluations-verified"

let evaluationChecks: [Check] = [
    Check(
        trusted, gates: [.deploy],
        values: ["tier", "artifact.approvedDigest", "evaluations.trusted", "unmet"]
    ) { context throws(UnknownFact) in
        let demands = try demands(&context)
        _ = try context.use("artifact.approvedDigest").digest()
        var evaluations: Set<String> = []
        var unmet: [String] = []
        for demand in demands {
            let found = try context.measures.found(for: demand)
            evaluations.formUnion(found.map(\.evaluation))
            guard found.isEmpty else { continue }
            unmet.append(demand.subject)
            context.need("evaluation", .string(demand.subject))
        }
        context.note("evaluations.trusted", evaluations.sorted())
        return outcome(unmet, of: demands, &context)
    },

    // The union of what the evaluations that count were computed on: data sets of the card, by every
    // attribute that the card promises or calls sensitive there.
    Check(
        "evaluations-declared", gates: [.deploy],
        values: ["tier", "card.digest", "evaluations.used", "unmet"]
    ) { context throws(UnknownFact) in
        let demands = try judged(&context)
        _ = try context.use("card.digest").digest()
        let declared = try context.facts.fact("card.fairness")
        var sensitive: [SHA256Digest: [String]] = [:]
        for set in try declared.fact("datasets").list() {
            sensitive[try set.fact("sha256").digest(), default: []] +=
                try set.fact("sensitive").strings()
        }
        var used: Set<String> = []
        for demand in demands {
            used.formUnion(try context.measures.found(for: demand).map(\.evaluation))
        }
        var wanted = Set(try declared.fact("attributes").strings())
        var groups: Set<String> = []
        var unmet: [String] = []
        for evaluation in try context.facts.fact("evaluations").list() {
            let digest = try evaluation.fact("digest").string()
            guard used.contains(digest) else { continue }
            let dataset = try evaluation.fact("dataset").digest()
            groups.formUnion(try evaluation.fact("columns.groups").strings())
            if let own = sensitive[dataset] {
                wanted.formUnion(own)
            } else {
                unmet.append("the data set \(dataset) is not in the card")
            }
        }
        if !used.isEmpty {
            unmet += wanted.subtracting(groups).sorted(by: bytesPrecede).map { "not by \($0)" }
        }
        context.note("evaluations.used", used.sorted(by: bytesPrecede))
        if !unmet.isEmpty { context.need("evaluation", "as the card declares it") }
        return outcome(unmet, of: demands, &context)
    },

    Check(
        "evaluations-fresh", gates: [.deploy], parameters: [.clockSkewSeconds],
        values: ["tier", "evaluatedAt", "unmet"]
    ) { context throws(UnknownFact) in
        let demands = try judged(&context)
        var unmet: [String] = []
        var times: [String: JSON] = [:]
        for demand in demands {
            let found = try context.measures.found(for: demand)
            if found.isEmpty { unmet.append("\(demand.subject): not evaluated") }
            for measure in found {
                times[measure.evaluation] = .string(measure.evaluatedAt.description)
                let limit = measure.evaluatedAt.adding(seconds: demand.maximumAgeDays * 86_400)
                let problem =
                    measure.evaluatedAt > context.latestClaim
                    ? "evaluated in the future"
                    : limit <= context.now ? "older than \(demand.maximumAgeDays) days" : nil
                guard let problem else { continue }
                unmet.append("\(measure.subject) of \(measure.evaluatedAt): \(problem)")
                context.need("renewed-evaluation", .string(measure.subject))
            }
        }
        context.note("evaluatedAt", .object(times))
        return outcome(unmet, of: demands, &context)
    },

    Check(
        "fairness-thresholds", gates: [.deploy], values: ["tier", "measures", "unmet"]
    ) { context throws(UnknownFact) in
        let demands = try judged(&context)
        var unmet: [String] = []
        var values: [JSON] = []
        for demand in demands {
            let found = try context.measures.found(for: demand)
            if found.isEmpty { unmet.append("\(demand.subject): not evaluated") }
            for measure in found {
                values.append(measure.json)
                if let problem = measure.problem(under: demand.threshold) { unmet.append(problem) }
            }
        }
        context.note("measures", .array(values))
        return outcome(unmet, of: demands, &context)
    },
]

private func demands(_ context: inout CheckContext) throws(UnknownFact) -> [FairnessDemand] {
    context.pack.fairness(in: try context.use("tier").tier())
}

/// The demands that another rule does not already deny for having no evaluation.
private func judged(_ context: inout CheckContext) throws(UnknownFact) -> [FairnessDemand] {
    let all = try demands(&context)
    guard context.enforced.contains(trusted) else { return all }
    var result: [FairnessDemand] = []
    for demand in all where try !context.measures.found(for: demand).isEmpty {
        result.append(demand)
    }
    return result
}

private func outcome(
    _ unmet: [String], of demands: [FairnessDemand], _ context: inout CheckContext
) -> CheckOutcome {
    context.note("unmet", unmet)
    if demands.isEmpty { return .notApplicable }
    return unmet.isEmpty ? .pass : .fail
}
