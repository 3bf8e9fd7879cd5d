// What can go wrong between us and PostgreSQL, told without a single value.

/// A refusal of the server, a lost link, or a row that is not what the code expects.
package struct DatabaseError: Error, Sendable {
    /// What kind of trouble, so that a caller can decide without reading text.
    package enum Kind: String, Sendable {
        /// A URL or setting that cannot be used.
        case configuration
        /// The link could not be made, or was lost before COMMIT was sent: nothing is stored.
        case connection
        /// The link was lost during COMMIT: stored or not, only a look at the data can tell.
        case commitUnknown
        /// Too many callers wait for a connection, or this one waited too long.
        case busy
        /// The caller's task was cancelled; nothing is stored.
        case cancelled
        /// A statement, lock or idle time limit of the server was reached.
        case timeout
        /// The server refused; `state` says why.
        case server
        /// COMMIT was answered by ROLLBACK: an error inside the transaction had been swallowed.
        case rolledBack
        /// A column is not of the type that was asked for, or NULL where a value was.
        case decoding
        /// Another number of rows than exactly one (or at most one).
        case rowCount
        /// A call that cannot be right whatever the data.
        case usage
        /// The schema is not one this program knows.
        case migration
    }

    /// Five characters of SQLSTATE with names for those that code distinguishes.
    package struct State: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }
        package var description: String { rawValue }

        package static let uniqueViolation = State(rawValue: "23505")
        package static let foreignKeyViolation = State(rawValue: "23503")
        package static let checkViolation = State(rawValue: "23514")
        package static let notNullViolation = State(rawValue: "23502")
        package static let exclusionViolation = State(rawValue: "23P01")
        package static let serializationFailure = State(rawValue: "40001")
        package static let deadlockDetected = State(rawValue: "40P01")
        package static let insufficientPrivilege = State(rawValue: "42501")
        package static let undefinedTable = State(rawValue: "42P01")
        package static let syntaxError = State(rawValue: "42601")
        package static let readOnlyTransaction = State(rawValue: "25006")
        package static let failedTransaction = State(rawValue: "25P02")
        package static let idleInTransactionTimeout = State(rawValue: "25P03")
        package static let queryCanceled = State(rawValue: "57014")
        package static let lockNotAvailable = State(rawValue: "55P03")
        package static let adminShutdown = State(rawValue: "57P01")
        package static let cannotConnectNow = State(rawValue: "57P03")
        package static let raisedException = State(rawValue: "P0001")
        package static let undefinedDatabase = State(rawValue: "3D000")
        package static let unknownStatement = State(rawValue: "26000")
        package static let featureNotSupported = State(rawValue: "0A000")

        /// Lets one write `catch DatabaseError.State.uniqueViolation`.
        package static func ~= (pattern: State, error: any Error) -> Bool {
            (error as? DatabaseError)?.state == pattern
        }
    }

    package let kind: Kind
    /// SQLSTATE, when the server spoke.
    package let state: State?
    /// The server's primary message or ours; may quote a value, so it is for the log only.
    package let message: String
    /// The violated constraint's name, when the server named one.
    package let constraint: String?
    /// The table concerned, when the server named one.
    package let table: String?
    /// The statement with placeholders.
    package let statement: String?

    package init(
        _ kind: Kind, _ message: String, state: State? = nil, constraint: String? = nil,
        table: String? = nil, statement: String? = nil
    ) {
        self.kind = kind
        self.message = message
        self.state = state
        self.constraint = constraint
        self.table = table
        self.statement = statement
    }

    /// The same trouble, seen as another kind.
    func with(kind: Kind) -> DatabaseError {
        DatabaseError(
            kind, message, state: state, constraint: constraint, table: table,
            statement: statement)
    }
}

extension DatabaseError: CustomStringConvertible, CustomDebugStringConvertible {
    /// Kind, SQLSTATE and names of the schema: nothing that could hold a value.
    package var description: String {
        var text = "database error: \(kind.rawValue)"
        if let state { text += " \(state)" }
        if let constraint { text += " constraint \(constraint)" }
        if let table { text += " table \(table)" }
        return text
    }

    /// Adds the server's message and the statement; for logs that may hold such things.
    package var debugDescription: String {
        var text = "\(description): \(message)"
        if let statement { text += " [\(statement)]" }
        return text
    }
}

/// A body failed and the rollback after it failed too; both are kept.
package struct TransactionError: Error, Sendable, CustomStringConvertible {
    /// Why the body did not finish.
    package let body: any Error
    /// Why the rollback did not; the connection was closed, which rolls back for certain.
    package let rollback: DatabaseError

    package var description: String {
        if let body = body as? DatabaseError { return "\(body); then on rollback: \(rollback)" }
        return "\(type(of: body)) in a transaction; then on rollback: \(rollback)"
    }
}
