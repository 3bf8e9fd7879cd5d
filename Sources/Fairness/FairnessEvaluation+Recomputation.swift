// Recomputing an evaluation that somebody submitted: only its counts are believed, and only as a
// claim; every other number in it must be what follows from them.

package import CanonicalJSON

/// What a submitted evaluation turned out to be.
package struct RecomputedEvaluation: Sendable {
    /// The evaluation that follows from the counts; nil when the counts themselves are unusable.
    package let evaluation: FairnessEvaluation?
    /// Everything that is malformed or disagrees with the counts, in order of place.
    package let findings: [JSONFinding]

    /// True when every number in the document follows from its counts.
    package var holds: Bool { evaluation != nil && findings.isEmpty }
}

extension FairnessEvaluation {
    /// Reads parameters and counts from the document, computes everything again, and compares.
    package static func recompute(
        _ document: JSON, at place: JSONPointer = .root
    ) -> RecomputedEvaluation {
        var reading = FactReading(document: document, place: place)
        guard let counts = reading.counts(), let parameters = reading.parameters(counts.columns)
        else { return .init(evaluation: nil, findings: reading.findings.sorted()) }
        let evaluation = FairnessEvaluation(counts, parameters)
        var findings = reading.findings
        compare(evaluation.document, document, at: place, &findings)
        return .init(evaluation: evaluation, findings: findings.sorted())
    }

    /// Reports every place where two documents differ, in both directions.
    private static func compare(
        _ expected: JSON, _ found: JSON, at place: JSONPointer, _ findings: inout [JSONFinding]
    ) {
        guard findings.count < 1_000 else { return }
        switch (expected, found) {
        case (.object(let wanted), .object(let given)):
            for (name, value) in wanted {
                guard let other = given[name] else {
                    findings.append(
                        place.appending(name).finding("missing", "The evaluation lacks this part."))
                    continue
                }
                compare(value, other, at: place.appending(name), &findings)
            }
            for name in given.keys where wanted[name] == nil {
                findings.append(
                    place.appending(name).finding(
                        "unknown", "This part does not follow from the counts."))
            }
        case (.array(let wanted), .array(let given)):
            if wanted.count != given.count {
                findings.append(
                    place.finding(
                        "disagrees",
                        "There are \(given.count) entries; \(wanted.count) follow from the counts.")
                )
            }
            for (index, pair) in zip(wanted, given).enumerated() {
                compare(pair.0, pair.1, at: place.appending(index), &findings)
            }
        default:
            guard expected != found else { return }
            findings.append(
                place.finding(
                    "disagrees", "The counts give \(expected.inBrief), not \(found.inBrief)."))
        }
    }
}

/// Reads the facts of an evaluation document, collecting everything that is wrong with them.
private struct FactReading {
    let document: JSON
    let place: JSONPointer
    var findings: [JSONFinding] = []

    mutating func counts() -> FairnessCounts? {
        let columns = document["columns"]?.array?.compactMap(\.string) ?? []
        guard columns.count == document["columns"]?.array?.count,
            (1...FairnessLimits.groupColumns).contains(columns.count),
            Set(columns.map { Array($0.utf8) }).count == columns.count,
            columns.allSatisfy({ !$0.isEmpty && $0.utf8.count <= FairnessLimits.valueBytes })
        else {
            report(
                ["columns"], "format",
                "The evaluation names one to \(FairnessLimits.groupColumns) different columns.")
            return nil
        }
        guard let entries = document["cells"]?.array, entries.count <= FairnessLimits.cells else {
            report(
                ["cells"], "format",
                "The evaluation lists its counts, at most \(FairnessLimits.cells) combinations.")
            return nil
        }
        let cells = entries.indices.compactMap { cell(entries[$0], $0, columns.count) }
        guard cells.count == entries.count else { return nil }
        // Each count is at most FairnessLimits.rows, so this sum cannot overflow.
        let rows = cells.reduce(into: Int64(0)) { $0 += $1.counts.total }
        guard rows <= FairnessLimits.rows else {
            report(["cells"], "range", "An evaluation covers at most \(FairnessLimits.rows) rows.")
            return nil
        }
        return .init(columns: columns, cells: cells)
    }

    mutating func parameters(_ columns: [String]) -> FairnessParameters? {
        let given = document["parameters"]
        let range = 1...FairnessLimits.rows
        guard let size = given?["minimumGroupSize"]?.integer, range.contains(size),
            let denominator = given?["minimumDenominator"]?.integer, range.contains(denominator)
        else {
            report(["parameters"], "format", "The two minima are whole numbers from 1 up.")
            return nil
        }
        guard let references = given?["references"]?.object,
            references.values.allSatisfy({ $0.string != nil }),
            references.keys.allSatisfy(columns.contains)
        else {
            report(
                ["parameters", "references"], "format",
                "A reference is a value of one of the evaluation's columns.")
            return nil
        }
        return .init(
            minimumGroupSize: size, minimumDenominator: denominator,
            references: references.compactMapValues(\.string))
    }

    private mutating func cell(_ json: JSON, _ index: Int, _ width: Int) -> FairnessCell? {
        let token = ["cells", String(index)]
        let values = json["values"]?.array ?? []
        guard values.count == width,
            values.allSatisfy({
                $0.isNull || $0.string.map { $0.utf8.count <= FairnessLimits.valueBytes } == true
            })
        else {
            report(
                token + ["values"], "format",
                "A combination has one value, or null for a missing one, per column.")
            return nil
        }
        var numbers: [Int64] = []
        for name in ["tp", "fp", "fn", "tn"] {
            guard let number = json["counts"]?[name]?.integer,
                (0...FairnessLimits.rows).contains(number)
            else {
                report(
                    token + ["counts", name], "range",
                    "A count is a whole number from 0 to \(FairnessLimits.rows).")
                continue
            }
            numbers.append(number)
        }
        guard numbers.count == 4 else { return nil }
        return .init(
            values: values.map(\.string),
            counts: .init(
                truePositives: numbers[0], falsePositives: numbers[1], falseNegatives: numbers[2],
                trueNegatives: numbers[3]))
    }

    private mutating func report(_ tokens: [String], _ code: String, _ message: String) {
        findings.append(JSONPointer(place.tokens + tokens).finding(code, message))
    }
}
