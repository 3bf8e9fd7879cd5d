// Tests of a pack: facts, and what its gates must answer.
//
// A file of tests (strict YAML, below policies/tests/) is about one gate. It states facts once, and
// each test what is different in them:
//
//     gate: deploy
//     subject: credit/scorecard@3
//     now: "2026-11-21T08:00:00.000Z"
//     facts: { … }
//     tests:
//       - name: altered bytes are denied
//         set: { /artifact/presentedDigest: "00…" }
//         remove: [/use]
//         expect: { verdict: deny, rules: { DEP-001: fail }, missing: [{ kind: artifact, detail: "…" }] }
//     scenarios:
//       - name: an approval runs out
//         steps: [ …tests, each upon the facts and the time of the one before… ]
//
// Pointers are JSON pointers; `-` behind a list appends. The text "{pack.digest}" among the facts
// stands for the digest of the pack under test. Rules that `expect` does not name must pass, or not
// apply. `missing`, where it is stated, must be all that is missing, in any order.

package import CanonicalJSON

/// One question to a gate, and the answer wanted.
package struct PackTest: Sendable {
    /// The file it is in.
    package let file: String
    /// What it shows; of a scenario its name and the step's.
    package let name: String
    package let gate: Gate
    package let subject: DecisionSubject
    package let now: Timestamp
    /// As written; the pack's digest is filled in when the test runs.
    package let facts: JSON
    package let verdict: Verdict
    /// The rules that do not pass.
    package let rules: [String: RuleResult]
    /// Everything that is missing; nil where the test does not say.
    package let missing: [Need]?

    /// The facts for a pack.
    package func facts(for pack: PolicyPack) -> JSON {
        facts.replacing("{pack.digest}", with: .hex(pack.digest))
    }

    /// What the pack decides.
    package func decide(_ pack: PolicyPack) -> Decision {
        pack.decide(gate: gate, subject: subject, facts: facts(for: pack), now: now)
    }

    /// Where the pack answers otherwise; empty where it answers as wanted.
    package func differences(_ pack: PolicyPack) -> [String] {
        let decision = decide(pack)
        var differences: [String] = []
        if decision.verdict != verdict {
            differences.append(
                "the verdict is \(decision.verdict.rawValue), not \(verdict.rawValue)")
        }
        for outcome in decision.rules {
            let wanted = rules[outcome.id]
            let fits =
                wanted.map { $0 == outcome.result }
                ?? (outcome.result == .pass || outcome.result == .notApplicable)
            guard !fits else { continue }
            differences.append(
                "\(outcome.id) is \(outcome.result.rawValue), not \((wanted ?? .pass).rawValue)"
                    + (outcome.reason.map { ": \($0)" } ?? ""))
        }
        let known = Set(decision.rules.map(\.id))
        for id in rules.keys.sorted(by: bytesPrecede) where !known.contains(id) {
            differences.append("there is no rule \(id) at the gate \(gate.rawValue)")
        }
        if let missing, Set(missing) != Set(decision.missing) {
            differences.append(
                "missing is \(Self.words(decision.missing)), not \(Self.words(missing))")
        }
        return differences
    }

    private static func words(_ needs: [Need]) -> String {
        String(decoding: JSON.array(needs.map(\.json)).canonicalBytes, as: UTF8.self)
    }
}

extension PackTest {
    /// Reads a file of tests; throws everything that is wrong with it.
    package static func read(_ file: PackFile) throws(PackFindings) -> [PackTest] {
        do {
            return try JSONReader.decode(file.tree) { reader in
                guard let base = Base(reading: reader, file: file.path) else { return nil }
                let tests = reader.optional("tests") { list in
                    list.array(count: 1...1_000) { test in
                        test.object { base.read($0, upon: base, prefix: "")?.test }
                    }
                }
                let scenarios = reader.optional("scenarios") { list in
                    list.array(count: 1...200) { item in
                        item.object { base.scenario($0) }
                    }
                }
                return (tests ?? []) + (scenarios ?? []).flatMap { $0 }
            }
        } catch {
            throw PackFindings(findings: error.findings.map { PackFinding(file.path, $0) })
        }
    }

    /// What tests start from.
    private struct Base {
        let file: String
        let gate: Gate
        let subject: DecisionSubject
        var now: Timestamp
        var facts: JSON

