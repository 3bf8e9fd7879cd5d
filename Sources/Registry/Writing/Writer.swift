// The one way to change anything: a governed act and its log entry commit together, or not at all (I1, I2).
//
// One READ COMMITTED transaction, in this order:
//   1. the retry key, if the request has one: an act already done is answered from its entry;
//   2. the head row of every subject, in a fixed order: shared what is only read, exclusive what changes;
//   3. the use case loads what it needs and decides;
//   4. documents, sealed personal data, projections, the subjects' new sequence numbers;
//   5. last, after every read it depends on: the entry with its queue row and retry row.
// A crash anywhere before COMMIT leaves nothing; a crash after it leaves all, and the sequencer finds
// the queue row. An answer lost with the connection during COMMIT is found again by the retry key.

internal import CanonicalJSON
package import Cryptography
package import Database
package import Governance

/// What a use case wants to be recorded.
package struct Act: Sendable {
    /// What happened.
    package var event: Event
    /// Bytes of the documents that the event names.
    package var documents: [[UInt8]]
    /// Personal values whose commitments stand in the documents.
    package var secrets: [SealedSecret]
    /// The pack that decided, as it was loaded under the lock of `Subjects.policy`; nil when none did.
    package var policy: SHA256Digest?
    /// The list of documents that go with the entry; nil for none. One act in a transaction of its own.
    var disposes: SHA256Digest?

    package init(
        _ event: Event, documents: [[UInt8]] = [], secrets: [SealedSecret] = [],
        policy: SHA256Digest? = nil
    ) {
        self.event = event
        self.documents = documents
        self.secrets = secrets
        self.policy = policy
    }
}

/// An entry that is committed.
package struct Recorded: Sendable {
    /// Its row, until it has a place in the log.
    package let entryID: Int64
    /// What it says.
    package let entry: Entry
    /// The bytes that the leaf hash is of.
    package let bytes: [UInt8]
    /// Whether an earlier request with the same retry key did it.
    package let wasReplayed: Bool
}

/// The subjects of an act, by how they are locked.
package struct Subjects: Sendable {
    /// Subjects that the act changes.
    package var written: Set<String>
    /// Subjects that it only reads.
    package var read: Set<String>

    package init(written: Set<String>, read: Set<String> = []) {
        self.written = written
        self.read = read.subtracting(written)
    }

    package static func principal(_ id: PrincipalID) -> String { "principal/\(id)" }
    package static func model(_ name: ModelName) -> String { "model/\(name)" }
    package static func version(_ name: VersionReference) -> String { "version/\(name)" }
    package static let policy = "policy"
    package static let service = "service"
    package static let trustRoot = "trust-root"
    /// What the service writes to account for the log.
    package static let completeness = "completeness"
    /// The lists of what may no longer be used.
    package static let statusList = "status-list"
}

