// Reads regular expressions.

/// A cursor on a pattern.
struct CELPatternParser {
    private var rest: ArraySlice<Unicode.Scalar>
    private var depth = 0

    init(_ text: String) { rest = Array(text.unicodeScalars)[...] }

    mutating func pattern() throws(CELProblem) -> CELPattern.Node {
        let node = try choice()
        guard rest.isEmpty else { throw Self.problem("a closing bracket has no opening one") }
        return node
    }

    private static func problem(_ what: String) -> CELProblem {
        CELProblem(.invalidArgument, "The regular expression cannot be used: \(what).")
    }

    private mutating func skip(_ text: String) -> Bool {
        guard rest.starts(with: text.unicodeScalars) else { return false }
        rest = rest.dropFirst(text.unicodeScalars.count)
        return true
    }

    private mutating func choice() throws(CELProblem) -> CELPattern.Node {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 32 else { throw Self.problem("more than 32 groups nest") }
        var parts = [try sequence()]
        while skip("|") { try parts.append(sequence()) }
        return .choice(parts)
    }

    private mutating func sequence() throws(CELProblem) -> CELPattern.Node {
        var parts: [CELPattern.Node] = []
        while let first = rest.first, first != "|", first != ")" {
            let part = try atom()
            try parts.append(repeated(part))
        }
        return .sequence(parts)
    }

    private mutating func repeated(
        _ part: CELPattern.Node
    ) throws(CELProblem) -> CELPattern.Node {
        let node: CELPattern.Node
        if skip("*") {
            node = .repeated(part, 0, nil)
        } else if skip("+") {
            node = .repeated(part, 1, nil)
        } else if skip("?") {
            node = .repeated(part, 0, 1)
        } else if rest.first == "{", let (least, most) = try bounds() {
            node = .repeated(part, least, most)
        } else {
            return part
        }
        _ = skip("?")
        if let next = rest.first, "*+?".unicodeScalars.contains(next) {
            throw Self.problem("a repetition is repeated")
        }
        return node
    }

    /// `{n}`, `{n,}`, `{n,m}`; nil when the brace is only a brace.
    private mutating func bounds() throws(CELProblem) -> (Int, Int?)? {
        let start = rest
        rest = rest.dropFirst()
        guard let least = number() else {
            rest = start
            return nil
        }
        var most: Int? = least
        if skip(",") { most = number() }
        guard skip("}") else {
            rest = start
            return nil
        }
        guard least <= 128, most ?? 128 <= 128, most ?? least >= least else {
            throw Self.problem("repetitions are bounded by {n,m} with n <= m <= 128")
        }
        return (least, most)
    }

    private mutating func number() -> Int? {
        let digits = rest.prefix { ("0"..."9").contains($0) }
        guard (1...4).contains(digits.count) else { return nil }
        rest = rest.dropFirst(digits.count)
        return digits.reduce(0) { $0 * 10 + Int($1.value - 0x30) }
    }

    private mutating func atom() throws(CELProblem) -> CELPattern.Node {
        guard let first = rest.first else { return .sequence([]) }
        if first == "{", case let start = rest {
            // A brace that begins no bounds stands for itself, as in RE2; bounds repeat nothing here.
            if try bounds() != nil { throw Self.problem("there is nothing to repeat") }
            rest = start
        }
        rest = rest.dropFirst()
        switch first {
        case "^": return .start
        case "$": return .end
        case ".": return .scalars([0x0A...0x0A], negated: true)
        case "*", "+", "?": throw Self.problem("there is nothing to repeat")
        case "(":
            if rest.first == "?", !skip("?:") {
                throw Self.problem("groups have no flags or names")
            }
            let inner = try choice()
            guard skip(")") else { throw Self.problem("a group is not closed") }
            return inner
        case "[": return try characterClass()
        case "\\":
            let (ranges, negated) = try escape()
            return .scalars(ranges, negated: negated)
        default: return .scalars([first.value...first.value], negated: false)
        }
    }

    private typealias Ranges = [ClosedRange<UInt32>]

    private mutating func escape() throws(CELProblem) -> (Ranges, Bool) {
        guard let mark = rest.popFirst() else { throw Self.problem("it ends with a backslash") }
        switch mark {
        case "d", "D": return ([0x30...0x39], mark == "D")
        case "w", "W": return ([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A], mark == "W")
        case "s", "S": return ([0x09...0x0A, 0x0C...0x0D, 0x20...0x20], mark == "S")
        case "n": return ([0x0A...0x0A], false)
        case "r": return ([0x0D...0x0D], false)
        case "t": return ([0x09...0x09], false)
        default:
            let isPunctuation =
                mark.isASCII && mark.value > 0x20 && mark.value < 0x7F
                && !mark.properties.isAlphabetic && !("0"..."9").contains(mark)
            guard isPunctuation else { throw Self.problem("\\\(mark) is left out") }
            return ([mark.value...mark.value], false)
        }
    }

    private mutating func characterClass() throws(CELProblem) -> CELPattern.Node {
        let negated = skip("^")
        var ranges: Ranges = []
        var isFirst = true
        while let first = rest.popFirst() {
            if first == "]", !isFirst { return .scalars(ranges, negated: negated) }
            isFirst = false
            if first == "[", rest.first == ":" { throw Self.problem("named classes are left out") }
            var low = first.value
            if first == "\\" {
                let (escaped, isNegated) = try escape()
                if isNegated { throw Self.problem("\\D, \\W and \\S stand outside of classes") }
                guard escaped.count == 1, escaped[0].count == 1 else {
                    ranges += escaped
                    continue
                }
                low = escaped[0].lowerBound
            }
            var high = low
            if rest.first == "-", rest.dropFirst().first.map({ $0 != "]" }) == true {
                rest = rest.dropFirst()
                guard let last = rest.popFirst() else { break }
                high = last.value
                if last == "\\" {
                    let (escaped, _) = try escape()
                    guard escaped.count == 1, escaped[0].count == 1 else {
                        throw Self.problem("a range ends with one character")
                    }
                    high = escaped[0].lowerBound
                }
            }
            guard low <= high else { throw Self.problem("a range runs backwards") }
            ranges.append(low...high)
        }
        throw Self.problem("a class is not closed")
    }
}
