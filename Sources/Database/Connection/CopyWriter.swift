// COPY in both directions: bulk data in constant memory.
internal import CLibPQ
internal import Glibc

extension Connection {
    /// Streams `COPY … TO STDOUT` to the closure, piece by piece (a row each in text and CSV; in
    /// binary a row each after the header). Returns the rows. The connection is held meanwhile, so
    /// the closure writes to a file or a bounded buffer, never to a slow client.
    ///
    /// COPY binds no values: parametrise with `set_config` and `current_setting`, or use
    /// `forEach`, which binds.
    @discardableResult
    package func copyOut(
        _ sql: SQL, to receive: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Int {
        try link.beginCopy(sql, PGRES_COPY_OUT)
        while true {
            var buffer: UnsafeMutablePointer<CChar>?
            let length = PQgetCopyData(link.pointer, &buffer, 0)
            guard length > 0, let buffer else { break }
            defer { PQfreemem(buffer) }
            do {
                try receive(UnsafeRawBufferPointer(start: buffer, count: Int(length)))
            } catch {
                link.stopReceiving()
                throw error
            }
        }
        return try link.endCopy(sql)
    }

    /// Streams into `COPY … FROM STDIN` what the closure writes. Returns the rows. When the
    /// closure throws, the COPY fails and nothing of it is stored.
    @discardableResult
    package func copyIn(
        _ sql: SQL, from produce: (inout CopyWriter) throws -> Void
    ) throws -> Int {
        try link.beginCopy(sql, PGRES_COPY_IN)
        var writer = CopyWriter(link: link)
        do {
            try produce(&writer)
            try writer.flush()
        } catch {
            _ = PQputCopyEnd(link.pointer, "the sender gave up")
            while let result = PQgetResult(link.pointer) { PQclear(result) }
            throw error
        }
        guard PQputCopyEnd(link.pointer, nil) == 1 else { throw link.lost(sql) }
        return try link.endCopy(sql)
    }

    /// Streams rows of values into `COPY … FROM STDIN (FORMAT binary)`: types are those of the
    /// columns, in their order.
    @discardableResult
    package func copyRowsIn(
        _ sql: SQL, from produce: (inout CopyRows) throws -> Void
    ) throws -> Int {
        try copyIn(sql) { writer in
            var rows = CopyRows(writer: writer)
            try produce(&rows)
            writer = try rows.finish()
        }
    }

    /// Lends each row as it arrives, in constant memory (libpq's single-row mode). When the
    /// closure throws, the statement is cancelled; the transaction then only rolls back.
    package func forEach(_ sql: SQL, _ body: (inout Row) throws -> Void) throws {
        try link.flushDeferred()
        try link.send(sql)
        guard PQsetSingleRowMode(link.pointer) == 1 else { throw link.lost(sql) }
        while let result = PQgetResult(link.pointer) {
            guard PQresultStatus(result) == PGRES_SINGLE_TUPLE else {
                // the last answer: no rows, or an error
                do throws(DatabaseError) {
                    _ = try link.checked(result, sql)
                } catch {
                    link.drain()
                    throw error
                }
                continue
            }
            let rows = Rows(owning: result)
            do {
                var row = Row(result: rows.result, index: 0)
                try body(&row)
                try row.finish()
            } catch {
                link.stopReceiving()
                throw error
            }
        }
        guard link.isUsable else { throw link.lost(sql) }
    }
}

/// The sending end of a COPY; collects small pieces into larger ones.
package struct CopyWriter {
    private let link: Link
    private var buffer: [UInt8] = []

    // one protocol message per so many bytes: enough to make the call's cost vanish
    private static let limit = 64 * 1024

    init(link: Link) { self.link = link }

    /// Appends bytes in the format the COPY statement names.
    package mutating func write(_ bytes: some Sequence<UInt8>) throws(DatabaseError) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.limit { try flush() }
    }

    mutating func withBuffer(_ fill: (inout [UInt8]) -> Void) throws(DatabaseError) {
        fill(&buffer)
        if buffer.count >= Self.limit { try flush() }
    }

