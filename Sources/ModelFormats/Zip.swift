// The directory of a ZIP archive, and where its members lie.
//
// Specification (APPNOTE). A file may have anything before the archive; its end is a record "PK\5\6" of
// 22 bytes and a comment of 65,535 bytes at most, which names size and place of the directory; where
// these are all ones, a record of 64 bits before it does ("PK\6\7" names the place of "PK\6\6"). A
// directory entry "PK\1\2" has the method (0 stored, 8 deflated), both sizes, the name, and the place
// of the local header "PK\3\4", which repeats the name; behind it lie the bytes. Loaders trust the
// directory or the local headers; where the two disagree, they see different archives, and that is an
// error.

/// A ZIP archive's members.
struct Zip {
    /// One member.
    struct Member {
        let name: String
        let method: UInt64
        let isEncrypted: Bool
        let packed: Int64
        let unpacked: Int64
        /// Where its bytes begin.
        let start: Int64
    }

    let members: [Member]

    /// Whether loaders would find an archive's directory in a file, whatever it begins with.
    static func hasDirectory(_ source: ByteSource) throws(FormatError) -> Bool {
        guard let end = try findEnd(source) else { return false }
        let record = try source.read(at: end, count: 22)
        func number(_ place: Int) -> Int64 {
            record[place..<place + 4].reversed().reduce(0) { $0 << 8 | Int64($1) }
        }
        let (size, start) = (number(12), number(16))
        guard size != 0xFFFF_FFFF, start != 0xFFFF_FFFF else { return true }
        let mark: [UInt8] = [0x50, 0x4B, 1, 2]
        for place in [end - size, start] where place >= 0 {
            if try source.prefix(4, at: place) == mark { return true }
        }
        return false
    }

    private static let tailBytes = 22 + 65_535

    /// The last end record, as loaders look for it.
    private static func findEnd(_ source: ByteSource) throws(FormatError) -> Int64? {
        guard source.size >= 22 else { return nil }
        let start = max(0, source.size - Int64(tailBytes))
        let tail = try source.read(at: start, count: Int(source.size - start))
        return tail.withUnsafeBufferPointer { bytes -> Int64? in
            var place = bytes.count - 22
            while place >= 0 {
                if bytes[place] == 0x50, bytes[place + 1] == 0x4B, bytes[place + 2] == 5,
                    bytes[place + 3] == 6
                {
                    return start + Int64(place)
                }
                place -= 1
            }
            return nil
        }
    }

    /// Reads the directory; throws what is wrong with it.
    init(_ source: ByteSource, limits: FormatLimits) throws(FormatError) {
        guard let end = try Self.findEnd(source) else {
            throw FormatError(.malformed, at: 0, "A ZIP archive has no directory at its end.")
        }
        var cursor = ByteCursor(source, from: end + 4)
        try cursor.skip(6)
        var count = Int64(try cursor.unsigned(2))
        var size = Int64(try cursor.unsigned(4))
        var start = Int64(try cursor.unsigned(4))
        let comment = Int64(try cursor.unsigned(2))
        guard comment == cursor.remaining else {
            throw FormatError(
                .ambiguous, at: end,
                "\(cursor.remaining) bytes follow a ZIP archive, not the \(comment) of its comment."
            )
        }
        var directoryEnd = end
        if count == 0xFFFF || size == 0xFFFF_FFFF || start == 0xFFFF_FFFF, end >= 20 {
            var locator = ByteCursor(source, from: end - 20)
            if try locator.unsigned(4) == 0x0706_4B50 {
                try locator.skip(4)
                let place = Int64(clamping: try locator.unsigned(8))
                var record = ByteCursor(source, from: place)
                guard place < end, try record.unsigned(4) == 0x0606_4B50 else {
                    throw FormatError(.malformed, at: end, "The ZIP64 record is not there.")
                }
                try record.skip(28)
                count = Int64(clamping: try record.unsigned(8))
                size = Int64(clamping: try record.unsigned(8))
                start = Int64(clamping: try record.unsigned(8))
                directoryEnd = place
            }
        }
        guard count <= Int64(limits.members) else {
            throw FormatError(.tooLarge, at: end, "An archive has \(count) members.")
        }
        // What stands before the archive shifts all places in it.
        guard size <= directoryEnd, start <= directoryEnd - size else {
            throw FormatError(.truncated, at: end, "A ZIP directory lies outside of its file.")
        }
        let shift = directoryEnd - size - start
        var directory = ByteCursor(source, from: start + shift, to: directoryEnd)
        var members: [Member] = []
        for _ in 0..<count {
            members.append(try Self.member(&directory, source, shift))
        }
        guard directory.isAtEnd else {
            throw FormatError(
                .ambiguous, at: directory.offset, "A ZIP directory has more than it counts.")
        }
        self.members = members
    }

