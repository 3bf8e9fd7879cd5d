// What evaluations say on the demands of the pack.
//
// Trusted is an evaluation whose signature holds, whose rates were recomputed from the counts, that
// is about the approved artifact and has no problems. For a demand the *newest* trusted evaluation
// of a grouping counts, never the best: otherwise an old good result would hide a new bad one.

internal import CanonicalJSON
internal import Cryptography
internal import Fairness

/// A measure of one grouping as a trusted evaluation has it.
struct TrustedMeasure {
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

    /// By time; where times are equal the digest decides, so that the order of the facts never does.
    fileprivate func isNewer(than other: TrustedMeasure) -> Bool {
        evaluatedAt == other.evaluatedAt
            ? bytesPrecede(other.evaluation, evaluation) : evaluatedAt > other.evaluatedAt
    }
}

/// The measures of one facts document, read once for all rules of a decision.
final class TrustedMeasures {
    private let facts: FactReader
    private var items: [Item]?
    private var known: [FairnessDemand: [TrustedMeasure]] = [:]

    /// A measure of a trusted evaluation, whatever its value.
    private struct Item {
        let fact: FactReader
        let evaluation: FactReader
        let measure: String
        let columns: [String]
        let minimumGroupSize: Int64
        let minimumDenominator: Int64
    }

    init(_ facts: FactReader) {
        self.facts = facts
    }

    /// For each grouping that the demand concerns, the measure in the newest trusted evaluation.
    func found(for demand: FairnessDemand) throws(UnknownFact) -> [TrustedMeasure] {
        if let found = known[demand] { return found }
        let wanted = demand.threshold.columns?.sorted(by: bytesPrecede)
        var newest: [[String]: TrustedMeasure] = [:]
        for item in try read() {
            // Computed under the pack's own minima, or not at all.
            guard item.measure == demand.threshold.measure.rawValue,
                wanted.map({ $0 == item.columns }) ?? true,
                item.minimumGroupSize == demand.minimumGroupSize,
                item.minimumDenominator == demand.minimumDenominator
            else { continue }
            let measure = try measure(item)
            if newest[item.columns].map({ measure.isNewer(than: $0) }) ?? true {
                newest[item.columns] = measure
            }
        }
        let found = newest.values.sorted { $0.columns.lexicographicallyPrecedes($1.columns) }
        known[demand] = found
        return found
    }

    private func read() throws(UnknownFact) -> [Item] {
        if let items { return items }
        let artifact = try facts.fact("artifact.approvedDigest").digest()
        var result: [Item] = []
        for evaluation in try facts.fact("evaluations").list() {
            guard try isTrusted(evaluation, artifact) else { continue }
            for fact in try evaluation.fact("measures").list() {
                result.append(
                    Item(
                        fact: fact, evaluation: evaluation,
                        measure: try fact.fact("measure").string(),
                        columns: try fact.fact("columns").strings().sorted(by: bytesPrecede),
                        minimumGroupSize: try fact.fact("minimumGroupSize").integer(),
                        minimumDenominator: try fact.fact("minimumDenominator").integer()))
            }
        }
        items = result
        return result
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

    private func measure(_ item: Item) throws(UnknownFact) -> TrustedMeasure {
        // An undefined value is null and has a reason; one that is absent is a missing fact.
        let fact = item.fact
        guard fact.value["value"] != nil else { throw UnknownFact(name: "\(fact.path).value") }
        let text = try fact.optional("value")?.string()
        let value = text.flatMap { ExactFraction(text: $0) }
        if text != nil, value == nil { throw UnknownFact(name: "\(fact.path).value") }
        return TrustedMeasure(
            evaluation: try item.evaluation.fact("digest").string(),
            evaluatedAt: try item.evaluation.fact("evaluatedAt").time(), measure: item.measure,
            columns: item.columns, value: value,
            reason: try fact.optional("reason")?.string() ?? "no reason given")
    }
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
