// The predicate of a signed `fairness-evaluation` statement: what was evaluated, by what, when.
//
//     { "origin": "imprimatur.example/log",
//       "dataset": {"sha256": "<of the predictions file>", "rows": 7214, "name": "COMPAS"},
//       "columns": {"label": "y_true", "prediction": "y_pred", "score": "decile_score",
//                   "groups": ["race", "sex"], "positive": "1"},
//       "tool": {"name": "imprimatur", "version": "0.1.0"},
//       "evaluation": {…},                 see FairnessEvaluation+Document
//       "evaluatedAt": "2026-11-21T08:00:00.000Z" }
//
// "score" and "dataset.name" may be absent. Unknown members are refused.

package import CanonicalJSON
package import Cryptography
package import Fairness

/// The predicate, well-formed and with an evaluation that follows from its counts.
package struct FairnessPredicate: Sendable, Hashable {
    /// The predicate type of the statement.
    package static let type = "https://imprimatur.dev/predicate/fairness-evaluation/v1"

    /// The origin of the log that the statement is for.
    package let origin: String
    /// SHA-256 of the predictions file.
    package let dataset: SHA256Digest
    /// A name for the predictions file, for people.
    package let datasetName: String?
    package let columns: PredictionColumns
    package let toolName: String
    package let toolVersion: String
    package let evaluation: FairnessEvaluation
    /// When it was evaluated, as claimed by whoever signs.
    package let evaluatedAt: Timestamp

    package init(
        origin: String, dataset: SHA256Digest, datasetName: String?, columns: PredictionColumns,
        toolName: String, toolVersion: String, evaluation: FairnessEvaluation,
        evaluatedAt: Timestamp
    ) {
        self.origin = origin
        self.dataset = dataset
        self.datasetName = datasetName
        self.columns = columns
        self.toolName = toolName
        self.toolVersion = toolVersion
        self.evaluation = evaluation
        self.evaluatedAt = evaluatedAt
    }

    /// The predicate as JSON; the inverse of `init(recomputing:)`.
    package var json: JSON {
        var dataset: [String: JSON] = [
            "sha256": .string(self.dataset.hex), "rows": .integer(evaluation.overall.total),
        ]
        if let datasetName { dataset["name"] = .string(datasetName) }
        var columns: [String: JSON] = [
            "label": .string(self.columns.label), "prediction": .string(self.columns.prediction),
            "groups": .array(self.columns.groups.map(JSON.string)),
            "positive": .string(self.columns.positive),
        ]
        if let score = self.columns.score { columns["score"] = .string(score) }
        return [
            "origin": .string(origin), "dataset": .object(dataset), "columns": .object(columns),
            "tool": ["name": .string(toolName), "version": .string(toolVersion)],
            "evaluation": evaluation.document, "evaluatedAt": .string("\(evaluatedAt)"),
        ]
    }

    /// Reads a predicate and computes its evaluation again; throws every disagreement at once.
    package init(
        recomputing json: JSON, at place: JSONPointer = .root
    ) throws(JSONFindings) {
        let reader = JSONReader(json, at: place)
        let recomputed = FairnessEvaluation.recompute(
            json["evaluation"] ?? .null, at: place.appending("evaluation"))
        let predicate = Self(reader, recomputed.evaluation)
        let findings = reader.finish() + recomputed.findings
        guard let predicate, findings.isEmpty else { throw JSONFindings(findings: findings) }
        self = predicate
    }

    private init?(_ reader: JSONReader, _ evaluation: FairnessEvaluation?) {
        let origin = reader.string("origin", length: 1...255)
        let dataset = reader.object("dataset") { dataset in
            (
                digest: dataset.parsed("sha256", as: "a SHA-256 digest in lowercase hex") {
                    SHA256Digest(hex: $0)
                },
                rows: dataset.integer("rows", in: 1...FairnessLimits.rows),
                name: dataset.optionalString("name", length: 1...200)
            )
        }
        let columns = reader.object("columns") { columns in
            let result = PredictionColumns(
                label: columns.string("label", length: 1...200),
                prediction: columns.string("prediction", length: 1...200),
                score: columns.optionalString("score", length: 1...200),
                groups: columns.array("groups", count: 1...FairnessLimits.groupColumns) {
                    $0.string(length: 1...200)
                },
                positive: columns.string("positive", length: 1...200))
            if !result.groups.isEmpty, let fault = result.fault {
                columns.refuse(JSONFinding.Code.value, fault.message)
            }
            return result
        }
        let tool = reader.object("tool") {
            (
                name: $0.string("name", length: 1...100),
                version: $0.string("version", length: 1...100)
            )
        }
        let time = reader.parsed("evaluatedAt", as: "a time such as 2026-11-21T08:00:00.000Z") {
            Timestamp($0)
        }
        _ = reader.json("evaluation")
        guard let evaluation else { return nil }
        if !columns.groups.isEmpty, !sameBytes(evaluation.counts.columns, columns.groups) {
            reader.refuse(
                "columns", "disagrees", "The evaluation has other sensitive columns than these.")
        }
        if dataset.rows > 0, evaluation.overall.total != dataset.rows {
            reader.refuse(
                "dataset", "disagrees",
                "The counts add up to \(evaluation.overall.total) rows, not \(dataset.rows).")
        }
        guard let digest = dataset.digest, let time else { return nil }
        self.init(
            origin: origin, dataset: digest, datasetName: dataset.name, columns: columns,
            toolName: tool.name, toolVersion: tool.version, evaluation: evaluation,
            evaluatedAt: time)
    }
}
