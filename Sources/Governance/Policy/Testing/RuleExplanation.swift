// A rule in words, for people who neither read CEL nor YAML: what it demands, what it reads, what a
// failure does, and why it is there.

package import CanonicalJSON
internal import Expressions

/// What can be said of a rule without asking it anything.
package struct RuleExplanation: Sendable {
    private let rule: Rule
    private let pack: PolicyPack

    /// Explains a rule of a pack; nil when the pack has none of that id.
    package init?(_ id: String, in pack: PolicyPack) {
        guard let rule = pack.rules.values.joined().first(where: { $0.id == id }) else {
            return nil
        }
        self.rule = rule
        self.pack = pack
    }

    /// The demands, each of which must hold: parts of the condition, or what the check looks at.
    package var demands: [String] {
        switch rule.condition {
        case .check(let check, let parameters):
            ["check \(check.name): \(CheckWords.demand(of: check.name))"]
                + parameters.sorted { bytesPrecede($0.key.rawValue, $1.key.rawValue) }.map {
                    "\($0.key.rawValue) \(Self.words($0.value))"
                }
        case .expression(let program): program.syntax.conjuncts.map(\.description)
        }
    }

    /// The facts that are read, as dotted paths.
    package var facts: [String] {
        let condition =
            switch rule.condition {
            case .check(let check, _): check.values.sorted(by: bytesPrecede)
            case .expression(let program): program.syntax.facts
            }
        return condition + (rule.when?.syntax.facts ?? []).filter { !condition.contains($0) }
    }

    /// What a failure does.
    package var effect: String {
        let failure =
            switch rule.mode {
            case .enforce: "a failure denies"
            case .warn: "a failure is shown and does not deny"
            case .audit: "a failure is recorded and does not deny"
            }
        return "\(failure); a fact that is missing denies"
    }

    /// Whether and by whom it can be waived.
    package var waiver: String {
        guard rule.waivable else { return "never" }
        return rule.waivableBy.isEmpty
            ? "yes; the pack does not say by whom"
            : "by " + rule.waivableBy.map(\.rawValue).joined(separator: " or ")
    }

    /// The checks that every pack must make and this rule makes.
    package var floor: [String] {
        rule.made.filter { PackFloor.every(rule.gate).contains($0) }
    }

    /// Line by line.
    package var text: String {
        func block(_ name: String, _ lines: [String]) -> [String] {
            lines.enumerated().map { index, line in
                (index == 0 ? name : "").padded(to: 12) + line
            }
        }
        var lines = ["\(rule.id)  \(rule.title)", ""]
        lines += block("gate", ["\(rule.gate.rawValue): \(effect)"])
        if let when = rule.when { lines += block("applies", ["when \(when.syntax)"]) }
        lines += block("demands", demands)
        lines += block("reads", facts)
        lines += block("answers", [rule.reason.text])
        if let need = rule.need {
            lines += block("asks for", ["\(need.kind) \(need.detail.syntax)"])
        }
        lines += block("waivable", [waiver])
        if !floor.isEmpty {
            lines += block(
                "floor", ["\(floor.joined(separator: ", ")): no pack can leave this out"])
        }
        lines += block("serves", rule.controls.isEmpty ? ["no control is named"] : rule.controls)
        lines += block("pack", ["\(pack.name) version \(pack.version), \(pack.digest)"])
        return lines.joined(separator: "\n")
    }

    /// The same as a document.
    package var json: JSON {
        [
            "id": .string(rule.id), "title": .string(rule.title),
            "gate": .string(rule.gate.rawValue), "mode": .string(rule.mode.rawValue),
            "when": rule.when.map { .string($0.syntax.description) } ?? .null,
            "demands": .array(demands.map(JSON.string)), "facts": .array(facts.map(JSON.string)),
            "reason": .string(rule.reason.text), "waivable": .bool(rule.waivable),
            "waivableBy": .array(rule.waivableBy.map { .string($0.rawValue) }),
            "floor": .array(floor.map(JSON.string)),
            "controls": .array(rule.controls.map(JSON.string)),
            "policy": ["name": .string(pack.name), "version": .integer(pack.version)],
        ]
    }

    private static func words(_ value: JSON) -> String {
        value.array.map { $0.compactMap(\.string).joined(separator: ", ") }
            ?? String(decoding: value.canonicalBytes, as: UTF8.self)
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}
