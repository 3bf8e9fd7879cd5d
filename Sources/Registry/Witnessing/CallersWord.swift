// What only those who asked a gate could see, as the gate was told: it is in no entry and no statement.

internal import CanonicalJSON
internal import Governance

/// What the facts of a decision say that the caller found beside the bytes and in their headers.
struct CallersWord {
    let uncovered: [UncoveredFact]?
    let contradictions: [ContradictionFact]?

    /// Reads the two members; one that is malformed is as if the caller had not looked.
    init(facts: [UInt8]?) {
        let artifact = facts.flatMap { try? JSON(parsing: $0) }?["artifact"]
        func list<Fact>(_ name: String, _ read: (JSON) -> Fact?) -> [Fact]? {
            guard let stated = artifact?[name]?.array else { return nil }
            let facts = stated.compactMap(read)
            return facts.count == stated.count ? facts : nil
        }
        uncovered = list("uncovered") { one in
            guard let path = one["path"]?.string, let reason = one["reason"]?.string else {
                return nil
            }
            return UncoveredFact(path: path, reason: reason)
        }
        contradictions = list("contradictions") { one in
            guard let field = one["field"]?.string, let card = one["card"]?.string,
                let header = one["header"]?.string, let path = one["path"]?.string
            else { return nil }
            return ContradictionFact(field: field, card: card, header: header, path: path)
        }
    }
}
