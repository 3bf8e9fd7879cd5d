// A gate that denies a write answers with a refusal; the decision is in the log like an allowance (I9).

internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Governance
internal import TransparencyLog

extension Registry {
    /// The outcome, or the refusal that its entry records: also for a retry of a refused request.
    ///
    /// - Parameter more: further findings of a denial, for the caller only.
    func requireAllowed(
        _ outcome: Outcome, _ more: () -> [JSONFinding] = { [] }
    ) async throws -> Outcome {
        guard case .gateDenied(let event) = outcome.recorded.entry.event else { return outcome }
        let documents = try await database.read { try Documents.load([event.decision], $0) }
        guard let decision = documents[event.decision].flatMap({ try? JSON(parsing: $0) }) else {
            throw Refusal(.conflict, "document-missing", "The decision's document is missing.")
        }
        throw Refusal(
            denial: decision, more: more(),
            entry: MerkleTree.leafHash(of: outcome.recorded.bytes))
    }
}

extension Refusal {
    /// A decision that denies, as the refusal of the write that it is about; findings point into the
    /// body of the request where they can.
    init(denial decision: JSON, more: [JSONFinding], entry: SHA256Digest) {
        let rules = decision["rules"]?.array ?? []
        let denials = rules.filter { rule in
            switch rule["result"]?.string {
            case RuleResult.fail.rawValue: rule["mode"]?.string == RuleMode.enforce.rawValue
            case RuleResult.error.rawValue: true
            default: false
            }
        }.map { rule in
            (
                id: rule["id"]?.string ?? "",
                text: rule["reason"]?.string ?? rule["title"]?.string ?? ""
            )
        }
        let fields = (decision["missing"]?.array ?? []).compactMap { need -> JSONFinding? in
            guard need["kind"]?.string == "card-field",
                let text = need["detail"]?.string, let place = try? JSONPointer(parsing: text)
            else { return nil }
            return JSONFinding(
                JSONPointer(["card"] + place.tokens), JSONFinding.Code.missing,
                "\(text) is required for this risk tier.")
        }
        let signatures = rules.flatMap {
            $0["values"]?["artifact.signature.findings"]?.array?.compactMap(\.string) ?? []
        }.map {
            JSONFinding(
                JSONPointer(["signature"]), $0, "The artifact signature does not count: \($0).")
        }
        self.init(
            .unprocessable, "gate-denied",
            "The \(decision["gate"]?.string ?? "") gate denies: "
                + denials.map { "\($0.id) \($0.text)" }.joined(separator: "; ") + ".",
            findings: fields + signatures + more
                + denials.map { JSONFinding(.root, $0.id, $0.text) },
            hint: fields.isEmpty
                ? nil : "`imprimatur card check` names every missing field offline.",
            entry: entry)
    }
}
