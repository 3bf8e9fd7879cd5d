// RFC 4180 records out of byte chunks of any size, strictly.
//
// A record is fields separated by commas and ended by LF or CRLF; the last record may lack its end.
// A field that contains a comma, a quote or a line break stands in double quotes, and a quote inside
// it is doubled: `"Smith, ""J."""` is the field `Smith, "J."`. Refused, because two readers would
// differ on them: a quote inside an unquoted field, anything between a closing quote and the next
// separator, a bare CR, a NUL byte, a record longer than the limit, a file that ends inside quotes.
// A UTF-8 byte order mark before the first field is skipped, as spreadsheets write one.

/// Why a file is not the CSV that was asked for.
package struct CSVError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, Hashable {
        case quote, carriageReturn, nul, unterminated, ragged, recordTooLong, tooManyColumns
        case noHeader, duplicateColumn, unknownColumn, sameColumn
        case encoding, text, missingClass, tooManyClasses, positiveNeverSeen, notANumber
        case tooManyValues, valueTooLong, tooManyCells, tooManyRows, noRows
    }

    package let code: Code
    /// The record, the header being 1; 0 where the fault concerns the file as a whole.
    package let record: Int
    /// What is wrong, as a sentence; names columns, never quotes values.
    package let message: String

    init(_ code: Code, record: Int, _ message: String) {
        self.code = code
        self.record = record
        self.message = message
    }

    package var description: String {
        record == 0 ? message : "Record \(record): \(message)"
    }
}

/// Takes bytes as they come and offers one record at a time.
struct CSVScanner: Sendable {
    private enum State { case fieldStart, unquoted, quoted, quoteInQuoted, carriageReturn }

    /// The unquoted bytes of all fields of the current record, one after the other.
    private(set) var bytes: [UInt8] = []
    /// Where each field ends in `bytes`.
    private(set) var ends: [Int] = []
    /// The number of the current record, the first being 1.
    private(set) var record = 1
    private var state = State.fieldStart
    private var isComplete = false

    /// Reads on from `position`; true when a record is complete, false when the chunk is used up.
    mutating func next(
        in chunk: UnsafeRawBufferPointer, from position: inout Int
    ) throws(CSVError) -> Bool {
        if isComplete { startRecord() }
        var index = position
        defer { position = index }
        while index < chunk.count {
            if state == .unquoted || state == .fieldStart {
                index = takePlainBytes(chunk, from: index)
                guard index < chunk.count else { break }
            }
            let byte = chunk[index]
            index += 1
            if try take(byte) { return true }
        }
        guard bytes.count <= FairnessLimits.recordBytes else { throw tooLong }
        return false
    }

    /// Ends the file; true when that completes a last record without a line break.
    mutating func finish() throws(CSVError) -> Bool {
        if isComplete { startRecord() }
        switch state {
        case .quoted:
            throw CSVError(.unterminated, record: record, "The file ends inside quotes.")
        case .carriageReturn: throw bareCarriageReturn
        case .fieldStart where ends.isEmpty: return false
        case .fieldStart, .unquoted, .quoteInQuoted:
            try endField()
            isComplete = true
            return true
        }
    }

    /// Copies the run of bytes that mean nothing special; the common case, so it has a fast path.
    private mutating func takePlainBytes(_ chunk: UnsafeRawBufferPointer, from start: Int) -> Int {
        var end = start
        while end < chunk.count, !Self.isSpecial(chunk[end]) { end += 1 }
        if end > start {
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: chunk[start..<end]))
            state = .unquoted
        }
        return end
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x00, 0x0A, 0x0D, 0x22, 0x2C: true
        default: false
        }
    }

    /// Takes one byte; true when it completes the record.
    private mutating func take(_ byte: UInt8) throws(CSVError) -> Bool {
        if byte == 0 { throw CSVError(.nul, record: record, "There is a NUL byte.") }
        switch (state, byte) {
        case (.carriageReturn, 0x0A), (.fieldStart, 0x0A), (.unquoted, 0x0A),
            (.quoteInQuoted, 0x0A):
            try endField()
            isComplete = true
            return true
        case (.carriageReturn, _): throw bareCarriageReturn
        case (.fieldStart, 0x0D), (.unquoted, 0x0D), (.quoteInQuoted, 0x0D): state = .carriageReturn
        case (.fieldStart, 0x2C), (.unquoted, 0x2C), (.quoteInQuoted, 0x2C):
            try endField()
            state = .fieldStart
        case (.fieldStart, 0x22): state = .quoted
        case (.unquoted, 0x22):
            throw CSVError(.quote, record: record, "There is a quote inside an unquoted field.")
        case (.quoted, 0x22): state = .quoteInQuoted
        case (.quoteInQuoted, 0x22):
            bytes.append(byte)
            state = .quoted
        case (.quoted, _): bytes.append(byte)
        case (.quoteInQuoted, _):
            throw CSVError(.quote, record: record, "A closing quote is followed by more text.")
        case (.fieldStart, _), (.unquoted, _):
            bytes.append(byte)
            state = .unquoted
        }
        return false
    }

    private mutating func endField() throws(CSVError) {
        if record == 1, ends.isEmpty, bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            bytes.removeFirst(3)
        }
        guard bytes.count <= FairnessLimits.recordBytes else { throw tooLong }
        guard ends.count < FairnessLimits.fileColumns else {
            throw CSVError(
                .tooManyColumns, record: record,
                "There are more than \(FairnessLimits.fileColumns) columns.")
        }
        ends.append(bytes.count)
    }

    private mutating func startRecord() {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        state = .fieldStart
        isComplete = false
        record += 1
    }

    private var bareCarriageReturn: CSVError {
        CSVError(.carriageReturn, record: record, "A CR is not followed by LF.")
    }

    private var tooLong: CSVError {
        CSVError(
            .recordTooLong, record: record,
            "The record is longer than \(FairnessLimits.recordBytes) bytes.")
    }
}