/// Carries out governed acts.
package struct Writer: Sendable {
    let database: Database
    let origin: String
    let signer: EntrySigner
    let clock: Clock
    let context: DecisionContext

    package init(
        database: Database, origin: String, signer: EntrySigner, clock: @escaping Clock,
        context: DecisionContext
    ) {
        self.database = database
        self.origin = origin
        self.signer = signer
        self.clock = clock
        self.context = context
    }

    /// Locks, decides by `decide`, and saves; `decide` throws a `Refusal` to leave everything as it was.
    ///
    /// - Parameter options: with `.writeUnflushed`, nobody is told before the entry's place in the log
    ///   is kept, or the database flushed.
    package func write(
        _ request: Request, _ subjects: Subjects, _ options: TransactionOptions = .write,
        _ decide: @Sendable (borrowing Connection, Timestamp) throws -> Act
    ) async throws -> Recorded {
        do {
            return try await database.write(options) { db in
                if let earlier = try self.earlier(request, db) { return earlier }
                let sequences = try Self.lock(subjects, for: request.caller, db)
                let now = clock()
                let act = try decide(db, now)
                return try save(act, request, subjects, sequences, now, db)
            }
        } catch let error as DatabaseError where error.constraint == "idempotency_pkey" {
            // The same key at the same moment: the other one won, and its answer is this one's.
            let earlier = try await database.read { db in try self.earlier(request, db) }
            guard let earlier else { throw error }
            return earlier
        }
    }

    func earlier(
        _ request: Request, _ db: borrowing Connection
    ) throws -> Recorded? {
        guard let key = request.idempotency else { return nil }
        let row = try db.oneOrNil(
            """
            SELECT i.body_digest, e.id, e.bytes FROM audit.idempotency i
            JOIN audit.entry e ON e.id = i.entry_id WHERE i.key_digest = \(key.key.bytes)
            """, as: ([UInt8], Int64, [UInt8]).self)
        guard let (body, id, bytes) = row else { return nil }
        guard body == key.body.bytes else {
            throw Refusal(
                .unprocessable, "idempotency-key-reused",
                "This Idempotency-Key was used for a different request.",
                hint: "Use a new key for a new request.")
        }
        let entry = try Entry(parsing: SignedEntry(parsing: bytes).payload)
        return Recorded(entryID: id, entry: entry, bytes: bytes, wasReplayed: true)
    }

    /// Locks every subject and answers the sequence number of each; refuses a caller whose token is
    /// revoked by now (the row restricts before the log does).
    static func lock(
        _ subjects: Subjects, for caller: Caller?, _ db: borrowing Connection
    ) throws -> [String: Int64] {
        let read = subjects.read.sorted()
        let written = subjects.written.sorted()
        // One round trip, but several statements: what is only read is locked first, always.
        var (shared, locked, revoked) = try db.pipeline(
            Ask.all(shared(read), as: SubjectRow.self),
            Ask.all(exclusively(written), as: SubjectRow.self),
            Ask.all(
                """
                SELECT revoked_at IS NOT NULL FROM registry.token WHERE id = \(caller?.token ?? "")
                """, as: Bool.self))
        guard !revoked.contains(true) else { throw tokenRevoked }
        if shared.count < read.count || locked.count < written.count {
            // A subject that nobody has spoken of: its row is made first, so that there is one to lock.
            let names = (read + written).sorted()
            try db.execute(
                """
                INSERT INTO registry.subject (name, seq)
                SELECT name, 0 FROM unnest(\(names)) name ORDER BY name ON CONFLICT DO NOTHING
                """)
            (shared, locked) = try db.pipeline(
                Ask.all(Self.shared(read), as: SubjectRow.self),
                Ask.all(exclusively(written), as: SubjectRow.self))
        }
        return sequences(shared + locked)
    }

    /// Locks the subjects that there are and nobody else holds, without waiting; the sequence number of
    /// each that it got, and which of the tokens are revoked by now.
    static func lockFree(
        _ subjects: Subjects, tokens: Set<String>, _ db: borrowing Connection
    ) throws -> (sequences: [String: Int64], revoked: Set<String>) {
        let read = subjects.read.sorted()
        let written = subjects.written.sorted()
        let (seen, locked, revoked) = try db.pipeline(
            Ask.all("\(shared(read)) SKIP LOCKED", as: SubjectRow.self),
            Ask.all("\(exclusively(written)) SKIP LOCKED", as: SubjectRow.self),
            Ask.all(
                """
                SELECT id FROM registry.token
                WHERE id = ANY(\(tokens.sorted())) AND revoked_at IS NOT NULL
                """, as: String.self))
        return (sequences(seen + locked), Set(revoked))
    }

    /// What a caller with a revoked token is told.
    static let tokenRevoked = Refusal(
        .unauthenticated, "unauthenticated", "The token is revoked.")

    private static func sequences(_ rows: [SubjectRow]) -> [String: Int64] {
        Dictionary(rows.map { ($0.name, $0.seq) }, uniquingKeysWith: { $1 })
    }

    private static func shared(_ names: [String]) -> SQL {
        """
        SELECT name, seq FROM registry.subject WHERE name = ANY(\(names))
        ORDER BY name FOR SHARE
        """
    }

    private static func exclusively(_ names: [String]) -> SQL {
        """
        SELECT name, seq FROM registry.subject WHERE name = ANY(\(names))
        ORDER BY name FOR UPDATE
        """
    }

    private func save(
        _ act: Act, _ request: Request, _ subjects: Subjects, _ sequences: [String: Int64],
        _ now: Timestamp, _ db: borrowing Connection
    ) throws -> Recorded {
        let entry = entry(of: act, request, subjects, sequences, now)
        let bytes = try signer.sign(entry)
        guard bytes.count <= SignedEntry.maximumBytes else {
            throw Refusal(
                .tooLarge, "entry-too-large", "What would be recorded exceeds 65,535 bytes.")
        }
        var statements: [SQL] = []
        if !act.documents.isEmpty {
            statements.append(Documents.insert(act.documents, act.documents.map(SHA256.hash)))
        }
        statements += act.secrets.flatMap(\.statements)
        statements += Projection.statements(for: entry)
        let id = try db.executeBatch(
            statements, then: Ask.one(Self.insertEntry(bytes, request.idempotency), as: Int64.self))
        if let list = act.disposes {
            try db.execute("SELECT audit.dispose(\(id), \(list.bytes))")
        }
        return Recorded(entryID: id, entry: entry, bytes: bytes, wasReplayed: false)
    }

    /// What will be recorded of an act, given what was seen of its subjects.
    func entry(
        of act: Act, _ request: Request, _ subjects: Subjects, _ sequences: [String: Int64],
        _ now: Timestamp
    ) -> Entry {
        var numbered: [String: Entry.SubjectSequence] = [:]
        for name in subjects.read {
            numbered[name] = .init(seq: sequences[name] ?? 0, wrote: false)
        }
        for name in subjects.written {
            numbered[name] = .init(seq: (sequences[name] ?? 0) + 1, wrote: true)
        }
        return Entry(
            actor: request.caller?.principal, configuration: context.configuration,
            documents: act.documents.map(SHA256.hash), idempotency: request.idempotency,
            event: act.event, origin: origin, policy: act.policy, request: request.id,
            subjects: numbered, time: now, token: request.caller?.token)
    }

    /// The entry with its queue row and retry row, in one statement.
    private static func insertEntry(_ bytes: [UInt8], _ key: Entry.Idempotency?) -> SQL {
        guard let key else {
            return """
                WITH e AS (INSERT INTO audit.entry (bytes) VALUES (\(bytes)) RETURNING id)
                INSERT INTO audit.pending (entry_id) SELECT id FROM e RETURNING entry_id
                """
        }
        return """
            WITH e AS (INSERT INTO audit.entry (bytes) VALUES (\(bytes)) RETURNING id),
            i AS (INSERT INTO audit.idempotency (key_digest, body_digest, entry_id)
                  SELECT \(key.key.bytes), \(key.body.bytes), id FROM e)
            INSERT INTO audit.pending (entry_id) SELECT id FROM e RETURNING entry_id
            """
    }
}

/// One row of registry.subject.
private struct SubjectRow: RowDecodable, Sendable {
    let name: String
    let seq: Int64

    init(row: inout Row) throws(DatabaseError) {
        name = try row.next()
        seq = try row.next()
    }
}