    private static func member(
        _ cursor: inout ByteCursor, _ source: ByteSource, _ shift: Int64
    ) throws(FormatError) -> Member {
        let place = cursor.offset
        guard try cursor.unsigned(4) == 0x0201_4B50 else {
            throw FormatError(.malformed, at: place, "A ZIP directory entry has no mark.")
        }
        try cursor.skip(4)
        let flags = try cursor.unsigned(2)
        let method = try cursor.unsigned(2)
        try cursor.skip(8)
        var packed = Int64(try cursor.unsigned(4))
        var unpacked = Int64(try cursor.unsigned(4))
        let nameLength = Int(try cursor.unsigned(2))
        let extraLength = Int(try cursor.unsigned(2))
        let commentLength = Int64(try cursor.unsigned(2))
        try cursor.skip(8)
        var local = Int64(try cursor.unsigned(4))
        let name = try cursor.take(nameLength)
        let extra = try cursor.take(extraLength)
        try cursor.skip(commentLength)
        var fields = ByteCursor(ByteSource(extra))
        while fields.remaining >= 4 {
            let kind = try fields.unsigned(2)
            let length = Int64(try fields.unsigned(2))
            guard length <= fields.remaining else { break }
            var wide = ByteCursor(
                ByteSource(extra), from: fields.offset, to: fields.offset + length)
            try fields.skip(length)
            guard kind == 1 else { continue }
            if unpacked == 0xFFFF_FFFF { unpacked = Int64(clamping: try wide.unsigned(8)) }
            if packed == 0xFFFF_FFFF { packed = Int64(clamping: try wide.unsigned(8)) }
            if local == 0xFFFF_FFFF { local = Int64(clamping: try wide.unsigned(8)) }
        }
        let shown = String(decoding: name.prefix(512), as: UTF8.self)
        let (header, overflow) = local.addingReportingOverflow(shift)
        guard !overflow, header >= 0 else {
            throw FormatError(.number, at: place, "A ZIP member lies nowhere.")
        }
        var entry = ByteCursor(source, from: header)
        guard header < source.size, try entry.unsigned(4) == 0x0403_4B50 else {
            throw FormatError(
                .ambiguous, at: header,
                "Where \(ModelFormats.shown(shown)) should lie, it does not.")
        }
        try entry.skip(4)
        let localMethod = try entry.unsigned(2)
        try entry.skip(16)
        let localName = Int(try entry.unsigned(2))
        let localExtra = Int64(try entry.unsigned(2))
        guard try entry.take(localName) == name, localMethod == method else {
            throw FormatError(
                .ambiguous, at: header,
                "The directory of the archive and the member \(ModelFormats.shown(shown)) disagree."
            )
        }
        try entry.skip(localExtra)
        guard packed <= source.size - entry.offset else {
            throw FormatError(
                .truncated, at: header, "\(ModelFormats.shown(shown)) leads beyond the archive.")
        }
        return Member(
            name: shown, method: method, isEncrypted: flags & 1 != 0, packed: packed,
            unpacked: unpacked, start: entry.offset)
    }
}
