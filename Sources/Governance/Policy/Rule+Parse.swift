// Reading a rule from a gate's file, with every finding at its place.

internal import CanonicalJSON
internal import Expressions

extension Rule {
    static func isIdentifier(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 2 && parts[0].utf8.count == 3
            && parts[0].utf8.allSatisfy { (0x41...0x5A).contains($0) }
            && parts[1].utf8.count == 3 && parts[1].utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// Reads one rule of a gate's file.
    static func read(_ reader: JSONReader, gate: Gate) -> Rule? {
        let id = reader.parsed("id", as: "three capitals, a hyphen and three digits") {
            isIdentifier($0) ? $0 : nil
        }
        let title = reader.string("title", length: 1...200)
        let mode = reader.choice("mode", of: RuleMode.self)
        let when = readWhen(reader, gate: gate)
        let text = reader.optionalString("condition", length: 1...CELLimits.bytes)
        let (condition, known) =
            text.map { (readCondition($0, reader, gate: gate), []) }
            ?? readCheck(reader, gate: gate)
        let need = readNeed(reader, gate: gate, hasCondition: text != nil)
        let length = 1...ReasonTemplate.maximumLength
        let reason = reader.parsed("reason", as: "text with {names}", length: length) {
            ReasonTemplate($0)
        }
        let waivable = reader.bool("waivable")
        let waivableBy = readWaivers(reader, waivable: waivable)
        let controls = readControls(reader)
        guard let id, let mode, let condition, let reason else { return nil }
        var shown: [String: CELProgram] = [:]
        if text != nil {
            shown = readPlaceholders(of: reason, reader, gate: gate)
        } else {
            for name in reason.placeholders where !known.contains(name) {
                let source = condition.checkName.map { "check \($0)" } ?? "rule"
                reader.refuse("reason", "placeholder", "The \(source) yields no {\(name)}.")
            }
        }
        return Rule(
            id: id, title: title, mode: mode, gate: gate, when: when, condition: condition,
            reason: reason, shown: shown, need: need, waivable: waivable, waivableBy: waivableBy,
            controls: controls)
    }

    private static func readWhen(_ reader: JSONReader, gate: Gate) -> CELProgram? {
        reader.optionalString("when", length: 1...CELLimits.bytes).flatMap {
            program($0, "when", reader, gate: gate, isCondition: true)
        }
    }

    private static func readCondition(
        _ text: String, _ reader: JSONReader, gate: Gate
    ) -> RuleCondition? {
        program(text, "condition", reader, gate: gate, isCondition: true)
            .map(RuleCondition.expression)
    }

    /// Reads an expression; its fault is a finding with the place within the text.
    private static func program(
        _ text: String, _ member: String, _ reader: JSONReader, gate: Gate, isCondition: Bool
    ) -> CELProgram? {
        do {
            let environment = GateEnvironment.of(gate)
            return isCondition
                ? try CELProgram.condition(text, in: environment)
                : try CELProgram(text, in: environment)
        } catch {
            reader.refuse(member, error.code.rawValue, error.description)
            return nil
        }
    }

    /// Every name in a reason is an expression over the facts; most are just a fact.
    private static func readPlaceholders(
        of reason: ReasonTemplate, _ reader: JSONReader, gate: Gate
    ) -> [String: CELProgram] {
        var shown: [String: CELProgram] = [:]
        for text in reason.placeholders where shown[text] == nil {
            do {
                shown[text] = try CELProgram(text, in: GateEnvironment.of(gate))
            } catch {
                reader.refuse(
                    "reason", "placeholder",
                    "The gate \(gate.rawValue) yields no {\(text)}: \(error.message)")
            }
        }
        return shown
    }

    private static func readNeed(
        _ reader: JSONReader, gate: Gate, hasCondition: Bool
    ) -> RuleNeed? {
        guard hasCondition else { return nil }
        return reader.optional("missing") { member in
            member.object { need -> RuleNeed? in
                let kind = need.parsed("kind", as: "a kind of what can be missing") {
                    RuleNeed.kinds.contains($0) ? $0 : nil
                }
                let each = need.optionalString("each", length: 1...CELLimits.bytes)
                let detail = need.optionalString("detail", length: 1...CELLimits.bytes)
                guard let text = each ?? detail, each == nil || detail == nil else {
                    need.refuse("detail", "missing", "Give either `detail` or `each`.")
                    return nil
                }
                let name = each == nil ? "detail" : "each"
                let program = program(text, name, need, gate: gate, isCondition: false)
                guard let kind, let program else { return nil }
                if each != nil, !program.type.isList {
                    need.refuse("each", "type", "This must be a list, not \(program.type).")
                }
                return RuleNeed(kind: kind, detail: program, isEach: each != nil)
            }
        }
    }

    private static func readWaivers(_ reader: JSONReader, waivable: Bool) -> [Role] {
        let roles = reader.optional("waivable_by") { list in
            list.set(count: 1...9) { $0.choice(of: Role.self) }
        }
        if roles != nil, !waivable {
            reader.refuse(
                "waivable_by", "value", "A rule that is not waivable is waived by nobody.")
        }
        return (roles ?? []).sorted()
    }

    private static func readControls(_ reader: JSONReader) -> [String] {
        let controls = reader.optional("controls") { list in
            list.set(count: 1...50) { element in
                element.parsed(as: "a framework and a control, like eu-ai-act/15.5") {
                    ControlName($0)?.description
                }
            }
        }
        return (controls ?? []).sorted(by: bytesPrecede)
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
