// The evaluation as a document, and the recomputation of a document that somebody else wrote.
//
//     { "parameters": {"minimumGroupSize": 1, "minimumDenominator": 1, "references": {"race": "B"}},
//       "columns": ["race"],
//       "cells": [{"values": ["A"], "counts": {"tp": 5, "fp": 1, "fn": 1, "tn": 3}}, …],
//       "overall": {"n": 20, "counts": {…}, "rates": {…}},
//       "groupings": [{
//         "columns": ["race"], "reference": ["B"],
//         "groups": [{"values": ["A"], "n": 10, "counts": {…}, "rates": {
//             "selection_rate": {"fraction": "6/10", "decimal": "0.600000"}, …}}],
//         "unknown": {"n": 0, …},
//         "spreads": {"selection_rate": {"highest": ["A"], "lowest": ["B"], "difference": …,
//             "ratio": …, "leftOut": []}, …},
//         "measures": {"disparate_impact": {"fraction": "4/5", "decimal": "0.800000"}, …},
//         "toReference": [{"values": ["A"], "selection_rate": {"difference": …, "ratio": …}, …}] }] }
//
// Only "parameters", "columns" and "cells" are facts; the rest is computed from them and can be
// checked by anybody. The fraction of a rate keeps its counts ("6/10"); all other fractions are in
// lowest terms. A value that does not exist is {"undefined": "no_positives"}. A missing sensitive
// value is null in "values". "reference" is null where none applies.

package import CanonicalJSON

extension FairnessEvaluation {
    /// The document, ready for the predicate of a `fairness-evaluation` statement.
    package var document: JSON {
        [
            "parameters": parameters.document,
            "columns": .array(counts.columns.map(JSON.string)),
            "cells": .array(
                counts.cells.map {
                    [
                        "values": .array($0.values.map { $0.map(JSON.string) ?? .null }),
                        "counts": $0.counts.document,
                    ]
                }),
            "overall": .object(overall.members),
            "groupings": .array(groupings.map(\.document)),
        ]
    }
}

extension FairnessParameters {
    fileprivate var document: JSON {
        [
            "minimumGroupSize": .integer(minimumGroupSize),
            "minimumDenominator": .integer(minimumDenominator),
            "references": .object(references.mapValues(JSON.string)),
        ]
    }
}

extension ConfusionCounts {
    fileprivate var document: JSON {
        [
            "tp": .integer(truePositives), "fp": .integer(falsePositives),
            "fn": .integer(falseNegatives), "tn": .integer(trueNegatives),
        ]
    }

    fileprivate var members: [String: JSON] {
        [
            "n": .integer(total), "counts": document,
            "rates": .object(
                Dictionary(
                    uniqueKeysWithValues: FairnessRate.allCases.map {
                        ($0.rawValue, $0.document(self))
                    })),
        ]
    }
}

extension FairnessRate {
    fileprivate func document(_ counts: ConfusionCounts) -> JSON {
        switch value(counts) {
        case .undefined(let reason): ["undefined": .string(reason.rawValue)]
        case .defined(let fraction):
            [
                "fraction": "\(numerator(counts))/\(denominator(counts).count)",
                "decimal": .string(fraction.decimal),
            ]
        }
    }
}

extension FairnessValue {
    /// The value as documents carry it.
    package var document: JSON {
        switch self {
        case .undefined(let reason): ["undefined": .string(reason.rawValue)]
        case .defined(let fraction):
            ["fraction": .string(fraction.text), "decimal": .string(fraction.decimal)]
        }
    }
}

extension FairnessGrouping {
    fileprivate var document: JSON {
        [
            "columns": .array(columns.map(JSON.string)),
            "reference": reference.map { .array($0.map(JSON.string)) } ?? .null,
            "groups": .array(
                groups.map { group in
                    var members = group.counts.members
                    members["values"] = .array(group.values.map(JSON.string))
                    return .object(members)
                }),
            "unknown": .object(unknown.members),
            "spreads": .object(
                Dictionary(
                    uniqueKeysWithValues: spreads.map { ($0.key.rawValue, $0.value.document) })),
            "measures": .object(
                Dictionary(
                    uniqueKeysWithValues: measures.map { ($0.key.rawValue, $0.value.document) })),
            "toReference": .array(toReference.map(\.document)),
        ]
    }
}

extension RateSpread {
    fileprivate var document: JSON {
        [
            "highest": highest.map { .array($0.map(JSON.string)) } ?? .null,
            "lowest": lowest.map { .array($0.map(JSON.string)) } ?? .null,
            "difference": difference.document,
            "ratio": ratio.document,
            "leftOut": .array(
                leftOut.map {
                    [
                        "values": .array($0.values.map(JSON.string)),
                        "reason": .string($0.reason.rawValue),
                    ]
                }),
        ]
    }
}

extension GroupToReference {
    fileprivate var document: JSON {
        var members: [String: JSON] = ["values": .array(values.map(JSON.string))]
        for (rate, comparison) in comparisons {
            members[rate.rawValue] = [
                "difference": comparison.difference.document, "ratio": comparison.ratio.document,
            ]
        }
        return .object(members)
    }
}