    mutating func flush() throws(DatabaseError) {
        guard !buffer.isEmpty else { return }
        let sent = buffer.withUnsafeBytes { bytes in
            PQputCopyData(
                link.pointer, bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                Int32(bytes.count))
        }
        guard sent == 1 else { throw link.lost(nil) }
        buffer.removeAll(keepingCapacity: true)
    }
}

/// Writes rows in COPY's binary format: a header of 19 bytes, per row an int16 count of columns and
/// for each an int32 length (-1 for NULL) and its bytes, and -1 at the end.
package struct CopyRows {
    private var writer: CopyWriter
    private var hasHeader = false

    init(writer: CopyWriter) { self.writer = writer }

    /// Appends one row.
    package mutating func row<each Value: CopyColumn>(
        _ value: repeat each Value
    ) throws(DatabaseError) {
        try header()
        try writer.withBuffer { buffer in
            var count: Int16 = 0
            for _ in repeat each value { count += 1 }
            count.appendBigEndian(to: &buffer)
            for column in repeat each value { column.encodeColumn(into: &buffer) }
        }
    }

    private mutating func header() throws(DatabaseError) {
        guard !hasHeader else { return }
        hasHeader = true
        try writer.write(Array("PGCOPY\n".utf8) + [0xFF, 13, 10, 0] + [0, 0, 0, 0, 0, 0, 0, 0])
    }

    mutating func finish() throws(DatabaseError) -> CopyWriter {
        try header()
        try writer.write([0xFF, 0xFF])
        return writer
    }
}

/// A value or an optional one, as a column of a binary COPY.
package protocol CopyColumn {
    func encodeColumn(into bytes: inout [UInt8])
}

extension CopyColumn where Self: SQLValue {
    package func encodeColumn(into bytes: inout [UInt8]) {
        let mark = bytes.count
        Int32(0).appendBigEndian(to: &bytes)
        encode(into: &bytes)
        let length = UInt32(bytes.count - mark - 4)
        for index in 0..<4 {
            bytes[mark + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * index))
        }
    }
}

extension Bool: CopyColumn {}
extension Int: CopyColumn {}
extension Int64: CopyColumn {}
extension Double: CopyColumn {}
extension String: CopyColumn {}
extension SQLTimestamp: CopyColumn {}
extension SQLUUID: CopyColumn {}
extension SQLJSON: CopyColumn {}
extension Array: CopyColumn where Element: SQLArrayElement {}
extension Optional: CopyColumn where Wrapped: CopyColumn {
    package func encodeColumn(into bytes: inout [UInt8]) {
        if let self {
            self.encodeColumn(into: &bytes)
        } else {
            Int32(-1).appendBigEndian(to: &bytes)
        }
    }
}

extension Link {
    /// Sends a COPY statement and checks that the server wants or gives data.
    func beginCopy(_ sql: SQL, _ wanted: ExecStatusType) throws(DatabaseError) {
        guard sql.slots.isEmpty else {
            throw DatabaseError(.usage, "COPY binds no values", statement: sql.description)
        }
        try flushDeferred()
        guard let result = PQexec(pointer, sql.rendered().text) else { throw lost(sql) }
        if PQresultStatus(result) == wanted {
            PQclear(result)
            return
        }
        _ = try checked(result, sql)
        throw DatabaseError(.usage, "not a COPY", statement: sql.description)
    }

    /// Reads how the COPY ended.
    func endCopy(_ sql: SQL) throws(DatabaseError) -> Int {
        let result = PQgetResult(pointer)
        defer { drain() }
        return try checked(result, sql).affected
    }

    /// Reads what is left of the answers.
    func drain() {
        while let extra = PQgetResult(pointer) { PQclear(extra) }
    }

    /// Makes the server stop sending, and reads what is on its way. Nothing a reader could do
    /// about an error here: the transaction is failed either way.
    func stopReceiving() {
        canceller.cancelNow()
        while let result = PQgetResult(pointer) {
            let status = PQresultStatus(result)
            PQclear(result)
            guard status == PGRES_COPY_OUT else { continue }
            var buffer: UnsafeMutablePointer<CChar>?
            while PQgetCopyData(pointer, &buffer, 0) > 0 { PQfreemem(buffer) }
        }
    }
}
