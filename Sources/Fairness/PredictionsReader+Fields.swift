// The small parts of reading a predictions file: where the columns are, and what a value may be.

internal import CanonicalJSON

/// Where the wanted columns are in the file.
struct FieldPositions: Sendable {
    let width: Int
    let label: Int
    let prediction: Int
    let score: Int?
    let groups: [Int]

    /// Finds every wanted column in the header; names all that are missing at once.
    init(_ header: CSVScanner, _ columns: PredictionColumns) throws(CSVError) {
        var positions: [[UInt8]: Int] = [:]
        var start = 0
        for (index, end) in header.ends.enumerated() {
            let name = Array(header.bytes[start..<end])
            try header.checkText(start..<end, "number \(index + 1) of the header")
            guard positions.updateValue(index, forKey: name) == nil else {
                // Readers differ in which of the two they keep, so neither can be meant.
                throw CSVError(
                    .duplicateColumn, record: 1,
                    "The header names the column \(String(decoding: name, as: UTF8.self)) twice.")
            }
            start = end
        }
        let absent = columns.names.filter { positions[Array($0.utf8)] == nil }
        guard absent.isEmpty, let label = positions[Array(columns.label.utf8)],
            let prediction = positions[Array(columns.prediction.utf8)]
        else {
            throw CSVError(
                .unknownColumn, record: 1,
                "The header has no column \(absent.joined(separator: ", no column ")).")
        }
        self.label = label
        self.prediction = prediction
        score = columns.score.flatMap { positions[Array($0.utf8)] }
        groups = columns.groups.compactMap { positions[Array($0.utf8)] }
        width = header.ends.count
    }
}

extension CSVScanner {
    /// Refuses names and values that are too long, not UTF-8, or would show as something else.
    func checkText(_ range: Range<Int>, _ column: String) throws(CSVError) {
        guard range.count <= FairnessLimits.valueBytes else {
            throw CSVError(
                .valueTooLong, record: record,
                "The column \(column) has a value longer than \(FairnessLimits.valueBytes) bytes.")
        }
        guard let text = String(validating: bytes[range], as: UTF8.self) else {
            throw CSVError(.encoding, record: record, "The column \(column) is not UTF-8.")
        }
        guard TextHygiene.fault(in: text) == nil, !text.contains(where: \.isNewline) else {
            throw CSVError(
                .text, record: record,
                "The column \(column) has control or invisible characters.")
        }
    }
}

/// Distinct byte strings in order of first appearance, found by hash in constant time.
struct ByteTable: Sendable {
    private(set) var values: [[UInt8]] = []
    private var slots: [Int16] = Array(repeating: -1, count: 512)
    private let limit: Int

    /// At most `limit` values, fewer than half the slots so that probing stays short.
    init(limit: Int) {
        precondition(limit < 256, "the table has 512 slots")
        self.limit = limit
    }

    /// The position of a value, added if it is new; nil when the table is full.
    mutating func code(of bytes: [UInt8], _ range: Range<Int>) -> Int? {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in range { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01B3 }
        var slot = Int((hash ^ (hash >> 29)) & 511)
        while slots[slot] >= 0 {
            let code = Int(slots[slot])
            if values[code].count == range.count, values[code].elementsEqual(bytes[range]) {
                return code
            }
            slot = (slot + 1) & 511
        }
        guard values.count < limit else { return nil }
        slots[slot] = Int16(values.count)
        values.append(Array(bytes[range]))
        return values.count - 1
    }
}

/// Whether bytes are a decimal number such as `-0.25`, `1` or `3.1e-05`; NaN and infinity are not.
func isPlainDecimal(_ bytes: ArraySlice<UInt8>) -> Bool {
    var rest = bytes
    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    func takeDigits() -> Bool {
        let digits = rest.prefix(while: isDigit)
        rest = rest.dropFirst(digits.count)
        return !digits.isEmpty && digits.count <= 40
    }
    func takeSign() {
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") {
            rest = rest.dropFirst()
        }
    }
    takeSign()
    guard takeDigits() else { return false }
    if rest.first == UInt8(ascii: ".") {
        rest = rest.dropFirst()
        guard takeDigits() else { return false }
    }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
        rest = rest.dropFirst()
        takeSign()
        guard takeDigits() else { return false }
    }
    return rest.isEmpty
}
