// What a body may do with the connection lent to it.
internal import CLibPQ

/// A connection, lent for the length of a synchronous closure.
///
/// There is no `await` inside: a transaction cannot be interleaved, forgotten, or hold its locks
/// over a network call, and because it has no effect but SQL it can be run again.
package struct Connection: ~Copyable {
    let link: Link

    // inlined into a generic function that is then specialised, the making of this struct crashes
    // the optimiser of Swift 6.3.1 (GenericSpecializer, forwardToInit)
    @inline(never)
    init(link: Link) { self.link = link }

    /// The server process, as in `pg_stat_activity.pid`.
    package var backendPID: Int32 { PQbackendPID(link.pointer) }

    /// Runs a statement and returns its rows.
    package func rows(_ sql: SQL) throws(DatabaseError) -> Rows { try link.run(sql) }

    /// Runs a statement; returns how many rows it touched.
    @discardableResult
    package func execute(_ sql: SQL) throws(DatabaseError) -> Int { try link.run(sql).affected }

    /// All rows, each read by its type's `init(row:)`.
    package func all<T: RowDecodable>(
        _ sql: SQL, as _: T.Type = T.self
    ) throws(DatabaseError) -> [T] {
        try link.run(sql).all(T.init(row:))
    }

    /// All rows of one column.
    package func all<T: SQLColumn>(
        _ sql: SQL, as _: T.Type = T.self
    ) throws(DatabaseError) -> [T] {
        try link.run(sql).all(T.read(from:))
    }

    /// All rows as tuples: `as: (Int64, String?).self`.
    package func all<each T: SQLColumn>(
        _ sql: SQL, as _: (repeat each T).Type
    ) throws(DatabaseError) -> [(repeat each T)] {
        try link.run(sql).all { (row: inout Row) throws(DatabaseError) in
            (repeat try (each T).read(from: &row))
        }
    }

    /// The only row; none or several are an error.
    package func one<T: RowDecodable>(
        _ sql: SQL, as _: T.Type = T.self
    ) throws(DatabaseError) -> T {
        try link.run(sql).one(T.init(row:))
    }

    /// The only row's only column; none or several are an error.
    package func one<T: SQLColumn>(
        _ sql: SQL, as _: T.Type = T.self
    ) throws(DatabaseError) -> T {
        try link.run(sql).one(T.read(from:))
    }

    /// The only row as a tuple; none or several are an error.
    package func one<each T: SQLColumn>(
        _ sql: SQL, as _: (repeat each T).Type
    ) throws(DatabaseError) -> (repeat each T) {
        try link.run(sql).one { (row: inout Row) throws(DatabaseError) in
            (repeat try (each T).read(from: &row))
        }
    }

    /// The only row or nil; several are an error.
    package func oneOrNil<T: RowDecodable>(
        _ sql: SQL, as _: T.Type = T.self
    ) throws(DatabaseError) -> T? {
        try link.run(sql).oneOrNil(T.init(row:))
    }

    /// The only row's only column, or nil without a row; several are an error.
    package func oneOrNil<T: SQLColumn>(
        _ sql: SQL, as _: T.Type = T.self
    ) throws(DatabaseError) -> T? {
        try link.run(sql).oneOrNil(T.read(from:))
    }

    /// The only row as a tuple, or nil; several are an error.
    package func oneOrNil<each T: SQLColumn>(
        _ sql: SQL, as _: (repeat each T).Type
    ) throws(DatabaseError) -> (repeat each T)? {
        try link.run(sql).oneOrNil { (row: inout Row) throws(DatabaseError) in
            (repeat try (each T).read(from: &row))
        }
    }

    /// Runs the body so that its failure undoes only the body; the error is thrown on.
    @discardableResult
    package func savepoint<R>(_ body: (borrowing Connection) throws -> R) throws -> R {
        try link.savepoint(body)
    }

    /// Sends all statements, then reads all answers: one round trip for 128 of them. Returns the
    /// rows each touched. The first error aborts the rest and is thrown.
    @discardableResult
    package func executeBatch(_ statements: [SQL]) throws(DatabaseError) -> [Int] {
        guard !statements.isEmpty else { return [] }
        var affected: [Int] = []
        affected.reserveCapacity(statements.count)
        try link.pipeline(statements) { (_, rows: consuming Rows) throws(DatabaseError) in
            affected.append(rows.affected)
        }
        return affected
    }

    /// Sends statements together with the next one, or with COMMIT: a round trip less. What is wrong
    /// with them is thrown there.
    package func later(_ statements: [SQL]) throws(DatabaseError) {
        try link.postpone(statements)
    }

    /// Like `executeBatch`, with a question at the end of the same round trip.
    package func executeBatch<R>(
        _ statements: [SQL], then query: Query<R>
    ) throws(DatabaseError) -> R {
        var answer: R?
        try link.pipeline(statements + [query.sql]) {
            (index, rows: consuming Rows) throws(DatabaseError) in
            if index == statements.count { answer = try query.decode(rows) }
        }
        guard let answer else {
            throw DatabaseError(.rowCount, "the last statement of a batch was not answered")
        }
        return answer
    }

    /// Runs several questions of different types in one round trip:
    /// `let (model, reviews) = try db.pipeline(Ask.one(a, as: Model.self), Ask.all(b, as: Review.self))`.
    @discardableResult
    package func pipeline<each R>(
        _ query: repeat Query<each R>
    ) throws(DatabaseError) -> (repeat each R) {
        var statements: [SQL] = []
        for each in repeat each query { statements.append(each.sql) }
        var answers: [OpaquePointer] = []
        defer { for answer in answers { PQclear(answer) } }
        try link.pipeline(statements) { (_, rows: consuming Rows) throws(DatabaseError) in
            answers.append(rows.release())
        }
        var index = 0
        func decode<T>(_ query: Query<T>) throws(DatabaseError) -> T {
            defer { index += 1 }
            let rows = Rows(owning: answers[index])
            do throws(DatabaseError) {
                let value = try query.decode(rows)
                _ = rows.release()
                return value
            } catch {
                _ = rows.release()
                throw error
            }
        }
        return (repeat try decode(each query))
    }
}

