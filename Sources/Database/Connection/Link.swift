// One libpq connection: opened, asked, closed. Lives on one lane and is never shared.
internal import CLibPQ
internal import Glibc

/// Owns a PGconn. Not Sendable: the lane that opened it is the only one to touch it.
final class Link {
    let pointer: OpaquePointer
    let settings: ConnectionSettings
    let canceller: Canceller
    var statements: StatementCache
    /// BEGIN, SAVEPOINT and the like, sent together with the next statement: one round trip less.
    var deferred: [SQL] = []
    /// Whether statements of the body are, or were, among `deferred`.
    var postponed = false
    /// How often `deferred` was sent; tells whether a savepoint ever reached the server.
    var flushes = 0
    var depth = 0
    var isInTransaction = false
    private var isBroken = false
    /// Server-side names to drop as soon as no pipeline is open.
    private var unwanted: [String] = []
    private var parameters = Parameters()

    /// Connects, within the URL's connect_timeout (10 s by default).
    init(
        _ url: DatabaseURL, _ settings: ConnectionSettings, _ canceller: Canceller
    ) throws(DatabaseError) {
        let (keywords, values) = url.connectionParameters(
            applicationName: settings.applicationName, options: settings.sessionOptions)
        var keys: [UnsafePointer<CChar>?] = keywords.map { UnsafePointer(strdup($0)) } + [nil]
        var texts: [UnsafePointer<CChar>?] = values.map { UnsafePointer(strdup($0)) } + [nil]
        let opened = PQconnectdbParams(&keys, &texts, 0)
        for text in keys + texts { free(UnsafeMutablePointer(mutating: text)) }
        guard let opened else {
            throw DatabaseError(.connection, "out of memory while connecting")
        }
        guard PQstatus(opened) == CONNECTION_OK else {
            let message = String(cString: PQerrorMessage(opened))
            PQfinish(opened)
            throw DatabaseError(.connection, message.trimmingLineEnd)
        }
        pointer = opened
        self.settings = settings
        self.canceller = canceller
        statements = StatementCache(settings.statements)
        // libpq would print notices to stderr
        PQsetNoticeProcessor(opened, { _, _ in }, nil)
        canceller.install(PQgetCancel(opened))
    }

    deinit {
        canceller.install(nil)
        PQfinish(pointer)
    }

    /// Whether the link can carry another use.
    var isUsable: Bool { !isBroken && PQstatus(pointer) == CONNECTION_OK }

    /// Between uses: usable, no transaction open, no result half read.
    var isIdle: Bool { isUsable && PQtransactionStatus(pointer) == PQTRANS_IDLE }

    /// Gives the link up: its state is no longer known. The server rolls back when it closes.
    func abandon() { isBroken = true }

    /// Checks what must hold before anything is sent.
    func checkReady() throws(DatabaseError) {
        guard isUsable else {
            throw DatabaseError(.connection, "the connection to PostgreSQL is lost")
        }
        if Task.isCancelled {
            throw DatabaseError(.cancelled, "the task was cancelled before a statement was sent")
        }
    }

    /// Runs one statement, together with whatever was deferred.
    func run(_ sql: SQL) throws(DatabaseError) -> Rows {
        try checkReady()
        guard deferred.isEmpty else {
            var rows: Rows?
            try pipeline([sql]) { (_, answer: consuming Rows) throws(DatabaseError) in
                rows = consume answer
            }
            guard let rows else { throw lost(sql) }
            return rows
        }
        let plan = try plan(sql)
        let result = parameters.with(sql) { count, values, lengths, formats in
            if let name = plan.name {
                PQexecPrepared(pointer, name, count, values, lengths, formats, 1)
            } else {
                PQexecParams(pointer, plan.text, count, plan.types, values, lengths, formats, 1)
            }
        }
        return try checked(result, sql)
    }

    /// Queues one statement without waiting for its answer.
    func send(_ sql: SQL) throws(DatabaseError) {
        let plan = try plan(sql, mayPrepare: PQpipelineStatus(pointer) == PQ_PIPELINE_OFF)
        let sent = parameters.with(sql) { count, values, lengths, formats in
            if let name = plan.name {
                PQsendQueryPrepared(pointer, name, count, values, lengths, formats, 1)
            } else {
                PQsendQueryParams(
                    pointer, plan.text, count, plan.types, values, lengths, formats, 1)
            }
        }
        guard sent == 1 else { throw lost(sql) }
    }

    /// Finds the statement's plan; prepares it on second use.
    func plan(_ sql: SQL, mayPrepare: Bool = true) throws(DatabaseError) -> StatementCache.Entry {
        guard sql.slots.count <= 65_535 else {
            throw DatabaseError(.usage, "a statement binds at most 65535 values")
        }
        var (entry, isKnown, evicted) = statements.look(sql)
        if let evicted { unwanted.append(evicted) }
        guard isKnown, entry.name == nil, statements.names, mayPrepare else { return entry }
        for name in unwanted { PQclear(PQexec(pointer, "DEALLOCATE \(name)")) }
        unwanted = []
        let name = statements.makeName()
        let result = PQprepare(pointer, name, entry.text, Int32(entry.types.count), entry.types)
        _ = try checked(result, sql)
        statements.setName(name, of: sql)
        entry.name = name
        return entry
    }

