// The shipped pack's own tests: all pass, they meet every part of it, and no condition can be bent without
// one of them noticing.

import CanonicalJSON
import Cryptography
import Testing

@testable import Expressions
@testable import Governance

@Suite struct `The shipped tests` {
    @Test func `pass`() throws {
        let pack = try ShippedPack.pack()
        let tests = try ShippedPack.tests()
        #expect(tests.count > 120)
        for test in tests { #expect(test.differences(pack) == [], "\(test.gate) \(test.name)") }
    }

    @Test func `meet every part of every rule, holding and failing`() throws {
        let pack = try ShippedPack.pack()
        let coverage = PackCoverage(of: pack, by: try ShippedPack.tests())
        #expect(coverage.parts.filter { !$0.isCovered } == [])
        #expect(coverage.isComplete)
        let rules = Set(pack.rules.values.joined().map(\.id))
        #expect(Set(coverage.parts.map(\.rule)) == rules)
    }

    @Test func `miss what a left-out test would have met`() throws {
        let tests = try ShippedPack.tests().filter { $0.rules["DEP-501"] == nil }
        let coverage = PackCoverage(of: try ShippedPack.pack(), by: tests)
        #expect(Set(coverage.parts.filter { !$0.isCovered }.map(\.rule)) == ["DEP-501"])
    }

    @Test(arguments: Gate.allCases)
    func `notice every bent condition`(_ gate: Gate) throws {
        let pack = try ShippedPack.pack()
        let tests = try ShippedPack.tests().filter { $0.gate == gate }
        var (conditions, mutants) = (0, 0)
        for (index, rule) in (pack.rules[gate] ?? []).enumerated() {
            guard case .expression(let program) = rule.condition else { continue }
            conditions += 1
            for mutant in program.syntax.mutants {
                guard
                    let bent = try? CELProgram.condition(
                        mutant.description, in: program.environment)
                else { continue }
                mutants += 1
                var rules = pack.rules
                rules[gate]?[index] = rule.replacing(.expression(bent))
                let changed = pack.replacing(rules)
                #expect(
                    tests.contains { !$0.differences(changed).isEmpty }, "\(rule.id): \(mutant)")
            }
        }
        #expect(conditions >= 5)
        #expect(mutants >= 5 * conditions)
    }

    @Test(arguments: Gate.allCases)
    func `notice every check that is left out`(_ gate: Gate) throws {
        let pack = try ShippedPack.pack()
        let tests = try ShippedPack.tests().filter { $0.gate == gate }
        let always = try CELProgram.condition("true", in: GateEnvironment.of(gate))
        for (index, rule) in (pack.rules[gate] ?? []).enumerated() {
            var rules = pack.rules
            rules[gate]?[index] = rule.replacing(.expression(always))
            let changed = pack.replacing(rules)
            #expect(tests.contains { !$0.differences(changed).isEmpty }, "\(rule.id)")
        }
    }

    @Test(
        arguments: [
            ("/tests/0/expect/verdict", "perhaps", "/tests/0/expect/verdict"),
            ("/tests/0/expect/rules", ["DEP-001": "maybe"], "/tests/0/expect/rules/DEP-001"),
            ("/tests/1/set", ["/nowhere/at/all": 1], "/tests/1/set"),
            ("/tests/0/remove", ["/nowhere"], "/tests/0/remove"),
            ("/gate", "launch", "/gate"), ("/now", "today", "/now"),
            (
                "/tests/0/expect/missing", [["kind": "luck", "detail": 1]],
                "/tests/0/expect/missing/0/kind"
            ),
            ("/tests/0/unknown", 1, "/tests/0/unknown"),
        ] as [(String, JSON, String)])
    func `of a faulty file are refused with their place`(
        _ pointer: String, _ value: JSON, _ place: String
    ) throws {
        let file = try ShippedPack.file("tests/deploy.yaml")
        let pack = try JSONPointer(parsing: pointer)
        let tree = try #require(file.tree.changing(pack.tokens[...], to: value))
        let error = #expect(throws: PackFindings.self) {
            try PackTest.read(PackFile(path: file.path, bytes: [], tree: tree))
        }
        #expect(error?.findings.map { $0.finding.pointer.description }.contains(place) == true)
    }

    @Test func `that expect something else say what differs`() throws {
        let test = try #require(try ShippedPack.tests().first { $0.rules["DEP-001"] == .fail })
        let wrong = PackTest(
            file: test.file, name: test.name, gate: test.gate, subject: test.subject,
            now: test.now, facts: test.facts, verdict: .allow, rules: ["DEP-999": .fail],
            missing: [])
        let differences = wrong.differences(try ShippedPack.pack())
        #expect(differences.count == 4)
        #expect(differences.first == "the verdict is deny, not allow")
    }
}