/// A statement and how to read its answer, for `pipeline`.
package struct Query<Answer> {
    let sql: SQL
    let decode: (borrowing Rows) throws(DatabaseError) -> Answer
}

/// Makes the questions of a `pipeline`.
package enum Ask {
    /// How many rows the statement touched.
    package static func execute(_ sql: SQL) -> Query<Int> {
        Query(sql: sql) { (rows: borrowing Rows) throws(DatabaseError) in rows.affected }
    }

    /// All rows.
    package static func all<T: RowDecodable>(_ sql: SQL, as _: T.Type = T.self) -> Query<[T]> {
        Query(sql: sql) { (rows: borrowing Rows) throws(DatabaseError) in
            try rows.all(T.init(row:))
        }
    }

    /// All rows, of one column.
    package static func all<T: SQLColumn>(_ sql: SQL, as _: T.Type = T.self) -> Query<[T]> {
        Query(sql: sql) { (rows: borrowing Rows) throws(DatabaseError) in
            try rows.all(T.read(from:))
        }
    }

    /// The only row.
    package static func one<T: RowDecodable>(_ sql: SQL, as _: T.Type = T.self) -> Query<T> {
        Query(sql: sql) { (rows: borrowing Rows) throws(DatabaseError) in
            try rows.one(T.init(row:))
        }
    }

    /// The only row, of one column.
    package static func one<T: SQLColumn>(_ sql: SQL, as _: T.Type = T.self) -> Query<T> {
        Query(sql: sql) { (rows: borrowing Rows) throws(DatabaseError) in
            try rows.one(T.read(from:))
        }
    }

    /// The only row, or nil.
    package static func oneOrNil<T: RowDecodable>(_ sql: SQL, as _: T.Type = T.self) -> Query<T?> {
        Query(sql: sql) { (rows: borrowing Rows) throws(DatabaseError) in
            try rows.oneOrNil(T.init(row:))
        }
    }

    /// The only row, or nil, of one column.
    package static func oneOrNil<T: SQLColumn>(_ sql: SQL, as _: T.Type = T.self) -> Query<T?> {
        Query(sql: sql) { (rows: borrowing Rows) throws(DatabaseError) in
            try rows.oneOrNil(T.read(from:))
        }
    }
}
