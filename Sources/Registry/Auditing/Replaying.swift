// Rebuilds every projection from the log, beside the live tables, and compares the two.
//
// Everything happens in one REPEATABLE READ transaction, so that a running service neither disturbs
// nor is disturbed. Each projection gets an empty temporary table of the same form; the entries of
// the snapshot go through `Projection.statements`, the function that commands use too: first those
// with a place in the log, in its order, then those still queued, in insert order. An entry that no
// service key signed has no effect: the sequencer refuses it, and nobody may project what nobody
// signed. Every decision on the way is made again (DecisionReplay).

internal import Database
internal import Governance

/// One replay.
struct Replayer {
    let progress: @Sendable (AuditProgress) -> Void
    /// The size up to which something outside the database confirms the log; nil for not at all.
    let anchored: Int64?
    /// Where to begin, and where to leave the rows for the next time; nil to begin at the first entry.
    private let state: String?
    private let origin: String
    private let examiner: EntryExaminer
    private(set) var result = Result()
    private var decisions: DecisionReplay
    private var counts = CountCheck()
    private var hasDraft = false

    /// What a replay has gathered.
    struct Result: Sendable {
        var findings = AuditFindings()
        var notes: [String] = []
        /// Where it began.
        var from: Int64 = 0
        var size: Int64 = 0
        var replayed: Int64 = 0
        var digestsChecked: Int64 = 0
        var rows: [String: Int64] = [:]
        var decisions: Int64 = 0
        var decisionsDisposed: Int64 = 0

        func report(seconds: Double) -> ReplayReport {
            ReplayReport(
                size: size, findings: findings, notes: notes, from: from,
                digestsChecked: digestsChecked,
                entriesReplayed: replayed, decisionsReplayed: decisions,
                decisionsDisposed: decisionsDisposed, rows: rows, seconds: seconds)
        }
    }

    init(
        history: RootHistory, anchored: Int64? = nil, state: String? = nil,
        progress: @escaping @Sendable (AuditProgress) -> Void = { _ in }
    ) {
        self.anchored = anchored
        self.state = state
        origin = history.latest.origin
        self.progress = progress
        let examiner = EntryExaminer(roots: history.roots)
        self.examiner = examiner
        decisions = DecisionReplay(
            disposals: Disposals(history: history, examine: examiner.examine))
    }

    mutating func run(_ db: borrowing Connection) throws -> Result {
        try rebuild(db)
        try compare(db)
        try keepState()
        return result
    }

    /// Carries every entry into temporary tables.
    mutating func rebuild(_ db: borrowing Connection) throws {
        try db.execute("SET LOCAL search_path = pg_catalog, pg_temp")
        try db.execute("SET LOCAL TimeZone = 'UTC'")
        try db.execute("SET LOCAL bytea_output = 'hex'")
        try db.execute("SET LOCAL jit = off")
        for table in Projection.Table.allCases {
            // Without defaults: what no insert names stays empty, also in a column added later.
            try db.execute(
                """
                CREATE TEMPORARY TABLE \(identifier: table)
                    (LIKE registry.\(identifier: table) INCLUDING CONSTRAINTS INCLUDING INDEXES)
                    ON COMMIT DROP
                """)
        }
        result.size = try db.one("SELECT count(*) FROM audit.leaf", as: Int64.self)
        try replayLog(db)
        try replayQueue(db)
        for table in Projection.Table.allCases {
            try db.execute("ANALYZE pg_temp.\(identifier: table)")
        }
    }

    /// Compares every live table with its twin.
    mutating func compare(_ db: borrowing Connection) throws {
        // A row contradicts what is anchored only where nothing but anchored entries made it.
        let isAnchored = anchored.map { $0 >= result.from + result.replayed } ?? false
        let anchor: AuditFinding.Anchor =
            isAnchored ? .contradicts(size: anchored ?? 0) : .unanchored
        for table in Projection.Table.allCases {
            let (findings, rows) = try ProjectionComparison(table: table, anchor: anchor).run(db)
            result.findings.add(findings)
            result.rows[table.rawValue] = rows
        }
    }

    // MARK: entries

    private func log(after index: Int64, below end: Int64) -> SQL {
        """
        SELECT l.index, l.entry_id, e.bytes
        FROM audit.leaf l LEFT JOIN audit.entry e ON e.id = l.entry_id
        WHERE l.index > \(index) AND l.index < \(end) ORDER BY l.index LIMIT \(LogBlock.length)
        """
    }

