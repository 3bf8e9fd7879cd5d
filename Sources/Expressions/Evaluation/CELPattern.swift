// Regular expressions that no text can make slow.
//
// Specification: the part of RE2's syntax that has a meaning here: characters, `.` (not a line feed),
// classes `[a-z_]` and `[^…]`, \d \w \s and their negations \D \W \S (ASCII, also within classes),
// escapes of punctuation and \n \r \t, groups `( )` and `(?: )`, `|`, the repetitions * + ? {n} {n,}
// {n,m} with m <= 128 (lazy ones too: whether a text matches does not depend on it), ^ and $ for the
// ends of the text. A text matches when any part of it does. Everything else is refused when the
// expression is loaded: flags, \b, named classes and groups.
//
// A pattern is compiled to a small program and run on all alternatives at once (Thompson), so a
// match takes time in proportion to the length of the text times that of the program.
//
// Worked example: `^gr(a|e)y$` matches "grey" and "gray" and neither "greys" nor "griy".

/// A compiled regular expression.
struct CELPattern: Sendable {
    enum Step: Sendable {
        case scalars([ClosedRange<UInt32>], negated: Bool)
        case split(Int, Int)
        case jump(Int)
        case start
        case end
        case match
    }

    indirect enum Node {
        case scalars([ClosedRange<UInt32>], negated: Bool)
        case start
        case end
        case sequence([Node])
        case choice([Node])
        case repeated(Node, Int, Int?)
    }

    /// Most steps of a program.
    static let longestProgram = 2_048
    private(set) var program: [Step] = []

    /// Compiles a pattern; throws a sentence about what cannot be read.
    init(_ text: String) throws(CELProblem) {
        var parser = CELPatternParser(text)
        try emit(parser.pattern())
        program.append(.match)
    }

    private mutating func emit(_ node: Node) throws(CELProblem) {
        guard program.count < Self.longestProgram else {
            throw CELProblem(.invalidArgument, "The pattern is too large.")
        }
        switch node {
        case .scalars(let ranges, let negated): program.append(.scalars(ranges, negated: negated))
        case .start: program.append(.start)
        case .end: program.append(.end)
        case .sequence(let parts): for part in parts { try emit(part) }
        case .choice(let parts): try emit(choice: parts[...])
        case .repeated(let part, let least, let most):
            for _ in 0..<least { try emit(part) }
            guard let most else { return try emit(anyNumberOf: part) }
            var splits: [Int] = []
            for _ in least..<max(least, most) {
                splits.append(program.count)
                program.append(.jump(0))
                try emit(part)
            }
            for split in splits { program[split] = .split(split + 1, program.count) }
        }
    }

    private mutating func emit(choice parts: ArraySlice<Node>) throws(CELProblem) {
        guard let first = parts.first else { return }
        guard parts.count > 1 else { return try emit(first) }
        let split = program.count
        program.append(.jump(0))
        try emit(first)
        let jump = program.count
        program.append(.jump(0))
        program[split] = .split(split + 1, program.count)
        try emit(choice: parts.dropFirst())
        program[jump] = .jump(program.count)
    }

    private mutating func emit(anyNumberOf part: Node) throws(CELProblem) {
        let split = program.count
        program.append(.jump(0))
        try emit(part)
        program.append(.jump(split))
        program[split] = .split(split + 1, program.count)
    }

    /// Whether any part of the text matches.
    func matches(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        var marks = Array(repeating: -1, count: program.count)
        var (current, next): ([Int], [Int]) = ([], [])
        for position in 0...scalars.count {
            let (atStart, atEnd) = (position == 0, position == scalars.count)
            // Threads that came from the last scalar are in `current` already; a new one begins.
            var waiting = current + [0]
            current.removeAll(keepingCapacity: true)
            while let place = waiting.popLast() {
                guard marks[place] != position else { continue }
                marks[place] = position
                switch program[place] {
                case .match: return true
                case .jump(let target): waiting.append(target)
                case .split(let one, let other): waiting += [other, one]
                case .start: if atStart { waiting.append(place + 1) }
                case .end: if atEnd { waiting.append(place + 1) }
                case .scalars: current.append(place)
                }
            }
            guard !atEnd else { return false }
            next.removeAll(keepingCapacity: true)
            for place in current {
                guard case .scalars(let ranges, let negated) = program[place] else { continue }
                let isIn = ranges.contains { $0.contains(scalars[position].value) }
                if isIn != negated { next.append(place + 1) }
            }
            swap(&current, &next)
        }
        return false
    }
}
