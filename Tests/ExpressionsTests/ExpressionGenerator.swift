// Well-typed expressions at random, in the part of CEL that every implementation has.

import TestSupport

/// Writes expressions of a wanted type; the same for the same seed.
struct ExpressionGenerator {
    private var random: SplitMix
    private var variables: [String] = []

    /// Whether lists are ever added: cel-python forgets the type of their sum.
    private let addsLists: Bool

    init(seed: UInt64, addsLists: Bool = true) {
        random = SplitMix(state: seed)
        self.addsLists = addsLists
    }

    private mutating func pick<T>(_ choices: [T]) -> T {
        choices[Int.random(in: 0..<choices.count, using: &random)]
    }

    private mutating func choose(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

    /// An expression whose value is shown the same everywhere: bool, int, string or list(int).
    mutating func expression() -> String {
        variables = []
        let depth = 1 + choose(5)
        switch choose(8) {
        case 0...4: return bool(depth)
        case 5: return int(depth)
        case 6: return string(depth)
        default: return list(depth)
        }
    }

    mutating func bool(_ depth: Int) -> String {
        guard depth > 0 else { return pick(["true", "false"]) }
        let next = depth - 1
        switch choose(15) {
        case 0: return pick(["true", "false"])
        case 1: return "!(\(bool(next)))"
        case 2...3: return "(\(bool(next))) && (\(bool(next)))"
        case 4...5: return "(\(bool(next))) || (\(bool(next)))"
        case 6: return "(\(bool(next)) ? \(bool(next)) : \(bool(next)))"
        case 7...8: return "(\(int(next))) \(comparison()) (\(int(next)))"
        case 9: return "(\(string(next))) \(comparison()) (\(string(next)))"
        case 10: return "(\(list(next))) \(pick(["==", "!="])) (\(list(next)))"
        case 11: return "(\(int(next))) in (\(list(next)))"
        case 12:
            let name = pick(["contains", "startsWith", "endsWith"])
            return "(\(string(next))).\(name)(\(string(next)))"
        default:
            let name = pick(["all", "exists", "exists_one"])
            let range = list(next)
            return bound { variable, generator in
                "(\(range)).\(name)(\(variable), \(generator.bool(next)))"
            }
        }
    }

    private mutating func comparison() -> String { pick(["==", "!=", "<", "<=", ">", ">="]) }

    mutating func int(_ depth: Int) -> String {
        guard depth > 0 else { return number() }
        let next = depth - 1
        switch choose(10) {
        case 0: return number()
        case 1...4: return "(\(int(next))) \(pick(["+", "-", "*", "/"])) (\(int(next)))"
        case 5 where choose(2) == 0: return "-(\(int(next)))"
        // Never by -1: cel-python holds the remainder of the least integer to be nought, where
        // cel-go has an overflow.
        case 5: return "(\(int(next))) % \(pick(["0", "2", "3", "-7"]))"
        case 6: return "size(\(string(next)))"
        case 7: return "(\(list(next))).size()"
        case 8: return "(\(list(next)))[\(pick(["0", "1", "2", "9"]))]"
        default: return "(\(bool(next)) ? \(int(next)) : \(int(next)))"
        }
    }

    private mutating func number() -> String {
        if !variables.isEmpty, choose(2) == 0 { return pick(variables) }
        return pick([
            "0", "1", "2", "3", "7", "-1", "-2", "10", "4611686018427387904",
            "9223372036854775807", "-9223372036854775808",
        ])
    }

    mutating func string(_ depth: Int) -> String {
        guard depth > 0 else { return pick(["''", "'a'", "'b'", "'ab'", "'aba'", "'é'", "'Z'"]) }
        switch choose(4) {
        case 0: return string(0)
        // Called string() because cel-python forgets the type of a sum.
        case 1...2: return "string((\(string(depth - 1))) + (\(string(depth - 1))))"
        default: return "(\(bool(depth - 1)) ? \(string(depth - 1)) : \(string(depth - 1)))"
        }
    }

    mutating func list(_ depth: Int) -> String {
        let next = max(0, depth - 1)
        switch depth > 0 ? choose(6) : 0 {
        case 0...2:
            // Never empty: an implementation without types cannot tell an empty list from another.
            return "[" + (0...choose(4)).map { _ in int(min(next, 1)) }.joined(separator: ", ")
                + "]"
        case 3 where addsLists: return "(\(list(next))) + (\(list(next)))"
        case 3...4:
            let range = list(next)
            return bound { "(\(range)).filter(\($0), \($1.bool(next)))" }
        default:
            let range = list(next)
            return bound { "(\(range)).map(\($0), \($1.int(next)))" }
        }
    }

    /// Something with a variable of its own.
    private mutating func bound(
        _ body: (String, inout ExpressionGenerator) -> String
    ) -> String {
        let name = "x\(variables.count)"
        variables.append(name)
        defer { variables.removeLast() }
        return body(name, &self)
    }
}
