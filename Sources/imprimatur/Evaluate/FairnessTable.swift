// A fairness evaluation as tables for people: groups with their rates, then the comparisons.

internal import Fairness
internal import Governance

/// Text tables of an evaluation.
struct FairnessTable {
    let evaluation: FairnessEvaluation

    private static let shown: [(rate: FairnessRate, title: String)] = [
        (.selectionRate, "selected"), (.baseRate, "base rate"), (.truePositiveRate, "TPR"),
        (.falsePositiveRate, "FPR"), (.positivePredictiveValue, "PPV"), (.accuracy, "accuracy"),
    ]

    /// Everything, ready to print.
    var text: String {
        evaluation.groupings.map(section).joined(separator: "\n")
    }

    private func section(_ grouping: FairnessGrouping) -> String {
        var rows = [
            ["by " + grouping.columns.joined(separator: " × "), "n"] + Self.shown.map(\.title)
        ]
        for group in grouping.groups {
            rows.append(row(group.values.joined(separator: " × "), group.counts))
        }
        if grouping.unknown.total > 0 { rows.append(row("(value missing)", grouping.unknown)) }
        rows.append(row("all rows", evaluation.overall))
        var text = Self.table(rows) + "\n"
        for measure in FairnessMeasure.allCases {
            guard let value = grouping.measures[measure] else { continue }
            let name = measure.rawValue.padded(to: 34)
            switch value {
            case .defined(let fraction):
                text += "  \(name)\(fraction.decimal)  (\(fraction.text))\n"
            case .undefined(.noReference): continue
            case .undefined(let reason): text += "  \(name)undefined, because \(reason.sentence)\n"
            }
        }
        return text
    }

    private func row(_ name: String, _ counts: ConfusionCounts) -> [String] {
        [name, "\(counts.total)"]
            + Self.shown.map { $0.rate.value(counts).fraction?.decimal ?? "undefined" }
    }

    /// First column to the left, numbers to the right.
    private static func table(_ rows: [[String]]) -> String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, cell in
                column == 0
                    ? cell.padded(to: widths[0])
                    : String(repeating: " ", count: widths[column] - cell.count) + cell
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}

extension String {
    /// This text with spaces behind it up to a width in characters.
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
