// Begin, commit, roll back; and the difference between "failed" and "unknown".
internal import CLibPQ

extension Link {
    /// Runs the body in one transaction. BEGIN travels with the body's first statement, and a
    /// body without statements costs nothing.
    func transaction<R>(
        _ options: TransactionOptions, _ body: (borrowing Connection) throws -> R
    ) throws -> R {
        guard !isInTransaction else {
            throw DatabaseError(.usage, "a transaction inside a transaction: use savepoint")
        }
        deferred = options.opening(settings)
        isInTransaction = true
        defer {
            isInTransaction = false
            deferred = []
            postponed = false
            depth = 0
        }
        let result: R
        do {
            result = try body(Connection(link: self))
        } catch {
            try rollback(after: error)
            throw error
        }
        if Task.isCancelled {
            let cancelled = DatabaseError(.cancelled, "the task was cancelled before COMMIT")
            try rollback(after: cancelled)
            throw cancelled
        }
        try flushPostponed()
        try commit(isBegun: flushes)
        return result
    }

    /// Adds statements to what goes with the next one.
    func postpone(_ statements: [SQL]) throws(DatabaseError) {
        guard isInTransaction else {
            throw DatabaseError(.usage, "statements are postponed in a transaction only")
        }
        deferred += statements
        postponed = postponed || !statements.isEmpty
    }

    /// What the body postponed is part of the transaction; a BEGIN that nothing followed is not.
    private func flushPostponed() throws {
        guard postponed, !deferred.isEmpty else { return }
        do throws(DatabaseError) {
            try flushDeferred()
        } catch {
            try rollback(after: error)
            throw error
        }
    }

    private func rollback(after error: any Error) throws {
        // nothing was begun, or the lost link has already rolled back
        guard isUsable, PQtransactionStatus(pointer) != PQTRANS_IDLE else { return }
        do throws(DatabaseError) {
            _ = try command("ROLLBACK")
        } catch let rollback {
            abandon()
            throw TransactionError(body: error, rollback: rollback)
        }
    }

    private func commit(isBegun: Int) throws(DatabaseError) {
        switch PQtransactionStatus(pointer) {
        case PQTRANS_INTRANS:
            break
        case PQTRANS_IDLE:
            // BEGIN still waits to be sent: the body had no statement
            guard deferred.isEmpty else { return }
            throw DatabaseError(.usage, "the transaction was ended inside its body")
        case PQTRANS_INERROR:
            _ = try command("ROLLBACK")
            throw DatabaseError(
                .rolledBack, "a statement had failed and the body went on: nothing is stored")
        default:
            throw lost(nil)
        }
        // once COMMIT is on its way a cancel could only make its outcome harder to know
        canceller.end()
        let result = PQexec(pointer, "COMMIT")
        guard let result else { throw lost(nil).with(kind: .commitUnknown) }
        if PQresultStatus(result) == PGRES_COMMAND_OK {
            let tag = String(cString: PQcmdStatus(result))
            PQclear(result)
            guard tag == "COMMIT" else {
                throw DatabaseError(.rolledBack, "COMMIT was answered by \(tag)")
            }
            return
        }
        let error = failure(result, nil)
        PQclear(result)
        guard error.kind == .connection || !isUsable else { throw error }
        abandon()
        throw error.with(kind: .commitUnknown)
    }

    /// Runs the body so that its failure undoes only the body.
    func savepoint<R>(_ body: (borrowing Connection) throws -> R) throws -> R {
        guard isInTransaction else {
            throw DatabaseError(.usage, "a savepoint outside a transaction")
        }
        depth += 1
        defer { depth -= 1 }
        let level = depth
        let waiting = deferred.count
        let flushesBefore = flushes
        deferred.append(SQL(uncheckedText: "SAVEPOINT sp\(level)"))
        do {
            let result = try body(Connection(link: self))
            if flushes == flushesBefore {
                // the body ran nothing: the savepoint was never sent
                deferred.removeSubrange(waiting...)
            } else if PQtransactionStatus(pointer) == PQTRANS_INERROR {
                throw DatabaseError(
                    .rolledBack, "a statement had failed and the savepoint's body went on")
            } else {
                deferred.append(SQL(uncheckedText: "RELEASE SAVEPOINT sp\(level)"))
            }
            return result
        } catch {
            if flushes == flushesBefore {
                deferred.removeSubrange(waiting...)
            } else if isUsable {
                try rollback(to: level, after: error)
            }
            throw error
        }
    }

    private func rollback(to level: Int, after error: any Error) throws {
        deferred = []
        do throws(DatabaseError) {
            let text = "ROLLBACK TO SAVEPOINT sp\(level); RELEASE SAVEPOINT sp\(level)"
            _ = try checked(PQexec(pointer, text), nil)
        } catch let rollback {
            abandon()
            throw TransactionError(body: error, rollback: rollback)
        }
    }
}
