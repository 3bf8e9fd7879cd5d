// Bytes that are read where they are wanted, never as a whole: a file, a part of one, or an array.

/// Something with a length from which any range can be read.
package struct ByteSource: Sendable {
    /// How many bytes there are.
    package let size: Int64
    private let fetch: @Sendable (_ offset: Int64, _ count: Int) throws(FormatError) -> [UInt8]

    /// `fetch` answers exactly the bytes asked for, or throws; it is asked only for what is inside.
    package init(
        size: Int64,
        fetch: @escaping @Sendable (_ offset: Int64, _ count: Int) throws(FormatError) -> [UInt8]
    ) {
        self.size = max(0, size)
        self.fetch = fetch
    }

    /// An array as a source.
    package init(_ bytes: [UInt8]) {
        self.init(size: Int64(bytes.count)) { (offset, count) throws(FormatError) in
            Array(bytes[Int(offset)..<Int(offset) + count])
        }
    }

    /// The bytes of a range; throws `truncated` when it is not wholly inside.
    package func read(at offset: Int64, count: Int) throws(FormatError) -> [UInt8] {
        guard offset >= 0, count >= 0, offset <= size, Int64(count) <= size - offset else {
            throw FormatError(
                .truncated, at: offset,
                "\(count) bytes are wanted here, and the file ends at byte \(size).")
        }
        return count == 0 ? [] : try fetch(offset, count)
    }

    /// As many bytes from `offset` on as there are, `count` at most.
    package func prefix(_ count: Int, at offset: Int64 = 0) throws(FormatError) -> [UInt8] {
        guard offset < size else { return [] }
        return try read(at: offset, count: Int(min(Int64(count), size - offset)))
    }

    /// A part of this source as a source of its own.
    func part(at offset: Int64, size length: Int64) throws(FormatError) -> ByteSource {
        guard offset >= 0, length >= 0, offset <= size, length <= size - offset else {
            throw FormatError(
                .truncated, at: offset,
                "\(length) bytes are said to be here, and the file ends at byte \(size).")
        }
        let fetch = fetch
        return ByteSource(size: length) { (place, count) throws(FormatError) in
            try fetch(offset + place, count)
        }
    }
}

/// Reads a source forward within bounds, in pieces.
struct ByteCursor {
    let source: ByteSource
    /// Where the next byte is.
    private(set) var offset: Int64
    /// Where reading must stop.
    let end: Int64
    private var window: [UInt8] = []
    private var windowStart: Int64 = 0

    private static let windowBytes = 64 << 10

    init(_ source: ByteSource, from offset: Int64 = 0, to end: Int64? = nil) {
        self.source = source
        self.offset = offset
        self.end = min(end ?? source.size, source.size)
    }

    var isAtEnd: Bool { offset >= end }
    var remaining: Int64 { end - offset }

    private func requireRoom(_ count: Int64) throws(FormatError) {
        guard count >= 0, count <= end - offset else {
            throw FormatError(
                .truncated, at: offset,
                "\(count) bytes are wanted here, and there are \(max(0, end - offset)).")
        }
    }

    mutating func byte() throws(FormatError) -> UInt8 {
        try requireRoom(1)
        let place = offset - windowStart
        if place < 0 || place >= Int64(window.count) {
            window = try source.read(
                at: offset, count: Int(min(end - offset, Int64(Self.windowBytes))))
            windowStart = offset
        }
        let byte = window[Int(offset - windowStart)]
        offset += 1
        return byte
    }

    mutating func take(_ count: Int) throws(FormatError) -> [UInt8] {
        try requireRoom(Int64(count))
        let place = offset - windowStart
        let bytes: [UInt8]
        if place >= 0, place + Int64(count) <= Int64(window.count) {
            bytes = Array(window[Int(place)..<Int(place) + count])
        } else if count <= Self.windowBytes / 4 {
            window = try source.read(
                at: offset, count: Int(min(end - offset, Int64(Self.windowBytes))))
            windowStart = offset
            bytes = Array(window[..<count])
        } else {
            bytes = try source.read(at: offset, count: count)
        }
        offset += Int64(count)
        return bytes
    }

    mutating func skip(_ count: Int64) throws(FormatError) {
        try requireRoom(count)
        offset += count
    }

    /// An unsigned number of `bytes` bytes, the least significant first unless `bigEndian`.
    mutating func unsigned(_ bytes: Int, bigEndian: Bool = false) throws(FormatError) -> UInt64 {
        let read = try take(bytes)
        return (bigEndian ? read : read.reversed()).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A line without its end; `most` bytes at most.
    mutating func line(most: Int) throws(FormatError) -> [UInt8] {
        var line: [UInt8] = []
        while true {
            let byte = try byte()
            if byte == UInt8(ascii: "\n") { return line }
            guard line.count < most else {
                throw FormatError(.tooLarge, at: offset, "A line is longer than \(most) bytes.")
            }
            line.append(byte)
        }
    }
}