        init?(reading reader: JSONReader, file: String) {
            let gate = reader.choice("gate", of: Gate.self)
            let subject = reader.parsed("subject", as: "ns/name@n, at the submit gate ns/name") {
                DecisionSubject($0)
            }
            let now = reader.time("now")
            let facts = reader.object("facts") { facts in
                facts.ignoreUnknownMembers()
                return facts.json()
            }
            guard let gate, let subject, let now else { return nil }
            (self.file, self.gate, self.subject, self.now, self.facts) = (
                file, gate, subject, now, facts
            )
        }

        func scenario(_ reader: JSONReader) -> [PackTest] {
            let name = reader.string("name", length: 1...200)
            var state = self
            return reader.array("steps", count: 1...100) { step in
                step.object { reader -> PackTest? in
                    guard let next = read(reader, upon: state, prefix: "\(name): ") else {
                        return nil
                    }
                    state = next.state
                    return next.test
                }
            }
        }

        /// Reads a test that changes the facts of a state.
        func read(
            _ reader: JSONReader, upon state: Base, prefix: String
        ) -> (test: PackTest, state: Base)? {
            let name = reader.string("name", length: 1...200)
            var state = state
            let now = reader.optional("now") { now in
                now.parsed(as: "a time like 2026-01-01T00:00:00.000Z") { Timestamp($0) }
            }
            if let now { state.now = now }
            let removed = reader.optional("remove") { list in
                list.array(count: 1...100) { $0.string(length: 1...500) }
            }
            let set = reader.optional("set") { map in
                map.map(count: 1...100) { _, value in value.json() }
            }
            for text in removed ?? [] { state.change(text, nil, reader, "remove") }
            for (text, value) in (set ?? [:]).sorted(by: { bytesPrecede($0.key, $1.key) }) {
                state.change(text, value, reader, "set")
            }
            let expected = reader.object("expect", Expected.init)
            guard let verdict = expected.verdict else { return nil }
            let test = PackTest(
                file: file, name: prefix + name, gate: gate, subject: subject, now: state.now,
                facts: state.facts, verdict: verdict, rules: expected.rules,
                missing: expected.missing)
            return (test, state)
        }

        private mutating func change(
            _ text: String, _ value: JSON?, _ reader: JSONReader, _ member: String
        ) {
            guard let pointer = try? JSONPointer(parsing: text),
                let changed = facts.changing(pointer.tokens[...], to: value)
            else {
                let message = "The facts have no place \(text)."
                reader.refuse(member, "place", message)
                return
            }
            facts = changed
        }
    }

    private struct Expected {
        let verdict: Verdict?
        let rules: [String: RuleResult]
        let missing: [Need]?

        init(_ reader: JSONReader) {
            verdict = reader.choice("verdict", of: Verdict.self)
            rules =
                reader.optional("rules") { map in
                    map.map(count: 1...200) { _, result in result.choice(of: RuleResult.self) }
                        .compactMapValues { $0 }
                } ?? [:]
            missing = reader.optional("missing") { list in
                list.array(count: 0...200) { need in
                    need.object { need in
                        let detail = need.json("detail")
                        return need.parsed("kind", as: "a kind of what can be missing") {
                            RuleNeed.kinds.contains($0) ? $0 : nil
                        }.map { Need($0, detail) }
                    }
                }
            }
        }
    }
}

extension JSON {
    /// This value with another at a place, or without it; nil where there is no such place.
    package func changing(_ path: ArraySlice<String>, to value: JSON?) -> JSON? {
        guard let name = path.first else { return value }
        let rest = path.dropFirst()
        switch self {
        case .object(var members):
            if rest.isEmpty {
                guard value != nil || members[name] != nil else { return nil }
                members[name] = value
            } else {
                guard let inner = members[name]?.changing(rest, to: value) else { return nil }
                members[name] = inner
            }
            return .object(members)
        case .array(var elements):
            if name == "-", rest.isEmpty, let value { return .array(elements + [value]) }
            guard let index = Int(name), elements.indices.contains(index) else { return nil }
            if rest.isEmpty {
                if let value { elements[index] = value } else { elements.remove(at: index) }
            } else {
                guard let inner = elements[index].changing(rest, to: value) else { return nil }
                elements[index] = inner
            }
            return .array(elements)
        case .null, .bool, .integer, .double, .string: return nil
        }
    }

    /// This value with every text that is a certain one replaced.
    func replacing(_ text: String, with other: JSON) -> JSON {
        switch self {
        case .string(text): other
        case .array(let elements): .array(elements.map { $0.replacing(text, with: other) })
        case .object(let members): .object(members.mapValues { $0.replacing(text, with: other) })
        case .null, .bool, .integer, .double, .string: self
        }
    }
}