    private func queue(after id: Int64) -> SQL {
        """
        SELECT p.entry_id, p.entry_id, e.bytes
        FROM audit.pending p LEFT JOIN audit.entry e ON e.id = p.entry_id
        WHERE p.entry_id > \(id)
          AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.entry_id = p.entry_id)
        ORDER BY p.entry_id LIMIT \(LogBlock.length)
        """
    }

    /// From one digest in the log to the next, each compared at its size.
    private mutating func replayLog(_ db: borrowing Connection) throws {
        let commitments = try commitments(db)
        try begin(at: commitments, db)
        var last = result.from - 1
        for commitment in commitments where commitment.event.size > result.from {
            let size = commitment.event.size
            try replay(db, after: last, { [self] in log(after: $0, below: size) }) { .index($0) }
            last = max(last, size - 1)
            try check(commitment, db)
            try leaveState(at: commitment, isLast: commitment.index == commitments.last?.index, db)
        }
        try replay(db, after: last, { [self] in log(after: $0, below: .max) }) { .index($0) }
    }

    private mutating func replayQueue(_ db: borrowing Connection) throws {
        try replay(db, after: -1, queue(after:)) { .id($0) }
    }

    // MARK: digests

    /// A digest of the projections in the log, and the place of its entry.
    private struct Commitment {
        let index: Int64
        let event: ProjectionsDigested
    }

    /// All of them that a service signed, by their sizes.
    private func commitments(_ db: borrowing Connection) throws -> [Commitment] {
        let rows = try db.all(
            """
            SELECT l.index, e.bytes FROM audit.leaf l JOIN audit.entry e ON e.id = l.entry_id
            WHERE position('"kind":"projections.digested"'::bytea IN e.bytes) > 0
            """, as: (Int64, [UInt8]).self)
        return rows.compactMap { index, bytes -> Commitment? in
            let examined = examiner.examine(bytes)
            guard examined.isAuthentic,
                case .projectionsDigested(let event) = examined.entry?.event,
                event.size <= index
            else { return nil }
            return Commitment(index: index, event: event)
        }.sorted { $0.event.size < $1.event.size }
    }

    private mutating func check(_ commitment: Commitment, _ db: borrowing Connection) throws {
        result.digestsChecked += 1
        for table in Projection.Table.allCases {
            // A table of a later release is in no earlier digest.
            guard let said = commitment.event.tables[table.rawValue] else { continue }
            let made = try ProjectionDigest.again(said, of: table, in: .replay, db)
            guard made != said else { continue }
            let found = made.map { "\($0.rows) rows, digest \($0.digest)" } ?? "other columns"
            add(
                .digestContradicted, "registry.\(table.rawValue)", .index(commitment.index),
                "at size \(commitment.event.size) the service saw \(said.rows) rows, digest "
                    + "\(said.digest); the log makes \(found): the table had been edited by then")
        }
    }

    // MARK: beginning later

    /// Begins with the rows of an earlier replay where the log has their digest.
    private mutating func begin(
        at commitments: [Commitment], _ db: borrowing Connection
    ) throws {
        guard let state, File.exists(state) else { return }
        let digests = Dictionary(
            commitments.map { ($0.event.size, $0.event) }, uniquingKeysWith: { _, last in last })
        do {
            let loaded = try ReplayState.load(
                state, origin: origin, commitments: digests, db)
            result.from = loaded.size
            result.digestsChecked += 1
            try decisions.learn(db)
            result.notes.append(
                "begun at \(loaded.size), where the log has the digest of the rows in \(state): "
                    + "what is below was replayed before, and not now")
        } catch let refused as ReplayState.Refused {
            result.notes.append(
                "\(state) was not used, and all was replayed: \(refused.reason)")
        }
    }

    /// Writes the rows where the last digest in the log agrees with them.
    private mutating func leaveState(
        at commitment: Commitment, isLast: Bool, _ db: borrowing Connection
    ) throws {
        guard let state, isLast, result.findings.isEmpty,
            Projection.Table.allCases.allSatisfy({ commitment.event.tables[$0.rawValue] != nil })
        else { return }
        try ReplayState.write(state, origin: origin, at: commitment.event, db)
        hasDraft = true
    }

