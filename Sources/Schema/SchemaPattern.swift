// The regular expressions that our schema uses, matched in linear time.
//
// A pattern is anchored, `^…$`, and made of literal characters, escapes of punctuation (`\.`),
// classes such as `[a-z0-9._-]` (no negation), groups `( … | … )`, and the repetitions `?`, `*`, `+`,
// `{n}`, `{n,m}` with m <= 128. That is a subset of ECMA 262 with the same meaning; anything else is
// refused when the schema is loaded. It is compiled to a small program and run on all alternatives
// at once (Thompson), so no input can make it slow.
//
// Worked example: `^p-[0-9a-f]{4}$` accepts "p-00ff" and refuses "p-00FF", "p-00ff0" and "xp-00ff".

/// A compiled pattern.
struct SchemaPattern: Sendable, Hashable {
    private enum Step: Sendable, Hashable {
        case scalars([ClosedRange<UInt32>])
        case split(Int, Int)
        case jump(Int)
        case match
    }

    /// Longest compiled program; only our own schema is compiled, this bounds mistakes in it.
    private static let longestProgram = 4_096

    private indirect enum Node {
        case scalars([ClosedRange<UInt32>])
        case sequence([Node])
        case choice([Node])
        case repeated(Node, Int, Int?)
    }

    /// The pattern as it was written.
    let text: String
    private var steps: [Step] = []

    /// Compiles a pattern; nil when it uses anything outside the subset.
    init?(_ text: String) {
        guard text.hasPrefix("^"), text.hasSuffix("$"), text.utf8.count >= 2 else { return nil }
        var rest = Array(text.unicodeScalars.dropFirst().dropLast())[...]
        guard let node = Self.choice(&rest, depth: 0), rest.isEmpty else { return nil }
        self.text = text
        guard emit(node) else { return nil }
        steps.append(.match)
    }

    /// Whether the whole text matches.
    func matches(_ subject: String) -> Bool {
        var current = reach([0])
        for scalar in subject.unicodeScalars {
            var next: [Int] = []
            for state in current {
                if case .scalars(let ranges) = steps[state],
                    ranges.contains(where: { $0.contains(scalar.value) })
                {
                    next.append(state + 1)
                }
            }
            if next.isEmpty { return false }
            current = reach(next)
        }
        return current.contains { steps[$0] == .match }
    }

    /// The states that can be reached without taking a character.
    private func reach(_ starts: [Int]) -> [Int] {
        var seen = Array(repeating: false, count: steps.count)
        var (pending, result) = (starts, [Int]())
        while let state = pending.popLast() {
            if seen[state] { continue }
            seen[state] = true
            switch steps[state] {
            case .jump(let target): pending.append(target)
            case .split(let one, let other): pending += [one, other]
            case .scalars, .match: result.append(state)
            }
        }
        return result
    }

    // MARK: Compiling

    private mutating func emit(_ node: Node) -> Bool {
        guard steps.count < Self.longestProgram else { return false }
        switch node {
        case .scalars(let ranges): steps.append(.scalars(ranges))
        case .sequence(let parts): return parts.allSatisfy { emit($0) }
        case .choice(let parts):
            var jumps: [Int] = []
            for (index, part) in parts.enumerated() {
                let isLast = index == parts.count - 1
                let split = steps.count
                if !isLast { steps.append(.split(split + 1, 0)) }
                guard emit(part) else { return false }
                if !isLast {
                    jumps.append(steps.count)
                    steps.append(.jump(0))
                    steps[split] = .split(split + 1, steps.count)
                }
            }
            for jump in jumps { steps[jump] = .jump(steps.count) }
        case .repeated(let part, let least, let most):
            for _ in 0..<least { guard emit(part) else { return false } }
            guard let most else {
                let split = steps.count
                steps.append(.split(split + 1, 0))
                guard emit(part) else { return false }
                steps.append(.jump(split))
                steps[split] = .split(split + 1, steps.count)
                return true
            }
            var splits: [Int] = []
            for _ in least..<most {
                splits.append(steps.count)
                steps.append(.split(steps.count + 1, 0))
                guard emit(part) else { return false }
            }
            for split in splits { steps[split] = .split(split + 1, steps.count) }
        }
        return true
    }

    // MARK: Parsing

    private static func choice(_ rest: inout ArraySlice<Unicode.Scalar>, depth: Int) -> Node? {
        guard depth < 16 else { return nil }
        var parts: [Node] = []
        repeat {
            if !parts.isEmpty { rest.removeFirst() }
            guard let part = sequence(&rest, depth: depth) else { return nil }
            parts.append(part)
        } while rest.first == "|"
        return parts.count == 1 ? parts[0] : .choice(parts)
    }

    private static func sequence(_ rest: inout ArraySlice<Unicode.Scalar>, depth: Int) -> Node? {
        var parts: [Node] = []
        while let next = rest.first, next != "|", next != ")" {
            guard let atom = atom(&rest, depth: depth), let part = repetition(of: atom, &rest)
            else { return nil }
            parts.append(part)
        }
        return .sequence(parts)
    }

    private static func atom(_ rest: inout ArraySlice<Unicode.Scalar>, depth: Int) -> Node? {
        switch rest.removeFirst() {
        case "(":
            guard let inner = choice(&rest, depth: depth + 1), rest.popFirst() == ")" else {
                return nil
            }
            return inner
        case "[": return characterClass(&rest)
        case "\\":
            guard let escaped = rest.popFirst(),
                "\\.^$*+?()[]{}|/-".unicodeScalars.contains(escaped)
            else { return nil }
            return .scalars([escaped.value...escaped.value])
        case "^", "$", ".", "*", "+", "?", "{", "}", "]": return nil
        case let literal: return .scalars([literal.value...literal.value])
        }
    }

    private static func characterClass(_ rest: inout ArraySlice<Unicode.Scalar>) -> Node? {
        var ranges: [ClosedRange<UInt32>] = []
        guard rest.first != "^", rest.first != "]" else { return nil }
        while let low = rest.popFirst() {
            if low == "]" { return .scalars(ranges) }
            guard low != "[", low != "\\" else { return nil }
            let second = rest.dropFirst().first
            if rest.first == "-", let high = second, high != "]" {
                guard low.value <= high.value else { return nil }
                rest.removeFirst(2)
                ranges.append(low.value...high.value)
            } else {
                ranges.append(low.value...low.value)
            }
        }
        return nil
    }

    private static func repetition(
        of atom: Node, _ rest: inout ArraySlice<Unicode.Scalar>
    ) -> Node? {
        switch rest.first {
        case "?":
            rest.removeFirst()
            return .repeated(atom, 0, 1)
        case "*":
            rest.removeFirst()
            return .repeated(atom, 0, nil)
        case "+":
            rest.removeFirst()
            return .repeated(atom, 1, nil)
        case "{":
            guard let close = rest.firstIndex(of: "}") else { return nil }
            let inner = rest[rest.index(after: rest.startIndex)..<close]
            let parts = inner.split(separator: ",", omittingEmptySubsequences: false)
            let numbers = parts.compactMap { part in
                Int(String(String.UnicodeScalarView(part)))
            }
            guard numbers.count == parts.count, (1...2).contains(numbers.count),
                let least = numbers.first, let most = numbers.last, (0...128).contains(most),
                (0...most).contains(least)
            else { return nil }
            rest = rest[rest.index(after: close)...]
            return .repeated(atom, least, most)
        default: return atom
        }
    }
}
