// Which parts of a pack its tests have met: every rule, and every part of every condition both true
// and false. What no test has met might as well be wrong.

package import CanonicalJSON
internal import Expressions

/// What tests have met of a pack.
package struct PackCoverage: Sendable {
    /// One part of a rule that has two answers.
    package struct Part: Sendable, Hashable {
        /// The rule.
        package let rule: String
        /// A part of its condition as CEL, or `check NAME`, or `when …`.
        package let text: String
        /// Whether a test has seen it hold.
        package var held: Bool
        /// Whether a test has seen it fail.
        package var failed: Bool

        /// Whether both were seen.
        package var isCovered: Bool { held && failed }
    }

    /// In the order of the gates and their rules.
    package let parts: [Part]

    /// Parts that are met with both answers.
    package var covered: Int { parts.count(where: \.isCovered) }
    /// Whether nothing is left out.
    package var isComplete: Bool { covered == parts.count }

    /// Runs tests over a pack.
    package init(of pack: PolicyPack, by tests: [PackTest]) {
        var parts: [Part] = []
        for gate in Gate.allCases {
            let asked = tests.filter { $0.gate == gate }
            let decisions = asked.map { $0.decide(pack) }
            let bindings = asked.map { test in
                GateEnvironment.bind(
                    test.facts(for: pack), of: gate, pack: pack, now: test.now)
            }
            for rule in pack.rules[gate] ?? [] {
                if case .check(let check, _) = rule.condition {
                    let results = decisions.compactMap { decision in
                        decision.rules.first { $0.id == rule.id }?.result
                    }
                    parts.append(
                        Part(
                            rule: rule.id, text: "check \(check.name)",
                            held: results.contains(.pass), failed: results.contains(.fail)))
                }
                if case .expression(let program) = rule.condition {
                    parts += Self.parts(of: program, rule.id, "", bindings)
                }
                if let when = rule.when {
                    parts += Self.parts(of: when, rule.id, "when ", bindings)
                }
            }
        }
        self.parts = parts
    }

    private static func parts(
        of program: CELProgram, _ rule: String, _ prefix: String, _ bindings: [CELBinding]
    ) -> [Part] {
        program.branches.map { branch in
            Part(
                rule: rule, text: prefix + branch.part.description,
                held: bindings.contains { branch.holds.evaluate($0).holds },
                failed: bindings.contains { branch.fails.evaluate($0).holds })
        }
    }

    /// `{"covered","parts":[{"failed","held","part","rule"}],"total"}`.
    package var json: JSON {
        [
            "covered": .integer(Int64(covered)), "total": .integer(Int64(parts.count)),
            "parts": .array(
                parts.map {
                    [
                        "rule": .string($0.rule), "part": .string($0.text), "held": .bool($0.held),
                        "failed": .bool($0.failed),
                    ]
                }),
        ]
    }
}
