// One rule of a gate, as the pack states it.

package import CanonicalJSON
package import Expressions

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

/// When a rule holds.
package enum RuleCondition: Sendable {
    /// A built-in check with its parameters.
    case check(Check, [CheckParameter: JSON])
    /// A condition over the facts of a gate, written in CEL.
    case expression(CELProgram, Gate)

    /// The built-in check that the condition is, for the floor.
    package var checkName: String? {
        switch self {
        case .check(let check, _): check.name
        case .expression: nil
        }
    }

    func evaluate(_ context: inout CheckContext) throws(UnknownFact) -> CheckOutcome {
        switch self {
        case .check(let check, _): return try check.evaluate(&context)
        case .expression(let program, let gate):
            return try Self.evaluate(program, of: gate, &context)
        }
    }

    /// Pass when true, fail when false; whatever keeps it from a value is an error, which denies.
    private static func evaluate(
        _ program: CELProgram, of gate: Gate, _ context: inout CheckContext
    ) throws(UnknownFact) -> CheckOutcome {
        let binding: CELBinding
        do {
            binding = try GateEnvironment.bind(context.facts.value, of: gate, now: context.now)
        } catch {
            let name = error.findings.first?.pointer.path ?? ""
            throw UnknownFact(name: name, cause: "the fact \(name) fits no condition")
        }
        let evaluation = program.evaluate(binding)
        for (path, value) in evaluation.values { context.note(path, value) }
        switch evaluation.result {
        case .success(.bool(true)): return .pass
        case .success(.bool(false)): return .fail
        case .success: throw UnknownFact(name: "", cause: "the condition has no value")
        case .failure(let error):
            throw UnknownFact(name: "", cause: "\(error.position): \(error.message)")
        }
    }

    var parameters: [CheckParameter: JSON] {
        switch self {
        case .check(_, let parameters): parameters
        case .expression: [:]
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
        let condition: RuleCondition?
        let known: Set<String>
        if let text = reader.optionalString("condition", length: 1...CELLimits.bytes) {
            condition = expression(text, reader, gate: gate)
            known = GateEnvironment.paths(of: gate)
        } else {
            (condition, known) = readCheck(reader, gate: gate)
        }
        let length = 1...ReasonTemplate.maximumLength
        let reason = reader.parsed("reason", as: "text with {names}", length: length) {
            ReasonTemplate($0)
        }
        let waivable = reader.bool("waivable")
        guard let id, let mode, let condition, let reason else { return nil }
        for name in reason.placeholders where !known.contains(name) {
            let source = condition.checkName.map { "check \($0)" } ?? "gate \(gate.rawValue)"
            reader.refuse("reason", "placeholder", "The \(source) yields no {\(name)}.")
        }
        return Rule(
            id: id, title: title, mode: mode, condition: condition, reason: reason,
            waivable: waivable)
    }

    /// Reads a condition; its faults are findings with the place within the text.
    private static func expression(
        _ text: String, _ reader: JSONReader, gate: Gate
    ) -> RuleCondition? {
        do {
            let program = try CELProgram.condition(text, in: GateEnvironment.of(gate))
            return .expression(program, gate)
        } catch {
            reader.refuse("condition", error.code.rawValue, error.description)
            return nil
        }
    }

    private static func readCheck(
        _ reader: JSONReader, gate: Gate
    ) -> (condition: RuleCondition?, values: Set<String>) {
        let check = reader.parsed("check", as: "the name of a check of this gate") { name in
            Check.builtIn[name].flatMap { $0.gates.contains(gate) ? $0 : nil }
        }
        let parameters = readParameters(reader, of: check)
        guard let check else { return (nil, []) }
        return (
            .check(check, parameters), check.values.union(check.parameters.map(\.rawValue))
        )
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
