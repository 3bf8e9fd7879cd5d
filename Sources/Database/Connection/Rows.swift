// The answer to a statement: owned once, freed once, read left to right.
internal import CLibPQ

/// The rows a statement returned; owns the PGresult.
package struct Rows: ~Copyable {
    let result: OpaquePointer

    init(owning result: OpaquePointer) { self.result = result }

    deinit { PQclear(result) }

    /// Hands the PGresult over to someone who clears it.
    consuming func release() -> OpaquePointer {
        let pointer = result
        discard self
        return pointer
    }

    /// How many rows there are.
    package var count: Int { Int(PQntuples(result)) }

    /// How many rows INSERT, UPDATE, DELETE, SELECT or COPY touched.
    package var affected: Int { Int(String(cString: PQcmdTuples(result))) ?? 0 }

    /// Lends each row in turn; a column left unread is an error.
    package func forEach(
        _ body: (inout Row) throws(DatabaseError) -> Void
    ) throws(DatabaseError) {
        for index in 0..<PQntuples(result) {
            var row = Row(result: result, index: index)
            try body(&row)
            try row.finish()
        }
    }

    /// Reads every row.
    func all<T>(_ read: (inout Row) throws(DatabaseError) -> T) throws(DatabaseError) -> [T] {
        var values: [T] = []
        values.reserveCapacity(count)
        for index in 0..<PQntuples(result) {
            var row = Row(result: result, index: index)
            values.append(try read(&row))
            try row.finish()
        }
        return values
    }

    /// Reads the only row, or none.
    func oneOrNil<T>(_ read: (inout Row) throws(DatabaseError) -> T) throws(DatabaseError) -> T? {
        guard count <= 1 else {
            throw DatabaseError(.rowCount, "at most one row was expected, \(count) came")
        }
        guard count == 1 else { return nil }
        var row = Row(result: result, index: 0)
        let value = try read(&row)
        try row.finish()
        return value
    }

    /// Reads the only row.
    func one<T>(_ read: (inout Row) throws(DatabaseError) -> T) throws(DatabaseError) -> T {
        guard let value = try oneOrNil(read) else {
            throw DatabaseError(.rowCount, "one row was expected, none came")
        }
        return value
    }
}

/// One row, lent: each `next()` reads one column, from the left.
package struct Row: ~Copyable {
    private let result: OpaquePointer
    private let index: Int32
    private var column: Int32 = 0

    init(result: OpaquePointer, index: Int32) {
        self.result = result
        self.index = index
    }

    /// Reads the next column, which must be of this type and not NULL.
    package mutating func next<Value: SQLValue>(
        _: Value.Type = Value.self
    ) throws(DatabaseError) -> Value {
        guard let value = try nextOptional(Value.self) else {
            throw failure("is NULL where a \(Value.sqlType) was expected")
        }
        return value
    }

    /// Reads the next column, which must be of this type; NULL is nil.
    package mutating func nextOptional<Value: SQLValue>(
        _: Value.Type = Value.self
    ) throws(DatabaseError) -> Value? {
        column += 1
        let position = column - 1
        let oid = PQftype(result, position)
        guard Value.sqlType.reads(oid) else {
            guard position < PQnfields(result) else {
                throw failure("was read, but there are only \(PQnfields(result)) columns")
            }
            throw failure("has type OID \(oid) where \(Value.sqlType) was expected")
        }
        let length = Int(PQgetlength(result, index, position))
        if length == 0, PQgetisnull(result, index, position) == 1 { return nil }
        let wire = UnsafeRawBufferPointer(
            start: PQgetvalue(result, index, position), count: length)
        guard let value = Value(wire: wire) else {
            throw failure("cannot be read as \(Value.self)")
        }
        return value
    }

    /// Checks that every column was read: a select list longer than its reader is a mistake.
    func finish() throws(DatabaseError) {
        guard column == PQnfields(result) else {
            throw DatabaseError(
                .decoding, "\(PQnfields(result)) columns were selected, \(column) read")
        }
    }

    private func failure(_ what: String) -> DatabaseError {
        let name = PQfname(result, column - 1).map { String(cString: $0) } ?? "?"
        return DatabaseError(.decoding, "column \(column) (\(name)) \(what)")
    }
}

/// A type that a row can be read as; columns in the order of the select list.
package protocol RowDecodable {
    init(row: inout Row) throws(DatabaseError)
}
