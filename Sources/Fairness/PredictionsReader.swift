// Reads a predictions file, chunk by chunk, into counts per combination of sensitive values.
//
// The file is CSV (see `CSVScanner`) with a header. The label and prediction columns hold two
// classes at most, one of which is named as the positive one; an empty class is refused. A sensitive
// value that is empty is missing: its row is counted in a stratum of its own. The caller streams the
// file, so memory does not grow with it.

/// The columns of a predictions file that matter.
package struct PredictionColumns: Sendable, Hashable {
    package let label: String
    package let prediction: String
    /// A column that must hold decimal numbers; checked, not evaluated.
    package let score: String?
    /// The sensitive columns: each is a grouping, and all together are one more.
    package let groups: [String]
    /// The class that counts as positive, as it is written in the file.
    package let positive: String

    package init(
        label: String, prediction: String, score: String? = nil, groups: [String], positive: String
    ) {
        self.label = label
        self.prediction = prediction
        self.score = score
        self.groups = groups
        self.positive = positive
    }

    /// All names, in a fixed order.
    var names: [String] { [label, prediction] + (score.map { [$0] } ?? []) + groups }

    /// Why these columns cannot be evaluated at all; nil when they can.
    package var fault: CSVError? {
        guard (1...FairnessLimits.groupColumns).contains(groups.count) else {
            return CSVError(
                .unknownColumn, record: 0,
                "Name one to \(FairnessLimits.groupColumns) sensitive columns.")
        }
        guard Set(names.map { Array($0.utf8) }).count == names.count else {
            return CSVError(.sameColumn, record: 0, "One column is named for two purposes.")
        }
        guard !positive.isEmpty else {
            return CSVError(.missingClass, record: 0, "The positive class must not be empty.")
        }
        return nil
    }
}

