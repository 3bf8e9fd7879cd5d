// Checks on fairness evaluations at the deploy gate.
//
// Trusted is an evaluation whose signature holds, whose rates were recomputed from the counts, that
// is about the approved artifact and has no problems. For a demand the *newest* trusted evaluation
// of a grouping counts, never the best: otherwise an old good result would hide a new bad one.

internal import CanonicalJSON
internal import Cryptography
internal import Fairness

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
            let found = try measures(for: demand, context)
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
            used.formUnion(try measures(for: demand, context).map(\.evaluation))
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
            let found = try measures(for: demand, context)
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
            let found = try measures(for: demand, context)
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
    for demand in all where try !measures(for: demand, context).isEmpty { result.append(demand) }
    return result
}

private func outcome(
    _ unmet: [String], of demands: [FairnessDemand], _ context: inout CheckContext
) -> CheckOutcome {
    context.note("unmet", unmet)
    if demands.isEmpty { return .notApplicable }
    return unmet.isEmpty ? .pass : .fail
}

/// A measure of one grouping as a trusted evaluation has it.
private struct TrustedMeasure {
    let evaluation: String
    let evaluatedAt: Timestamp
    let measure: String
    let columns: [String]
    let value: ExactFraction?
    let reason: String

    var subject: String { "\(measure) by \(columns.joined(separator: ", "))" }

    var json: JSON {
        [
            "measure": .string(measure), "columns": .array(columns.map(JSON.string)),
            "evaluation": .string(evaluation), "value": value.map { .string($0.text) } ?? .null,
        ]
    }

    /// What is wrong with the value; an undefined value is never a pass.
    func problem(under threshold: FairnessThreshold) -> String? {
        guard let value else { return "\(subject) is undefined: \(reason)" }
        let limit = threshold.limit
        let holds =
            switch threshold.side {
            case .atLeast: value >= limit.fraction
            case .atMost: value <= limit.fraction
            }
        return holds
            ? nil : "\(subject) is \(value.text), not \(threshold.side.rawValue) \(limit)"
    }
}

/// For each grouping that the demand concerns, the measure in the newest trusted evaluation.
private func measures(
    for demand: FairnessDemand, _ context: CheckContext
) throws(UnknownFact) -> [TrustedMeasure] {
    let artifact = try context.facts.fact("artifact.approvedDigest").digest()
    var newest: [[String]: TrustedMeasure] = [:]
    for evaluation in try context.facts.fact("evaluations").list() {
        guard try isTrusted(evaluation, artifact) else { continue }
        for item in try evaluation.fact("measures").list() {
            guard let measure = try read(item, of: evaluation, for: demand) else { continue }
            let known = newest[measure.columns]
            if known.map({ isNewer(measure, $0) }) ?? true { newest[measure.columns] = measure }
        }
    }
    return newest.values.sorted { $0.columns.lexicographicallyPrecedes($1.columns) }
}

private func isTrusted(
    _ evaluation: FactReader, _ artifact: SHA256Digest
) throws(UnknownFact) -> Bool {
    let verified = try evaluation.fact("verified").bool()
    let recomputed = try evaluation.fact("recomputed").bool()
    let problems = try evaluation.fact("problems").strings()
    let isOfArtifact = try evaluation.fact("artifactDigest").digest() == artifact
    return verified && recomputed && problems.isEmpty && isOfArtifact
}

/// By time; where times are equal the digest decides, so that the order of the facts never does.
private func isNewer(_ left: TrustedMeasure, _ right: TrustedMeasure) -> Bool {
    left.evaluatedAt == right.evaluatedAt
        ? bytesPrecede(right.evaluation, left.evaluation) : left.evaluatedAt > right.evaluatedAt
}

/// The measure when it is the one demanded, computed under the pack's own minima.
private func read(
    _ item: FactReader, of evaluation: FactReader, for demand: FairnessDemand
) throws(UnknownFact) -> TrustedMeasure? {
    let name = try item.fact("measure").string()
    let columns = try item.fact("columns").strings().sorted(by: bytesPrecede)
    guard name == demand.threshold.measure.rawValue,
        demand.threshold.columns.map({ $0.sorted(by: bytesPrecede) == columns }) ?? true,
        try item.fact("minimumGroupSize").integer() == demand.minimumGroupSize,
        try item.fact("minimumDenominator").integer() == demand.minimumDenominator
    else { return nil }
    // An undefined value is null and has a reason; one that is absent is a missing fact.
    guard item.value["value"] != nil else { throw UnknownFact(name: "\(item.path).value") }
    let text = try item.optional("value")?.string()
    let value = text.flatMap { ExactFraction(text: $0) }
    if text != nil, value == nil { throw UnknownFact(name: "\(item.path).value") }
    return TrustedMeasure(
        evaluation: try evaluation.fact("digest").string(),
        evaluatedAt: try evaluation.fact("evaluatedAt").time(), measure: name, columns: columns,
        value: value, reason: try item.optional("reason")?.string() ?? "no reason given")
}

extension ExactFraction {
    /// Reads "n/d" with d above nought; nil for anything else.
    init?(text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let numerator = Int128(parts[0]),
            let denominator = Int128(parts[1]),
            denominator > 0
        else { return nil }
        self.init(numerator, over: denominator)
    }
}