    /// Keeps what was written only when nothing was found to its end.
    private mutating func keepState() throws {
        guard let state, hasDraft else { return }
        if result.findings.isEmpty {
            try ReplayState.keep(state)
        } else {
            ReplayState.discard(state)
        }
    }

    // MARK: carrying

    /// An entry on its way into the tables.
    private struct Step {
        let place: AuditFinding.Place
        let entry: Entry
    }

    private mutating func replay(
        _ db: borrowing Connection, after start: Int64, _ select: (Int64) -> SQL,
        _ place: (Int64) -> AuditFinding.Place
    ) throws {
        var last = start
        while true {
            let rows = try db.all(select(last), as: (Int64, Int64, [UInt8]?).self)
            guard let end = rows.last?.0 else { return }
            last = end
            let examiner = examiner
            let examined = ParallelWork(rows.map(\.2)) { $0.map(examiner.examine) }.wait()
            var steps: [Step] = []
            for (row, examined) in zip(rows, examined) {
                let place = place(row.0)
                if case .index(let index) = place, let examined,
                    let message = counts.take(examined, at: index)
                {
                    add(.countWrong, "audit.entry", place, message)
                }
                guard let examined else {
                    add(.entryMissing, "audit.entry", place, "entry \(row.1) is missing")
                    continue
                }
                guard let entry = examined.entry, examined.isAuthentic else {
                    for fault in examined.faults {
                        add(fault.kind, "audit.entry", place, "not replayed: \(fault.message)")
                    }
                    continue
                }
                steps.append(Step(place: place, entry: entry))
            }
            try carry(steps, db)
            result.findings.add(
                try decisions.take(steps.map { .init(place: $0.place, entry: $0.entry) }, db))
            result.decisions = decisions.decisions
            result.decisionsDisposed = decisions.disposed
            result.replayed += Int64(steps.count)
            progress(AuditProgress(done: result.from + result.replayed, total: result.size))
        }
    }

    private mutating func add(
        _ kind: AuditFinding.Kind, _ table: String, _ place: AuditFinding.Place, _ message: String
    ) {
        result.findings.add(.init(kind, table, place, .unanchored, message))
    }

    /// Carries entries into the tables together, or one by one when they do not all fit.
    private mutating func carry(_ steps: [Step], _ db: borrowing Connection) throws {
        guard !steps.isEmpty else { return }
        do {
            try attempt(Self.statements(for: steps), db)
            return
        } catch let error as DatabaseError where error.kind == .server {}
        for step in steps {
            do {
                try attempt(Projection.statements(for: step.entry, in: .replay), db)
            } catch let error as DatabaseError where error.kind == .server {
                add(
                    .replayFailed, error.table.map { "registry.\($0)" } ?? "registry", step.place,
                    "\(step.entry.event.kind) does not fit what the entries before it made: "
                        + error.message)
            }
        }
    }

    /// Runs all of them or none.
    private func attempt(_ statements: [SQL], _ db: borrowing Connection) throws {
        try db.savepoint { db in
            // The savepoint is sent with the first statement; preparing a later one may fail.
            try db.execute("SELECT")
            try db.executeBatch(statements)
        }
    }

    /// The statements of a batch. A subject that many entries wrote is written once, with its last
    /// number: a row updated a million times in one transaction would be a million row versions.
    private static func statements(for steps: [Step]) -> [SQL] {
        var written: [String: Entry.SubjectSequence] = [:]
        var statements: [SQL] = []
        for step in steps {
            for (name, subject) in step.entry.subjects where subject.wrote {
                written[name] = subject
            }
            // What was only read keeps its row: one that nobody had spoken of gets it so.
            let read = step.entry.subjects.filter { !$0.value.wrote }
            statements += Projection.statements(
                for: step.entry.with(subjects: read), in: .replay)
        }
        if let last = steps.last {
            // The statement about subjects is the first of any entry's.
            statements += Projection.statements(
                for: last.entry.with(subjects: written), in: .replay
            )
            .prefix(1)
        }
        return statements
    }
}

extension Entry {
    fileprivate func with(subjects: [String: SubjectSequence]) -> Entry {
        Entry(
            actor: actor, configuration: configuration, documents: documents,
            idempotency: idempotency, event: event, origin: origin, policy: policy,
            request: request, subjects: subjects, time: time, token: token)
    }
}
