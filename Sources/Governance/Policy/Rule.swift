// One rule of a gate, as the pack states it.

package import CanonicalJSON

/// A rule: an identity, a condition, and what to say when it fails.
package struct Rule: Sendable {
    /// Stable name such as `DEP-001`.
    package let id: String
    /// What the rule demands, in a few words.
    package let title: String
    /// What a failure does.
    package let mode: RuleMode
    /// When the rule holds.
    package let condition: RuleCondition
    /// What to say when it fails.
    package let reason: ReasonTemplate
    /// Whether the rule may ever be waived.
    package let waivable: Bool

    static func isIdentifier(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 2 && parts[0].utf8.count == 3
            && parts[0].utf8.allSatisfy { (0x41...0x5A).contains($0) }
            && parts[1].utf8.count == 3 && parts[1].utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}

/// When a rule holds; conditions written in the pack's own language will be another case.
package enum RuleCondition: Sendable {
    /// A built-in check with its parameters.
    case check(Check, [CheckParameter: JSON])

    /// The built-in check that the condition is, for the floor.
    package var checkName: String? {
        switch self {
        case .check(let check, _): check.name
        }
    }

    func evaluate(_ context: inout CheckContext) throws(UnknownFact) -> CheckOutcome {
        switch self {
        case .check(let check, _): try check.evaluate(&context)
        }
    }

    var parameters: [CheckParameter: JSON] {
        switch self {
        case .check(_, let parameters): parameters
        }
    }
}

extension Rule {
    /// Reads one rule of a gate's file.
    static func read(_ reader: JSONReader, gate: Gate) -> Rule? {
        let id = reader.parsed("id", as: "three capitals, a hyphen and three digits") {
            isIdentifier($0) ? $0 : nil
        }
        let title = reader.string("title", length: 1...200)
        let mode = reader.choice("mode", of: RuleMode.self)
        let check = reader.parsed("check", as: "the name of a check of this gate") { name in
            Check.builtIn[name].flatMap { $0.gates.contains(gate) ? $0 : nil }
        }
        let parameters = readParameters(reader, of: check)
        let length = 1...ReasonTemplate.maximumLength
        let reason = reader.parsed("reason", as: "text with {names}", length: length) {
            ReasonTemplate($0)
        }
        let waivable = reader.bool("waivable")
        guard let id, let mode, let check, let reason else { return nil }
        let known = check.values.union(check.parameters.map(\.rawValue))
        for name in reason.placeholders where !known.contains(name) {
            reader.refuse("reason", "placeholder", "The check \(check.name) yields no {\(name)}.")
        }
        return Rule(
            id: id, title: title, mode: mode, condition: .check(check, parameters), reason: reason,
            waivable: waivable)
    }

    private static func readParameters(
        _ reader: JSONReader, of check: Check?
    ) -> [CheckParameter: JSON] {
        guard let check else {
            _ = reader.optional("with") { $0.json() }
            return [:]
        }
        // A check without parameters accepts no `with`: it would look as if it had an effect.
        guard !check.parameters.isEmpty else { return [:] }
        return reader.object("with") { with in
            var result: [CheckParameter: JSON] = [:]
            for parameter in check.parameters { result[parameter] = parameter.read(from: with) }
            return result
        }
    }
}
