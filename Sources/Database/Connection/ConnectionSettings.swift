// How a connection behaves, and how a transaction may differ.

/// Settings of one connection; every wait on the server has a limit.
package struct ConnectionSettings: Sendable {
    /// Whether statements keep a plan on the connection.
    package enum Statements: Sendable, Hashable {
        /// Named on second use, at most `limit` of them kept: for direct connections.
        case named(limit: Int)
        /// Never named: for PgBouncer in transaction mode, where the next transaction may meet
        /// another server process.
        case unnamed
    }

    /// Shown in `pg_stat_activity`.
    package var applicationName = "imprimatur"
    /// Longest run of one statement.
    package var statementTimeout: Duration = .seconds(10)
    /// Longest wait for one lock; shorter than a statement may run.
    package var lockTimeout: Duration = .seconds(5)
    /// Longest pause between two statements of one transaction.
    package var idleInTransactionTimeout: Duration = .seconds(15)
    /// Named or unnamed statements.
    package var statements = Statements.named(limit: 256)
    /// Whether this connection only looks rows up by key, as services do: then a statement is planned
    /// once, and through its index, also when its table was still empty at that moment.
    package var looksUpByKey = false
    /// Whether a pooler stands between: then time limits are set in each transaction
    /// (`SET LOCAL`), never on the session, which is not ours.
    package var throughPooler = false

    package init() {}

    /// For a service's own work.
    package static var service: ConnectionSettings {
        var settings = ConnectionSettings()
        settings.looksUpByKey = true
        return settings
    }

    /// What PgBouncer in transaction mode allows.
    package static var pooled: ConnectionSettings {
        var settings = ConnectionSettings()
        settings.statements = .unnamed
        settings.throughPooler = true
        return settings
    }

    /// Start-up options that set the session's limits; empty behind a pooler.
    var sessionOptions: String {
        guard !throughPooler else { return "" }
        // Where a table has to be read whole all the same, its plan looks so dear that the server would
        // compile it, or start helpers, for a handful of rows.
        let plans =
            looksUpByKey
            ? "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off "
                + "-c max_parallel_workers_per_gather=0 " : ""
        return plans + "-c statement_timeout=\(statementTimeout.milliseconds)"
            + " -c lock_timeout=\(lockTimeout.milliseconds)"
            + " -c idle_in_transaction_session_timeout=\(idleInTransactionTimeout.milliseconds)"
    }
}

/// How one transaction runs.
package struct TransactionOptions: Sendable {
    /// Isolation levels of PostgreSQL that differ.
    package enum Isolation: String, Sendable {
        case readCommitted = "READ COMMITTED"
        case repeatableRead = "REPEATABLE READ"
        case serializable = "SERIALIZABLE"
    }

    /// When a commit returns to the caller.
    package enum Flush: Sendable, Hashable {
        /// When it is kept: no crash undoes it.
        case beforeReturning
        /// At once. It is kept with the next commit that waits, of any connection, because records
        /// are flushed in the order of commits; until then a crash of PostgreSQL may undo it.
        case later
    }

    package var isolation = Isolation.readCommitted
    package var isReadOnly = false
    package var flush = Flush.beforeReturning
    /// Differs from the connection's limit when set.
    package var statementTimeout: Duration?
    /// Differs from the connection's limit when set.
    package var lockTimeout: Duration?
    /// Differs from the connection's limit when set.
    package var idleInTransactionTimeout: Duration?
    /// The snapshot of another transaction, to be taken over by a REPEATABLE READ one.
    package var snapshot: SnapshotID?
    /// Whether it gets a connection before those who wait already.
    package var isPreferred = false
    /// How often the body is run again after 40001 or 40P01.
    package var retries = 5

    package init(
        isolation: Isolation = .readCommitted, isReadOnly: Bool = false,
        statementTimeout: Duration? = nil, lockTimeout: Duration? = nil, retries: Int = 5
    ) {
        self.isolation = isolation
        self.isReadOnly = isReadOnly
        self.statementTimeout = statementTimeout
        self.lockTimeout = lockTimeout
        self.retries = retries
    }

    /// READ COMMITTED, reading and writing.
    package static let write = TransactionOptions()
    /// READ COMMITTED, reading and writing; whoever tells of it sees first that it is kept.
    package static let writeUnflushed: TransactionOptions = {
        var options = TransactionOptions()
        options.flush = .later
        return options
    }()
    /// The same for several acts of strangers, which wait for nobody's lock.
    package static let together: TransactionOptions = {
        var options = writeUnflushed
        options.lockTimeout = .milliseconds(100)
        options.isPreferred = true
        return options
    }()
    /// For one that was put aside: it has waited once, and waits for locks like everybody.
    package static let putAside: TransactionOptions = {
        var options = writeUnflushed
        options.isPreferred = true
        return options
    }()
    /// READ COMMITTED, refusing to write.
    package static let read = TransactionOptions(isReadOnly: true)
    /// One snapshot for several reads.
    package static let snapshot = TransactionOptions(isolation: .repeatableRead, isReadOnly: true)

    /// The statements that open such a transaction.
    func opening(_ settings: ConnectionSettings) -> [SQL] {
        let mode = isReadOnly ? "READ ONLY" : "READ WRITE"
        var statements = [SQL(uncheckedText: "BEGIN ISOLATION LEVEL \(isolation.rawValue) \(mode)")]
        if let snapshot {
            statements.append(SQL(uncheckedText: "SET TRANSACTION SNAPSHOT '\(snapshot.name)'"))
        }
        if flush == .later {
            statements.append(SQL(uncheckedText: "SET LOCAL synchronous_commit = off"))
        }
        func limit(_ name: StaticString, _ own: Duration?, _ general: Duration) {
            guard own != nil || settings.throughPooler else { return }
            let milliseconds = (own ?? general).milliseconds
            statements.append(SQL(uncheckedText: "SET LOCAL \(name) = \(milliseconds)"))
        }
        limit("statement_timeout", statementTimeout, settings.statementTimeout)
        limit("lock_timeout", lockTimeout, settings.lockTimeout)
        limit(
            "idle_in_transaction_session_timeout", idleInTransactionTimeout,
            settings.idleInTransactionTimeout)
        return statements
    }
}

extension Duration {
    /// Whole milliseconds, at least 1 unless zero (0 means "no limit" to PostgreSQL).
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let whole = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        return self > .zero ? max(1, whole) : 0
    }
}
