// The part of CBOR in which authenticators write.
//
// Specification: RFC 8949 (CBOR), restricted as by CTAP2's canonical form (FIDO CTAP 2.1, section 8):
// lengths are definite, every head is in its shortest form, keys of a map are integers or texts and none
// occurs twice, texts are UTF-8, and nesting ends at four levels. Tags, floating point, indefinite lengths
// and simple values other than false, true and null are refused: nothing that we read has them. The order
// of a map's keys is free, because some authenticators keep none.
//
// Example: A1 01 26 is the map {1: -7}.

/// A CBOR value of the part that is read.
enum CBOR: Sendable, Hashable {
    case integer(Int64)
    case bytes([UInt8])
    case text(String)
    case array([CBOR])
    case map([CBOR: CBOR])
    case bool(Bool)
    case null

    var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    var bytes: [UInt8]? { if case .bytes(let value) = self { value } else { nil } }
    var text: String? { if case .text(let value) = self { value } else { nil } }
    var map: [CBOR: CBOR]? { if case .map(let value) = self { value } else { nil } }
}

/// Reads one value after the other; nil is the only error, because nobody can mend an authenticator.
struct CBORReader {
    /// The longest input that is looked at.
    static let longest = 8_192
    /// How deep values may be nested.
    static let deepest = 4

    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count <= Self.longest else { return nil }
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// Reads bytes that are exactly one value.
    static func value(of bytes: ArraySlice<UInt8>) -> CBOR? {
        guard var reader = CBORReader(bytes), let value = reader.next(), reader.isAtEnd else {
            return nil
        }
        return value
    }

    /// Whether everything was read.
    var isAtEnd: Bool { position == bytes.endIndex }

    /// What was not read.
    var rest: ArraySlice<UInt8> { bytes[position...] }

    /// The next value.
    mutating func next() -> CBOR? { next(levels: Self.deepest) }

    private mutating func next(levels: Int) -> CBOR? {
        guard let (major, argument) = head() else { return nil }
        switch major {
        case 0: return Int64(exactly: argument).map(CBOR.integer)
        case 1: return Int64(exactly: argument).map { .integer(-1 - $0) }
        case 2: return take(argument).map { .bytes(Array($0)) }
        case 3:
            return take(argument).flatMap { String(validating: $0, as: UTF8.self) }.map(CBOR.text)
        case 4: return array(argument, levels)
        case 5: return map(argument, levels)
        case 7:
            switch argument {
            case 20: return .bool(false)
            case 21: return .bool(true)
            case 22: return .null
            default: return nil
            }
        default: return nil
        }
    }

    private mutating func array(_ count: UInt64, _ levels: Int) -> CBOR? {
        // Every element takes a byte at least: a length beyond what is there is none.
        guard levels > 0, count <= UInt64(rest.count) else { return nil }
        var elements: [CBOR] = []
        for _ in 0..<count {
            guard let element = next(levels: levels - 1) else { return nil }
            elements.append(element)
        }
        return .array(elements)
    }

    private mutating func map(_ count: UInt64, _ levels: Int) -> CBOR? {
        guard levels > 0, count <= UInt64(rest.count / 2) else { return nil }
        var members: [CBOR: CBOR] = [:]
        for _ in 0..<count {
            guard let key = next(levels: 0), key.integer != nil || key.text != nil,
                members[key] == nil, let value = next(levels: levels - 1)
            else { return nil }
            members[key] = value
        }
        return .map(members)
    }

    /// The type of the next value, and its number or length.
    private mutating func head() -> (major: UInt8, argument: UInt64)? {
        guard let first = take(1)?.first else { return nil }
        let (major, short) = (first >> 5, first & 31)
        guard short >= 24 else { return (major, UInt64(short)) }
        // 24…27: one, two, four, eight bytes follow. Simple values are never that long.
        guard short <= 27, major != 7, let more = take(1 << UInt64(short - 24)) else { return nil }
        let argument = more.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let least: UInt64 = short == 24 ? 24 : 1 << (4 << UInt64(short - 24))
        return argument >= least ? (major, argument) : nil
    }

    private mutating func take(_ count: UInt64) -> ArraySlice<UInt8>? {
        guard count <= UInt64(rest.count) else { return nil }
        let end = position + Int(count)
        defer { position = end }
        return bytes[position..<end]
    }
}
