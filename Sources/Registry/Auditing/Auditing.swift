// Audits of the database itself: no running service is needed, and none is disturbed.

internal import Attestation
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
        try await verify(
            url, history: RootHistory(root), pin: pin, kept: kept, from: from, progress: progress)
    }

    /// The same, of a log whose trust root has changed: `history` ends with the root that is trusted.
    package static func verify(
        _ url: DatabaseURL, history: RootHistory, pin: Pin?, kept: [KeptCheckpoint] = [],
        from: AuditState? = nil,
        progress: @escaping @Sendable (AuditProgress) -> Void = { _ in }
    ) async throws -> AuditReport {
        let clock = ContinuousClock()
        let started = clock.now
        let origin = history.latest.origin
        // Before the snapshot: a running service moves the pin only after the database.
        let anchors = AuditAnchors(
            pin, kept + (from.map { [KeptCheckpoint(note: $0.checkpoint, source: "start")] } ?? []),
            origin: origin, logKeys: history.logKeys)
        var options = TransactionOptions(isolation: .repeatableRead, isReadOnly: true, retries: 0)
        options.idleInTransactionTimeout = .zero
        let result = try await withConnection(url) { connection in
            try await connection.transaction(options) { db in
                if let result = try withoutTables(db) { return result }
                var verifier = LogVerifier(
                    history: try laterRoots(history, db), anchors: anchors, progress: progress)
                return try verifier.run(db, from: from)
            }
        }
        return result.report(origin: origin, seconds: seconds(clock.now - started))
    }

    /// What can be said of a log some of whose tables are gone; nil when they are all there. None of them
    /// means a database that never held a log, which is no finding.
    private static func withoutTables(
        _ db: borrowing Connection
    ) throws -> VerificationResult? {
        let tables = [
            "checkpoint", "document", "entry", "head", "idempotency", "leaf", "pending", "tile",
        ]
        let missing = try db.all(
            """
            SELECT name FROM unnest(\(tables)::text[]) AS name
            WHERE to_regclass('audit.' || name) IS NULL ORDER BY 1
            """, as: String.self)
        guard !missing.isEmpty, missing.count < tables.count else { return nil }
        var result = VerificationResult()
        for name in missing {
            result.findings.add(
                AuditFinding(
                    .tableMissing, "audit.\(name)", .whole, .unanchored,
                    "the table is gone; the rest cannot be verified without it"))
        }
        return result
    }

    /// The roots that the log names after those that are known; each must follow the one before it.
    static func laterRoots(
        _ history: RootHistory, _ db: borrowing Connection
    ) throws -> RootHistory {
        var history = history
        let documents = try db.all(
            """
            SELECT d.bytes FROM registry.trust_root r JOIN audit.document d ON d.sha256 = r.document
            ORDER BY r.version
            """, as: [UInt8].self)
        for envelope in documents.compactMap({ try? Envelope(parsing: $0) })
        where !history.contains(envelope.payloadDigest) {
            try? history.append(envelope)
        }
        return history
    }

    /// Rebuilds every projection from the log in temporary tables, and names every difference.
    ///
    /// - Parameters:
    ///   - url: a role that may read everything and make temporary tables: the migrator.
    ///   - root: whose service keys count for entries that have no place in the log yet.
    ///   - anchored: the size that an anchor confirmed in a verification that found nothing.
    ///   - state: a file of the auditor's: where to begin, and where the rows for the next time are left
    ///     when nothing is wrong (ReplayState.swift).
    /// - Throws: `DatabaseError` when the database cannot be read.
    package static func replay(
        _ url: DatabaseURL, root: TrustRoot, anchored: Int64? = nil, state: String? = nil,
        progress: @escaping @Sendable (AuditProgress) -> Void = { _ in }
    ) async throws -> ReplayReport {
        try await replay(
            url, history: RootHistory(root), anchored: anchored, state: state, progress: progress)
    }

    /// The same, of a log whose trust root has changed.
    package static func replay(
        _ url: DatabaseURL, history: RootHistory, anchored: Int64? = nil, state: String? = nil,
        progress: @escaping @Sendable (AuditProgress) -> Void = { _ in }
    ) async throws -> ReplayReport {
        let clock = ContinuousClock()
        let started = clock.now
        var options = TransactionOptions(isolation: .repeatableRead, retries: 0)
        options.idleInTransactionTimeout = .zero
        let result = try await withConnection(url) { connection in
            try await connection.transaction(options) { db in
                var replayer = Replayer(
                    history: try laterRoots(history, db), anchored: anchored,
                    state: state, progress: progress)
                return try replayer.run(db)
            }
        }
        return result.report(seconds: seconds(clock.now - started))
    }

    /// A connection of its own, whose statements may take as long as they take.
    static func withConnection<R: Sendable>(
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
