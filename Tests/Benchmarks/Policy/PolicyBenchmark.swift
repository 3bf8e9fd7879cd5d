// policy.decide.*: the shipped deploy gate, beside cel-python and Cedar deciding the same conditions.
//
// Ours is the whole decision: facts checked and bound, every rule judged, values, reasons and what is
// missing collected, the facts hashed. The peers decide only the rules whose condition is written in CEL
// (cel-python the very text; Cedar its own words for it), and say yes or no. Everything is parsed and
// compiled before the time begins, and the peers must agree with us on every condition of every case.

import CanonicalJSON
import Cryptography
import Governance
import Registry

/// Decisions per second of a prepared pack.
enum PolicyBenchmark {
    static let names = ["policy.decide.vs_cel_python", "policy.decide.vs_cedar"]

    static func run(_ options: Options, _ scratch: Scratch) async throws -> [Comparison] {
        let folder = try scratch.folder("policy")
        defer { scratch.remove("policy") }
        let cases = try Cases(options)
        let input = folder + "/cases.json"
        try AppendBenchmark.write(
            String(decoding: cases.document.canonicalBytes, as: UTF8.self), to: input)
        let peers = try PolicyPeers(options)
        let seconds = Double(options.seconds) / 5
        var comparisons: [Comparison] = []
        for (name, peer) in zip(names, ["cel", "cedar"]) where options.wants(name) {
            var ours: [Double] = []
            var others: [Double] = []
            for _ in 0..<options.pairs {
                ours.append(cases.rate(seconds: seconds))
                others.append(try peers.rate(peer, input, seconds: seconds))
            }
            let comparison = Comparison(
                name: name, unit: "decisions/s", ours: ours, peer: others)
            let each = 1e6 / ours.median
            say(
                """
                \(name): ours \(each.short) µs a decision, \
                \((each / Double(cases.ruleCount)).short) µs for each of \(cases.ruleCount) rules; \
                peer \((1e6 / others.median).short) µs for \(cases.conditions.count) of them
                """)
            comparisons.append(comparison)
        }
        return comparisons
    }
}

/// Questions to the deploy gate: those of the pack's own tests whose conditions all have a truth.
private struct Cases {
    let pack: PolicyPack
    let tests: [(test: PackTest, facts: JSON)]
    /// The text of each condition, by rule.
    let conditions: [(rule: String, text: String)]
    let ruleCount: Int

    init(_ options: Options) throws {
        let folder = options.repository + "/policies"
        let files = try PackFolder.read(folder).files
        let pack = try PolicyPack.parse(files)
        let gate = files.first { $0.path == "gates/deploy.yaml" }
        let conditions = (gate?.tree["rules"]?.array ?? []).compactMap { rule in
            rule["id"]?.string.flatMap { id in
                rule["condition"]?.string.map { (rule: id, text: $0) }
            }
        }
        guard !conditions.isEmpty else { throw Failure("the deploy gate has no condition") }
        let rules = Set(conditions.map(\.rule))
        self.pack = pack
        self.conditions = conditions
        ruleCount = pack.rules[.deploy]?.count ?? 0
        tests = try PackFolder.tests(folder).flatMap { try PackTest.read($0) }
            .filter { test in
                test.gate == .deploy
                    && test.decide(pack).rules.allSatisfy {
                        !rules.contains($0.id) || $0.result != .error
                    }
            }
            .map { ($0, $0.facts(for: pack)) }
        guard tests.count >= 20 else { throw Failure("only \(tests.count) cases") }
    }

    /// What the peers read: conditions, and of each case the facts and what we say of each condition.
    var document: JSON {
        let header: JSON = [
            "name": .string(pack.name), "version": .integer(pack.version),
            "digest": .string(pack.digest.hex), "effectiveFrom": .text(pack.effectiveFrom),
        ]
        return [
            "conditions": .array(
                conditions.map { ["rule": .string($0.rule), "text": .string($0.text)] }),
            "cases": .array(
                tests.map { test, facts in
                    var facts = facts.object ?? [:]
                    facts["now"] = .text(test.now)
                    facts["pack"] = header
                    let results = Dictionary(
                        test.decide(pack).rules.map { ($0.id, $0.result) },
                        uniquingKeysWith: { first, _ in first })
                    return [
                        "facts": .object(facts),
                        "truths": .array(conditions.map { .bool(results[$0.rule] == .pass) }),
                    ]
                }),
        ]
    }

    /// Decisions per second of one thread, all cases in turn.
    func rate(seconds: Double) -> Double {
        let start = Clock.now
        var count = 0
        var allowed = 0
        while Clock.now - start < seconds {
            for (test, facts) in tests {
                let decision = pack.decide(
                    gate: .deploy, subject: test.subject, facts: facts, now: test.now)
                if decision.verdict == .allow { allowed += 1 }
            }
            count += tests.count
        }
        let elapsed = Clock.now - start
        // Used, so that no decision is left out.
        return allowed > 0 ? Double(count) / elapsed : 0
    }
}

/// cel-python and Cedar, in a Python environment of their own.
private struct PolicyPeers {
    private static let packages = ["cel-python==0.5.0", "cedarpy==4.12.2"]
    private let python: String
    private let script: String

    /// Installs them when they are missing.
    init(_ options: Options) throws {
        let environment = try PythonEnvironment(
            "policy-cel-0.5.0-cedar-4.12.2", packages: Self.packages, options)
        python = environment.path + "/bin/python3"
        script = options.repository + "/Tests/Benchmarks/Policy/peers.py"
    }

    /// Decisions per second of `cel` or `cedar`.
    func rate(_ peer: String, _ input: String, seconds: Double) throws -> Double {
        let output = try Program.run([python, script, peer, input, "\(seconds)"]).output
        let text = output.split(whereSeparator: \.isNewline).last.map(String.init) ?? ""
        guard let rate = Double(text) else { throw Failure("\(peer) said \(output)") }
        return rate
    }
}