    /// Runs text of several statements that binds nothing (migrations).
    func runScript(_ bytes: [UInt8]) throws(DatabaseError) {
        try flushDeferred()
        guard !bytes.contains(0) else { throw DatabaseError(.usage, "a script holds no NUL byte") }
        let result = PQexec(pointer, String(decoding: bytes, as: UTF8.self))
        _ = try checked(result, nil)
        if statements.removeAll() { PQclear(PQexec(pointer, "DEALLOCATE ALL")) }
    }

    /// Runs a short command of ours in one simple message.
    func command(_ text: StaticString) throws(DatabaseError) -> Rows {
        try checked(PQexec(pointer, text.description), nil)
    }

    /// Turns a PGresult into rows or an error; frees it in every case.
    func checked(_ result: OpaquePointer?, _ sql: SQL?) throws(DatabaseError) -> Rows {
        guard let result else { throw lost(sql) }
        switch PQresultStatus(result) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
            return Rows(owning: result)
        case PGRES_EMPTY_QUERY:
            PQclear(result)
            throw DatabaseError(.usage, "an empty statement", statement: sql?.description)
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            PQclear(result)
            // the conversation is now in COPY; only a new connection leaves it for certain
            abandon()
            throw DatabaseError(
                .usage, "COPY runs through copyIn and copyOut", statement: sql?.description)
        default:
            defer { PQclear(result) }
            throw failure(result, sql)
        }
    }

    /// The error in a result.
    func failure(_ result: OpaquePointer, _ sql: SQL?) -> DatabaseError {
        func field(_ code: Int) -> String? {
            PQresultErrorField(result, Int32(code)).map { String(cString: $0) }
        }
        let state = field(PGDiagnosticSQLState).map { DatabaseError.State(rawValue: $0) }
        let message =
            field(PGDiagnosticMessage)
            ?? String(cString: PQresultErrorMessage(result)).trimmingLineEnd
        // a plan that went stale with the schema, or that a DISCARD took: a new link has neither
        if state == .unknownStatement || state == .featureNotSupported { abandon() }
        return DatabaseError(
            kind(of: state), message, state: state, constraint: field(PGDiagnosticConstraint),
            table: field(PGDiagnosticTable), statement: sql?.description)
    }

    private func kind(of state: DatabaseError.State?) -> DatabaseError.Kind {
        guard let state else { return .connection }
        switch state {
        case .queryCanceled: return Task.isCancelled ? .cancelled : .timeout
        case .lockNotAvailable, .idleInTransactionTimeout: return .timeout
        default:
            // classes 08 (connection) and 57P (the server goes down) end the link
            let isLinkLoss = state.rawValue.hasPrefix("08") || state.rawValue.hasPrefix("57P")
            return isLinkLoss || PQstatus(pointer) == CONNECTION_BAD ? .connection : .server
        }
    }

    /// The link broke without an answer.
    func lost(_ sql: SQL?) -> DatabaseError {
        let message = String(cString: PQerrorMessage(pointer)).trimmingLineEnd
        abandon()
        return DatabaseError(
            .connection, message.isEmpty ? "the connection to PostgreSQL is lost" : message,
            statement: sql?.description)
    }
}

/// Scratch arrays for libpq's parameters, kept so that a statement allocates nothing for them.
private struct Parameters: ~Copyable {
    private var values: UnsafeMutableBufferPointer<UnsafePointer<CChar>?> = .allocate(capacity: 0)
    private var lengths: UnsafeMutableBufferPointer<Int32> = .allocate(capacity: 0)
    private var formats: UnsafeMutableBufferPointer<Int32> = .allocate(capacity: 0)

    deinit {
        values.deallocate()
        lengths.deallocate()
        formats.deallocate()
    }

    mutating func with<R>(
        _ sql: SQL,
        _ body: (
            Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?,
            UnsafePointer<Int32>?
        ) -> R
    ) -> R {
        let count = sql.slots.count
        if count > values.count { grow(to: max(16, count)) }
        return sql.payload.withUnsafeBufferPointer { payload in
            for (index, slot) in sql.slots.enumerated() {
                lengths[index] = Int32(max(0, slot.length))
                guard slot.length >= 0 else {
                    values[index] = nil
                    continue
                }
                // an empty value is not NULL: it needs an address, whichever
                let base = payload.baseAddress.map { UnsafeRawPointer($0 + slot.offset) }
                values[index] = (base ?? UnsafeRawPointer(formats.baseAddress))?
                    .assumingMemoryBound(to: CChar.self)
            }
            return body(
                Int32(count), UnsafePointer(values.baseAddress), UnsafePointer(lengths.baseAddress),
                UnsafePointer(formats.baseAddress))
        }
    }

    private mutating func grow(to capacity: Int) {
        values.deallocate()
        lengths.deallocate()
        formats.deallocate()
        values = .allocate(capacity: capacity)
        lengths = .allocate(capacity: capacity)
        formats = .allocate(capacity: capacity)
        formats.initialize(repeating: 1)
    }
}

extension String {
    /// Without the line end that libpq puts behind messages.
    var trimmingLineEnd: String {
        var text = self[...]
        while text.last == "\n" { text.removeLast() }
        return String(text)
    }
}
