// Our evaluator against the reference implementation of Python, on mutations of a valid card.

import CanonicalJSON
import Schema
import TestSupport
import Testing

@testable import Governance

@Suite(.enabled(if: Peers.has("jsonschema"), Peers.hint))
struct SchemaDifferentialTests {
    @Test func `both accept and refuse the same cards`() throws {
        let schema = try publishedSchema()
        let card = try exampleCard()
        var mutations: [JSON] = [card, smallestCard()]
        var places: [JSONPointer] = [.root]
        collectAll(card, .root, &places)
        var random = SplitMix(state: 7)
        for place in places {
            for _ in 0..<6 { mutations.append(mutate(card, at: place, &random)) }
        }
        for _ in 0..<400 {
            let first = places.randomElement(using: &random) ?? .root
            let second = places.randomElement(using: &random) ?? .root
            mutations.append(mutate(mutate(card, at: first, &random), at: second, &random))
        }
        let input: JSON = [
            "schema": try JSON(parsing: Fixtures.ours("docs/reference/model-card.schema.json")),
            "cards": .array(mutations),
        ]
        let program = """
            import json, sys, jsonschema
            task = json.load(sys.stdin)
            check = jsonschema.Draft202012Validator(task["schema"])
            print("".join("1" if check.is_valid(card) else "0" for card in task["cards"]))
            """
        let ran = try Peers.python(["-W", "ignore", "-c", program], input: input.canonicalBytes)
        let answers = ran.output.filter { !$0.isWhitespace }
        try #require(answers.count == mutations.count)
        var accepted = 0
        for (answer, card) in zip(answers, mutations) {
            let findings = schema.findings(in: card)
            if answer == "1" { accepted += 1 }
            #expect((answer == "1") == findings.isEmpty, "\(findings)")
        }
        // Both kinds must occur often, or the comparison says little.
        #expect(accepted > 100)
        #expect(mutations.count - accepted > 500)
    }

    private func collectAll(_ value: JSON, _ place: JSONPointer, _ places: inout [JSONPointer]) {
        switch value {
        case .object(let members):
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                places.append(place.appending(name))
                collectAll(member, place.appending(name), &places)
            }
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                places.append(place.appending(index))
                collectAll(element, place.appending(index), &places)
            }
        default: return
        }
    }

    private func mutate(_ card: JSON, at place: JSONPointer, _ random: inout SplitMix) -> JSON {
        let other: [JSON] = [
            .null, true, 0, -1, 7, .double(1.5), .string(""), "x", "2026-11-21", "unknown", "1", 3,
            .string(String(repeating: "y", count: 301)),
            .string(String(repeating: "z", count: 8_001)),
            [], [1, 1], ["a", "a"], [:], ["commitment": "00"],
            ["commitment": .string(String(repeating: "0", count: 64))],
            .string(String(repeating: "a", count: 64)), "credit/scorecard", "0.80", "-0.5", "1e3",
        ]
        let replacement = other.randomElement(using: &random) ?? .null
        let choice = Int.random(in: 0..<4, using: &random)
        if place == .root { return choice == 0 ? replacement : add(card, replacement) }
        return replace(card, place.tokens[...]) { value in
            switch choice {
            case 0: replacement
            case 1: add(value, replacement)
            case 2: cut(value)
            default: edit(value)
            }
        }
    }

    private func add(_ value: JSON, _ new: JSON) -> JSON {
        switch value {
        case .object(let members): .object(members.merging(["surprise": new]) { $1 })
        case .array(let elements): .array(elements + [new])
        default: new
        }
    }

    private func cut(_ value: JSON) -> JSON {
        switch value {
        case .object(var members):
            if let name = members.keys.min() { members[name] = nil }
            return .object(members)
        case .array(let elements): return .array(Array(elements.dropFirst()))
        case .string(let text): return .string(String(text.dropLast()))
        default: return .null
        }
    }

    private func edit(_ value: JSON) -> JSON {
        switch value {
        case .string(let text): .string(text + "é")
        case .integer(let number): .integer(number * 1_000 + 1)
        case .bool(let truth): .bool(!truth)
        case .array(let elements): .array(elements + elements)
        default: value
        }
    }
}
