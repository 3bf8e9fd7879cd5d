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
    ///   - kept: checkpoints that an auditor kept: more that is known outside.
    ///   - from: where to begin instead of at the first entry. It is an anchor, too; where the
    ///     database contradicts it, everything is read to say what is wrong.
    ///   - progress: called now and then, on the connection's thread.
    /// - Throws: `DatabaseError` when the database cannot be read, `NoteError` for a root whose log
    ///   keys cannot be: nobody may take that for an answer.
    package static func verify(
        _ url: DatabaseURL, root: TrustRoot, pin: Pin?, kept: [KeptCheckpoint] = [],
        from: AuditState? = nil,
        progress: @escaping @Sendable (AuditProgress) -> Void = { _ in }
    ) async throws -> AuditReport {
        let clock = ContinuousClock()
        let started = clock.now
        let logKeys = try root.logKeys.map { try VerifierKey($0.key) }
        // Before the snapshot: a running service moves the pin only after the database.
        let anchors = AuditAnchors(
            pin, kept + (from.map { [KeptCheckpoint(note: $0.checkpoint, source: "start")] } ?? []),
            origin: root.origin, logKeys: logKeys)
        var options = TransactionOptions(isolation: .repeatableRead, isReadOnly: true, retries: 0)
        options.idleInTransactionTimeout = .zero
        let result = try await withConnection(url) { connection in
            try await connection.transaction(options) { db in
                var verifier = LogVerifier(
                    root: root, logKeys: logKeys, anchors: anchors, progress: progress)
                return try verifier.run(db, from: from)
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
