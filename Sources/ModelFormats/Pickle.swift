// Python pickles, recognised by walking their instructions; nothing is executed.
//
// Specification (CPython, pickletools). A pickle is a program for a stack machine: one byte for an
// instruction, then its argument; "." ends it. Loading executes while it reads, so that a pickle that
// breaks off has already done what stands before the break. Protocol 2 to 5 begin with 80 and their
// number; protocols 0 and 1 have no mark at all. So we walk the instructions with a stack of shapes:
// a file is a pickle when it begins with the mark; or when the walk comes to its end with a value on
// the stack; or when it gets as far as calling something, and has imported by names that Python could
// have (dotted identifiers). Text does not do that by accident, because an underflow of the stack ends
// the walk; random bytes do not, because their names are none.
// What is imported is named: GLOBAL and INST with their two lines, STACK_GLOBAL with the two texts
// that the stack holds.
// Example: "cos\nsystem\n(S'id'\ntR." imports os.system and calls it.

/// What a pickle does.
package struct Pickle: Sendable, Hashable {
    /// The highest protocol that it states; 0 when it states none.
    package private(set) var version = 0
    /// What it imports, "module.name", each once, in order.
    package private(set) var imports: [String] = []
    /// Whether it begins with the mark of protocols 2 to 5.
    package private(set) var isMarked = false
    /// Whether one of the imports is by a name that Python could have.
    package private(set) var importsPlausibly = false
    /// Whether it calls something or builds objects.
    package private(set) var calls = false
    /// Whether its end was found.
    package private(set) var isComplete = false
    /// Where the walk ended.
    package private(set) var end: Int64 = 0

    /// The pickle at the beginning of a source; nil when there is none.
    package static func find(
        in source: ByteSource, limits: FormatLimits = .default
    ) throws(FormatError) -> Pickle? {
        var walk = Walk(source, limits)
        let fault: FormatError?
        do {
            try walk.run()
            fault = nil
        } catch {
            guard error.code != .unreadable else { throw error }
            fault = error
        }
        walk.pickle.end = walk.cursor.offset
        walk.pickle.isComplete = fault == nil
        let mark = try source.prefix(2)
        walk.pickle.isMarked = mark.count == 2 && mark[0] == 0x80 && (2...5).contains(mark[1])
        let executed = walk.pickle.calls && walk.pickle.importsPlausibly
        guard walk.pickle.isMarked || walk.pickle.isComplete || executed else { return nil }
        return walk.pickle
    }

    /// Whether a text is one or more identifiers with dots between them.
    static func isDotted(_ text: String) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
            guard let first = part.unicodeScalars.first, !("0"..."9").contains(first) else {
                return false
            }
            return part.unicodeScalars.allSatisfy { scalar in
                ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
                    || ("0"..."9").contains(scalar)
                    // What was no UTF-8 is replaced while it is read.
                    || (!scalar.isASCII && scalar != "\u{FFFD}" && scalar.properties.isXIDContinue)
            }
        }
    }

    /// What a place on the stack holds, as far as imports need it.
    fileprivate enum Shape {
        case mark
        case text(String)
        case other
    }

    private struct Walk {
        var cursor: ByteCursor
        let limits: FormatLimits
        var pickle = Pickle()
        var stack: [Shape] = []
        var memo: [UInt64: Shape] = [:]
        var known: Set<String> = []

        init(_ source: ByteSource, _ limits: FormatLimits) {
            cursor = ByteCursor(source)
            self.limits = limits
        }

        func fault(_ message: String) -> FormatError {
            FormatError(.malformed, at: cursor.offset, message)
        }

        mutating func run() throws(FormatError) {
            for _ in 0..<limits.steps {
                let code = try cursor.byte()
                if code == UInt8(ascii: ".") {
                    guard case .some(let top) = stack.last, !top.isMark else {
                        throw fault("A pickle ends with an empty stack.")
                    }
                    return
                }
                try step(code)
                guard stack.count <= 1 << 20, memo.count <= 1 << 20 else {
                    throw FormatError(.tooLarge, at: cursor.offset, "A pickle's stack is too high.")
                }
            }
            throw FormatError(.tooLarge, at: cursor.offset, "A pickle has too many instructions.")
        }

        mutating func pop(_ count: Int = 1) throws(FormatError) {
            for _ in 0..<count {
                guard let top = stack.popLast(), !top.isMark else {
                    throw fault("A pickle takes more from its stack than there is.")
                }
            }
        }

        mutating func popToMark() throws(FormatError) {
            while let top = stack.popLast() {
                if top.isMark { return }
            }
            throw fault("A pickle has no mark where it needs one.")
        }

        mutating func imported(_ module: String, _ name: String) {
            let text = "\(module).\(name)"
            if Pickle.isDotted(module), Pickle.isDotted(name) { pickle.importsPlausibly = true }
            guard pickle.imports.count < 256, known.insert(text).inserted else { return }
            pickle.imports.append(text)
        }

        /// A line that is a dotted name.
        mutating func name() throws(FormatError) -> String {
            let line = try cursor.line(most: 512)
            let isName =
                !line.isEmpty
                && line.allSatisfy { byte in
                    byte >= 0x80 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
                        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                        || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                        || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                        || byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">")
                }
            guard isName else { throw fault("A pickle imports what is no name.") }
            return String(decoding: line, as: UTF8.self)
        }

        mutating func pushText(_ length: UInt64) throws(FormatError) {
            guard length <= UInt64(max(0, cursor.remaining)) else {
                throw FormatError(.truncated, at: cursor.offset, "A text leads beyond the end.")
            }
            guard length <= 512 else {
                try cursor.skip(Int64(length))
                return stack.append(.other)
            }
            stack.append(.text(String(decoding: try cursor.take(Int(length)), as: UTF8.self)))
        }

        mutating func skip(_ length: UInt64) throws(FormatError) {
            try cursor.skip(Int64(clamping: length))
            stack.append(.other)
        }

        mutating func store(_ index: UInt64) throws(FormatError) {
            guard let top = stack.last, !top.isMark else {
                throw fault("A pickle remembers what is not there.")
            }
            memo[index] = top
        }

        mutating func recall(_ index: UInt64) throws(FormatError) {
            guard let shape = memo[index] else {
                throw fault("A pickle recalls what it never remembered.")
            }
            stack.append(shape)
        }

        mutating func decimal() throws(FormatError) -> UInt64 {
            let line = try cursor.line(most: 20)
            guard let number = UInt64(String(decoding: line, as: UTF8.self)) else {
                throw fault("A pickle has a number that is none.")
            }
            return number
        }

        mutating func step(_ code: UInt8) throws(FormatError) {
            switch code {
            case 0x80: pickle.version = max(pickle.version, Int(try cursor.byte()))
            case 0x95: try cursor.skip(8)
            case UInt8(ascii: "("): stack.append(.mark)
            case UInt8(ascii: "0"):
                guard stack.popLast() != nil else { throw fault("A pickle pops nothing.") }
            case UInt8(ascii: "1"): try popToMark()
            case UInt8(ascii: "2"):
                guard let top = stack.last else { throw fault("A pickle copies nothing.") }
                stack.append(top)
            case UInt8(ascii: "N"), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ")"), 0x88,
                0x89, 0x8F, 0x97:
                stack.append(.other)
            case 0x98: break
            default: try literal(code)
            }
        }

        mutating func literal(_ code: UInt8) throws(FormatError) {
            switch code {
            case UInt8(ascii: "F"), UInt8(ascii: "I"), UInt8(ascii: "L"):
                try number(cursor.line(most: 1 << 16))
            case UInt8(ascii: "S"):
                let line = try cursor.line(most: 1 << 20)
                guard line.count >= 2, let quote = line.first, line.last == quote,
                    quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"")
                else { throw fault("A pickle has a text without quotes.") }
                stack.append(.text(String(decoding: line.dropFirst().dropLast(), as: UTF8.self)))
            case UInt8(ascii: "V"):
                stack.append(
                    .text(String(decoding: try cursor.line(most: 1 << 20), as: UTF8.self)))
            case UInt8(ascii: "J"): try skip(4)
            case UInt8(ascii: "K"): try skip(1)
            case UInt8(ascii: "M"): try skip(2)
            case UInt8(ascii: "G"): try skip(8)
            case UInt8(ascii: "T"), UInt8(ascii: "X"): try pushText(cursor.unsigned(4))
            case UInt8(ascii: "U"), 0x8C: try pushText(cursor.unsigned(1))
            case 0x8D: try pushText(cursor.unsigned(8))
            case UInt8(ascii: "B"), 0x8B: try skipCounted(4)
            case UInt8(ascii: "C"), 0x8A: try skipCounted(1)
            case 0x8E, 0x96: try skipCounted(8)
            default: try build(code)
            }
        }

        mutating func skipCounted(_ bytes: Int) throws(FormatError) {
            try skip(try cursor.unsigned(bytes))
        }

        mutating func number(_ line: [UInt8]) throws(FormatError) {
            let signs = Array("+-.eExXLlinfaINFAN".utf8)
            guard !line.isEmpty,
                line.allSatisfy({ (0x30...0x39).contains($0) || signs.contains($0) })
            else { throw fault("A pickle has a number that is none.") }
            stack.append(.other)
        }

        mutating func build(_ code: UInt8) throws(FormatError) {
            switch code {
            case UInt8(ascii: "t"), UInt8(ascii: "l"), UInt8(ascii: "d"), 0x91:
                try popToMark()
                stack.append(.other)
            case 0x85, 0x86, 0x87:
                try pop(Int(code) - 0x84)
                stack.append(.other)
            case UInt8(ascii: "a"): try pop()
            case UInt8(ascii: "s"): try pop(2)
            case UInt8(ascii: "e"), UInt8(ascii: "u"), 0x90: try popToMark()
            case UInt8(ascii: "p"): try store(decimal())
            case UInt8(ascii: "q"): try store(cursor.unsigned(1))
            case UInt8(ascii: "r"): try store(cursor.unsigned(4))
            case 0x94: try store(UInt64(memo.count))
            case UInt8(ascii: "g"): try recall(decimal())
            case UInt8(ascii: "h"): try recall(cursor.unsigned(1))
            case UInt8(ascii: "j"): try recall(cursor.unsigned(4))
            default: try call(code)
            }
        }

        mutating func call(_ code: UInt8) throws(FormatError) {
            switch code {
            case UInt8(ascii: "c"):
                imported(try name(), try name())
                stack.append(.other)
            case UInt8(ascii: "i"):
                let (module, name) = (try name(), try name())
                try popToMark()
                imported(module, name)
                pickle.calls = true
                stack.append(.other)
            case 0x93:
                guard case .text(let name)? = stack.popLast(),
                    case .text(let module)? = stack.popLast()
                else { throw fault("A pickle imports what is no name.") }
                imported(module, name)
                stack.append(.other)
            case 0x82, 0x83, 0x84:
                let number = try cursor.unsigned(code == 0x82 ? 1 : code == 0x83 ? 2 : 4)
                imported("extension", String(number))
                stack.append(.other)
            case UInt8(ascii: "R"), 0x81: try called(2)
            case 0x92: try called(3)
            case UInt8(ascii: "o"):
                try popToMark()
                pickle.calls = true
                stack.append(.other)
            case UInt8(ascii: "b"):
                try pop(2)
                pickle.calls = true
                stack.append(.other)
            case UInt8(ascii: "P"):
                _ = try cursor.line(most: 4096)
                stack.append(.other)
            case UInt8(ascii: "Q"):
                try pop()
                stack.append(.other)
            default: throw fault("There is no instruction \(code) in pickles.")
            }
        }

        mutating func called(_ arguments: Int) throws(FormatError) {
            try pop(arguments)
            pickle.calls = true
            stack.append(.other)
        }
    }
}

extension Pickle.Shape {
    fileprivate var isMark: Bool {
        if case .mark = self { return true }
        return false
    }
}
