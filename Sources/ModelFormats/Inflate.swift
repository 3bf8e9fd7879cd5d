// Unpacking DEFLATE within a bound, to look into compressed members of archives.
//
// Specification (RFC 1951). Bits come from the least significant end of each byte. A block has a bit
// "last" and two bits of kind: 0 stored (to the next byte; length, its complement, bytes), 1 fixed
// Huffman codes, 2 codes in the block. A code length alphabet of 19 describes the codes of literals
// (0…255), end (256) and lengths (257…285), and of distances (0…29). Codes are canonical: shorter
// first, then by symbol. zlib (RFC 1950) puts two bytes before it, gzip (RFC 1952) a header.
// Written here and not taken from a C library: what is unpacked comes from strangers, and must not
// touch memory out of bounds.
// Example: 4B 04 00 is "a".

/// Unpacks DEFLATE.
enum Inflate {
    /// What was unpacked.
    struct Unpacked {
        var bytes: [UInt8] = []
        /// Whether the stream came to its end within the bound and without a fault.
        var isComplete = false
    }

    /// The first `most` bytes of a stream that begins at `offset`; a broken one ends early.
    static func unpack(
        _ source: ByteSource, at offset: Int64 = 0, most: Int
    ) throws(FormatError) -> Unpacked {
        var decoder = Decoder(cursor: ByteCursor(source, from: offset), most: most)
        do {
            try decoder.run()
        } catch {
            guard error.code != .unreadable else { throw error }
            return Unpacked(bytes: decoder.output, isComplete: false)
        }
        return Unpacked(bytes: decoder.output, isComplete: decoder.output.count <= most)
    }

    /// Where the DEFLATE stream of a gzip or zlib file begins; nil when it is neither.
    static func start(of source: ByteSource) throws(FormatError) -> Int64? {
        let first = try source.prefix(10)
        guard first.count >= 2 else { return nil }
        if first[0] == 0x78, (0x7800 | Int(first[1])) % 31 == 0, first[1] & 0x20 == 0 {
            return 2
        }
        guard first.count == 10, first[0] == 0x1F, first[1] == 0x8B, first[2] == 8 else {
            return nil
        }
        var cursor = ByteCursor(source, from: 10)
        let flags = first[3]
        if flags & 4 != 0 { try cursor.skip(Int64(try cursor.unsigned(2))) }
        for flag: UInt8 in [8, 16] where flags & flag != 0 {
            while try cursor.byte() != 0 {}
        }
        if flags & 2 != 0 { try cursor.skip(2) }
        return cursor.offset
    }

    /// A canonical Huffman code: how many codes of each length, and the symbols in their order.
    private struct Code {
        var counts = [Int](repeating: 0, count: 16)
        var symbols: [Int] = []

        init(lengths: some Collection<Int>) throws(FormatError) {
            for length in lengths { counts[length] += 1 }
            counts[0] = 0
            var left = 1
            for length in 1..<16 {
                left = left << 1 - counts[length]
                guard left >= 0 else {
                    throw FormatError(.malformed, at: 0, "A Huffman code has too many symbols.")
                }
            }
            for length in 1..<16 where counts[length] > 0 {
                for (symbol, own) in lengths.enumerated() where own == length {
                    symbols.append(symbol)
                }
            }
        }
    }

    private struct Decoder {
        var cursor: ByteCursor
        let most: Int
        var output: [UInt8] = []
        private var bits: UInt32 = 0
        private var bitCount = 0

        init(cursor: ByteCursor, most: Int) {
            self.cursor = cursor
            self.most = most
        }

        private var fault: FormatError {
            FormatError(.malformed, at: cursor.offset, "The compressed data are broken.")
        }

        private mutating func take(_ count: Int) throws(FormatError) -> Int {
            while bitCount < count {
                bits |= UInt32(try cursor.byte()) << UInt32(bitCount)
                bitCount += 8
            }
            let value = bits & ((1 << UInt32(count)) - 1)
            bits >>= UInt32(count)
            bitCount -= count
            return Int(value)
        }

        private mutating func symbol(_ code: borrowing Code) throws(FormatError) -> Int {
            var (value, first, index) = (0, 0, 0)
            for length in 1..<16 {
                value |= try take(1)
                let count = code.counts[length]
                if value - count < first { return code.symbols[index + value - first] }
                index += count
                first = (first + count) << 1
                value <<= 1
            }
            throw fault
        }

        mutating func run() throws(FormatError) {
            var isLast = false
            while !isLast, output.count <= most {
                isLast = try take(1) == 1
                switch try take(2) {
                case 0: try stored()
                case 1: try compressed(Self.fixedLiterals(), Self.fixedDistances())
                case 2: try dynamic()
                default: throw fault
                }
            }
        }

        private mutating func stored() throws(FormatError) {
            bits = 0
            bitCount = 0
            let length = Int(try cursor.unsigned(2))
            guard try cursor.unsigned(2) == UInt64(length ^ 0xFFFF) else { throw fault }
            output += try cursor.take(length)
        }

        private static func fixedLiterals() throws(FormatError) -> Code {
            try Code(
                lengths: (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
        }

        private static func fixedDistances() throws(FormatError) -> Code {
            try Code(lengths: [Int](repeating: 5, count: 30))
        }

        private mutating func dynamic() throws(FormatError) {
            let literals = try take(5) + 257
            let distances = try take(5) + 1
            let count = try take(4) + 4
            guard literals <= 286, distances <= 30 else { throw fault }
            let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
            var lengths = [Int](repeating: 0, count: 19)
            for place in order.prefix(count) { lengths[place] = try take(3) }
            let code = try Code(lengths: lengths)
            lengths = []
            while lengths.count < literals + distances {
                let symbol = try symbol(code)
                var (value, repeats) = (symbol, 1)
                switch symbol {
                case 16:
                    guard let last = lengths.last else { throw fault }
                    (value, repeats) = (last, 3 + (try take(2)))
                case 17: (value, repeats) = (0, 3 + (try take(3)))
                case 18: (value, repeats) = (0, 11 + (try take(7)))
                default: break
                }
                lengths += repeatElement(value, count: repeats)
            }
            guard lengths.count == literals + distances, lengths[256] > 0 else { throw fault }
            try compressed(
                Code(lengths: lengths[..<literals].map { $0 }),
                Code(lengths: lengths[literals...].map { $0 }))
        }

        private mutating func compressed(
            _ literals: Code, _ distances: Code
        ) throws(FormatError) {
            while output.count <= most {
                let symbol = try symbol(literals)
                if symbol < 256 {
                    output.append(UInt8(symbol))
                    continue
                }
                if symbol == 256 { return }
                let length = try length(symbol - 257)
                let distance = try distance(try self.symbol(distances))
                guard distance <= output.count else { throw fault }
                for _ in 0..<length { output.append(output[output.count - distance]) }
            }
        }

        private mutating func length(_ symbol: Int) throws(FormatError) -> Int {
            guard symbol < 29 else { throw fault }
            if symbol == 28 { return 258 }
            if symbol < 8 { return symbol + 3 }
            let extra = symbol / 4 - 1
            return 3 + (4 + symbol % 4) << extra + (try take(extra))
        }

        private mutating func distance(_ symbol: Int) throws(FormatError) -> Int {
            guard symbol < 30 else { throw fault }
            if symbol < 4 { return symbol + 1 }
            let extra = symbol / 2 - 1
            return 1 + (2 + symbol % 2) << extra + (try take(extra))
        }
    }
}
