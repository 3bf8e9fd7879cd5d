// Audits of the database itself: no running service is needed, and none is disturbed.

package import Database
package import Governance
internal import Cryptography
internal import TransparencyLog

/// The audits.
package enum Auditing {
    /// Verifies the whole log in one snapshot: entries, leaves, tiles, chain, head, checkpoints,
    /// queue, documents, retry keys, subjects' numbers, signatures, and the pin.
    ///
    /// - Parameters:
    ///   - url: any role that may read the schema `audit`; a standby will do.
    ///   - root: whose keys count.
    ///   - pin: what is known outside the database; nil for nothing.
    ///   - progress: called now and then, on the connection's thread.
    /// - Throws: `DatabaseError` when the database cannot be read, `NoteError` for a root whose log
    ///   keys cannot be: nobody may take that for an answer.
    package static func verify(
        _ url: DatabaseURL, root: TrustRoot, pin: Pin?,
        progress: @escaping @Sendable (AuditProgress) -> Void = { _ in }
    ) async throws -> AuditReport {
        let clock = ContinuousClock()
        let started = clock.now
        let logKeys = try root.logKeys.map { try VerifierKey($0.key) }
        // Before the snapshot: a running service moves the pin only after the database.
        let pinned = PinState(reading: pin, origin: root.origin, logKeys: logKeys)
        var options = TransactionOptions(isolation: .repeatableRead, isReadOnly: true, retries: 0)
        options.idleInTransactionTimeout = .zero
        let result = try await withConnection(url) { connection in
            try await connection.transaction(options) { db in
                var verifier = LogVerifier(
                    root: root, logKeys: logKeys, pin: pinned, progress: progress)
                return try verifier.run(db)
            }
        }
        return result.report(origin: root.origin, seconds: seconds(clock.now - started))
    }

    /// Rebuilds every projection from the log in temporary tables, and names every difference.
    ///
    /// - Parameters:
    ///   - url: a role that may read everything and make temporary tables: the migrator.
    ///   - root: whose service keys count for entries that have no place in the log yet.
    /// - Throws: `DatabaseError` when the database cannot be read.
    package static func replay(
        _ url: DatabaseURL, root: TrustRoot,
        progress: @escaping @Sendable (AuditProgress) -> Void = { _ in }
    ) async throws -> ReplayReport {
        let clock = ContinuousClock()
        let started = clock.now
        var options = TransactionOptions(isolation: .repeatableRead, retries: 0)
        options.idleInTransactionTimeout = .zero
        let result = try await withConnection(url) { connection in
            try await connection.transaction(options) { db in
                var replayer = Replayer(root: root, progress: progress)
                return try replayer.run(db)
            }
        }
        return result.report(seconds: seconds(clock.now - started))
    }

    /// A connection of its own, whose statements may take as long as they take.
    private static func withConnection<R: Sendable>(
        _ url: DatabaseURL, _ body: (DedicatedConnection) async throws -> R
    ) async throws -> R {
        var settings = ConnectionSettings()
        settings.applicationName = "imprimatur audit"
        settings.statementTimeout = .zero
        settings.idleInTransactionTimeout = .zero
        let connection = DedicatedConnection(url, settings: settings, label: "audit")
        do {
            try await connection.connect()
            let result = try await body(connection)
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }

    private static func seconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}

/// What the pin says.
enum PinState: Sendable {
    case none
    case unusable(String)
    case pinned(Checkpoint)

    init(reading pin: Pin?, origin: String, logKeys: [VerifierKey]) {
        guard let pin else {
            self = .none
            return
        }
        do {
            guard let note = try pin.read() else {
                self = .none
                return
            }
            let verdict = Checkpoint.open(note, origin: origin, logKeys: logKeys)
            if let checkpoint = verdict.checkpoint?.checkpoint {
                self = .pinned(checkpoint)
            } else {
                self = .unusable("\(pin.path) is not signed by this log: \(verdict.reasons)")
            }
        } catch {
            self = .unusable(error.description)
        }
    }

    /// The pinned checkpoint, if there is one.
    var checkpoint: Checkpoint? {
        guard case .pinned(let checkpoint) = self else { return nil }
        return checkpoint
    }

    /// What proves a fault at an index: the pin, where it covers it.
    func anchor(of index: Int64?) -> AuditFinding.Anchor {
        guard let size = checkpoint?.size, let index, index >= 0, index < size else {
            return .unanchored
        }
        return .contradicts(size: size)
    }
}