/// The streaming reader: `read` every chunk, then `finish`.
package struct PredictionsReader: Sendable {
    private let columns: PredictionColumns
    private var scanner = CSVScanner()
    private var fields: FieldPositions?
    private var classes: ByteTable
    private var groups: [ByteTable]
    private var cells: [UInt64: Int] = [:]
    private var last: (key: UInt64, cell: Int) = (.max, 0)
    private var counts: [(key: UInt64, counts: ConfusionCounts)] = []
    /// Rows read so far, without the header.
    package private(set) var rows: Int64 = 0

    /// Throws `sameColumn`, `unknownColumn` or `missingClass` for columns that make no sense.
    package init(_ columns: PredictionColumns) throws(CSVError) {
        if let fault = columns.fault { throw fault }
        self.columns = columns
        classes = ByteTable(limit: 2)
        groups = columns.groups.map { _ in ByteTable(limit: FairnessLimits.valuesPerColumn) }
    }

    /// Takes the next bytes of the file.
    package mutating func read(_ chunk: UnsafeRawBufferPointer) throws(CSVError) {
        var position = 0
        while try scanner.next(in: chunk, from: &position) { try takeRecord() }
    }

    /// Takes the next bytes of the file.
    package mutating func read(_ chunk: [UInt8]) throws(CSVError) {
        let result = chunk.withUnsafeBytes { bytes -> Result<Void, CSVError> in
            do throws(CSVError) {
                return .success(try read(bytes))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    /// Ends the file and gives the counts.
    package mutating func finish() throws(CSVError) -> FairnessCounts {
        if try scanner.finish() { try takeRecord() }
        guard fields != nil else {
            throw CSVError(.noHeader, record: 0, "The file has no header.")
        }
        guard rows > 0 else { throw CSVError(.noRows, record: 0, "The file has no rows.") }
        let positive = Array(columns.positive.utf8)
        if classes.values.count == 2, !classes.values.contains(positive) {
            throw CSVError(
                .positiveNeverSeen, record: 0,
                "Neither class in the file is the one that was named as positive.")
        }
        return FairnessCounts(
            columns: columns.groups,
            cells: counts.map { entry in
                FairnessCell(
                    values: groups.indices.map { value(of: entry.key, column: $0) },
                    counts: entry.counts)
            })
    }

    private func value(of key: UInt64, column: Int) -> String? {
        let code = Int(key >> UInt64(8 * column)) & 0xFF
        return code == 0 ? nil : String(decoding: groups[column].values[code - 1], as: UTF8.self)
    }

    private mutating func takeRecord() throws(CSVError) {
        guard let fields else {
            fields = try FieldPositions(scanner, columns)
            return
        }
        guard scanner.ends.count == fields.width else {
            throw CSVError(
                .ragged, record: scanner.record,
                "There are \(scanner.ends.count) fields; the header has \(fields.width).")
        }
        let label = try isPositive(fields.label, columns.label)
        let prediction = try isPositive(fields.prediction, columns.prediction)
        if let score = fields.score { try checkNumber(score) }
        var key: UInt64 = 0
        for (column, field) in fields.groups.enumerated() {
            key |= UInt64(try groupCode(field, column)) << UInt64(8 * column)
        }
        let cell = try cellIndex(key)
        switch (label, prediction) {
        case (true, true): counts[cell].counts.truePositives += 1
        case (false, true): counts[cell].counts.falsePositives += 1
        case (true, false): counts[cell].counts.falseNegatives += 1
        case (false, false): counts[cell].counts.trueNegatives += 1
        }
        rows += 1
        guard rows <= FairnessLimits.rows else {
            throw CSVError(
                .tooManyRows, record: scanner.record,
                "There are more than \(FairnessLimits.rows) rows.")
        }
    }

    private func range(_ field: Int) -> Range<Int> {
        (field == 0 ? 0 : scanner.ends[field - 1])..<scanner.ends[field]
    }

    private mutating func isPositive(_ field: Int, _ name: String) throws(CSVError) -> Bool {
        let range = range(field)
        guard !range.isEmpty else {
            throw CSVError(
                .missingClass, record: scanner.record, "The column \(name) is empty.")
        }
        guard let code = classes.code(of: scanner.bytes, range) else {
            throw CSVError(
                .tooManyClasses, record: scanner.record,
                "The columns \(columns.label) and \(columns.prediction) have a third class.")
        }
        return code == positiveCode
    }

    /// The code that the positive class has or will have: found once per class seen, not per row.
    private var positiveCode: Int {
        for (index, value) in classes.values.enumerated()
        where value.elementsEqual(columns.positive.utf8) {
            return index
        }
        return -1
    }

    private mutating func groupCode(_ field: Int, _ column: Int) throws(CSVError) -> Int {
        let range = range(field)
        if range.isEmpty { return 0 }
        let known = groups[column].values.count
        guard let code = groups[column].code(of: scanner.bytes, range) else {
            throw CSVError(
                .tooManyValues, record: scanner.record,
                "The column \(columns.groups[column]) has more than "
                    + "\(FairnessLimits.valuesPerColumn) values.")
        }
        if groups[column].values.count > known {
            try scanner.checkText(range, columns.groups[column])
        }
        return code + 1
    }

    private mutating func cellIndex(_ key: UInt64) throws(CSVError) -> Int {
        if last.key == key { return last.cell }
        let index: Int
        if let known = cells[key] {
            index = known
        } else {
            guard counts.count < FairnessLimits.cells else {
                throw CSVError(
                    .tooManyCells, record: scanner.record,
                    "There are more than \(FairnessLimits.cells) combinations of groups.")
            }
            index = counts.count
            counts.append((key, ConfusionCounts()))
            cells[key] = index
        }
        last = (key, index)
        return index
    }

    private func checkNumber(_ field: Int) throws(CSVError) {
        guard isPlainDecimal(scanner.bytes[range(field)]) else {
            throw CSVError(
                .notANumber, record: scanner.record,
                "The column \(columns.score ?? "score") is not a decimal number.")
        }
    }
}