extension CELSyntax {
    /// The expression with one thing changed in it, once for each that can be.
    var mutants: [CELSyntax] {
        own
            + parts.indices.flatMap { index in
                parts[index].mutants.map { with($0, at: index) }
            }
    }

    private var own: [CELSyntax] {
        func made(_ kind: Kind) -> CELSyntax { CELSyntax(kind, at: position) }
        switch kind {
        case .binary(let sign, let left, let right):
            let others: [CELBinaryOperator] =
                switch sign {
                case .and: [.or]
                case .or: [.and]
                case .equal: [.notEqual]
                case .notEqual: [.equal]
                case .less: [.lessOrEqual, .greaterOrEqual]
                case .lessOrEqual: [.less, .greater]
                case .greater: [.greaterOrEqual, .lessOrEqual]
                case .greaterOrEqual: [.greater, .less]
                case .add: [.subtract]
                default: []
                }
            let sides = sign == .and ? [left, right] : []
            return others.map { made(.binary($0, left, right)) } + sides
        case .unary(.not, let inner): return [inner]
        case .conditional(let condition, let then, let otherwise):
            return [
                made(.conditional(condition, then: otherwise, otherwise: then)), then, otherwise,
            ]
        case .macro(.all, let range, let variable, let filter, let body):
            return [
                made(.macro(.exists, range, variable: variable, filter: filter, body: body))
            ]
        case .macro(.exists, let range, let variable, let filter, let body):
            return [.all].map {
                made(.macro($0, range, variable: variable, filter: filter, body: body))
            }
        case .literal(.int(let value)):
            return [value + 1, value - 1].map { made(.literal(.int($0))) }
        case .literal(.string(let text)):
            if text.string == "300s" {
                return ["299s", "301s"].map { made(.literal(.string(CELText($0)))) }
            }
            return [made(.literal(.string(CELText(text.string + "x"))))]
        case .list(let elements):
            return elements.indices.map { index in
                var fewer = elements
                fewer.remove(at: index)
                return made(.list(fewer))
            }
        default: return []
        }
    }

    private func with(_ part: CELSyntax, at index: Int) -> CELSyntax {
        var parts = parts
        parts[index] = part
        let kind: Kind =
            switch self.kind {
            case .literal, .name: self.kind
            case .list: .list(parts)
            case .map(let entries):
                .map(
                    entries.indices.map {
                        CELMapEntry(key: parts[2 * $0], value: parts[2 * $0 + 1])
                    })
            case .select(_, let field): .select(parts[0], field)
            case .has(_, let field): .has(parts[0], field)
            case .unary(let sign, _): .unary(sign, parts[0])
            case .index: .index(parts[0], parts[1])
            case .call(let name, nil, _): .call(name, receiver: nil, parts)
            case .call(let name, _, _): .call(name, receiver: parts[0], Array(parts.dropFirst()))
            case .binary(let sign, _, _): .binary(sign, parts[0], parts[1])
            case .conditional: .conditional(parts[0], then: parts[1], otherwise: parts[2])
            case .macro(let macro, _, let variable, let filter, _):
                .macro(
                    macro, parts[0], variable: variable, filter: filter.map { _ in parts[1] },
                    body: parts[parts.count - 1])
            }
        return CELSyntax(kind, at: position)
    }
}
