// The members of a tar archive (torch wrote its first models so).
//
// Specification (POSIX, ustar). Blocks of 512 bytes. A header has the name (100 bytes), the size in
// octal at 124 (or, with the highest bit set, in binary), a checksum in octal at 148: the sum of all
// bytes with the checksum itself as spaces. The bytes follow, filled up to a block; a block of noughts
// ends the archive. Without "ustar" at 257 the checksum alone shows that it is one.

/// A tar archive's members.
enum Tar {
    /// One member.
    struct Member {
        let name: String
        let start: Int64
        let size: Int64
    }

    /// Whether a file's first block is a header.
    static func begins(_ first: [UInt8]) -> Bool {
        guard first.count >= 512, first[0] != 0 else { return false }
        let sum = first[..<512].enumerated().reduce(0) { total, byte in
            total + ((148..<156).contains(byte.offset) ? 32 : Int(byte.element))
        }
        return octal(first[148..<156]) == Int64(sum)
    }

    /// The members with bytes; throws what is wrong.
    static func members(
        of source: ByteSource, limits: FormatLimits
    ) throws(FormatError) -> [Member] {
        var members: [Member] = []
        var offset: Int64 = 0
        while offset + 512 <= source.size {
            let block = try source.read(at: offset, count: 512)
            guard block.contains(where: { $0 != 0 }) else { break }
            guard begins(block), let size = size(block[124..<136]) else {
                throw FormatError(.malformed, at: offset, "A tar header is wrong.")
            }
            guard size <= source.size - offset - 512 else {
                throw FormatError(.truncated, at: offset, "A tar member leads beyond the archive.")
            }
            guard members.count < limits.members else {
                throw FormatError(
                    .tooLarge, at: offset, "More than \(limits.members) members.")
            }
            let name = String(decoding: block[..<100].prefix { $0 != 0 }, as: UTF8.self)
            if size > 0 {
                members.append(Member(name: name, start: offset + 512, size: size))
            }
            offset += 512 + (size + 511) / 512 * 512
        }
        return members
    }

    private static func octal(_ field: ArraySlice<UInt8>) -> Int64? {
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
        guard !digits.isEmpty else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self), radix: 8)
    }

    private static func size(_ field: ArraySlice<UInt8>) -> Int64? {
        guard let first = field.first else { return nil }
        guard first & 0x80 != 0 else {
            return field.allSatisfy { $0 == 0 } ? 0 : octal(field).flatMap { $0 >= 0 ? $0 : nil }
        }
        let wide = field.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int64(exactly: wide)
    }
}
