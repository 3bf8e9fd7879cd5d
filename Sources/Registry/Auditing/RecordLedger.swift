// What entries say of one another and of other tables: subjects' numbers, times, documents, retry
// keys.

internal import Cryptography
internal import Database
internal import Governance

/// Keeps what later entries are compared with, in bounded memory.
struct RecordLedger: Sendable {
    private let anchors: AuditAnchors
    /// Whether it began in the middle: the first number of a subject that it meets is taken as given.
    private let isResumed: Bool

    init(anchors: AuditAnchors, isResumed: Bool = false, lastTime: Timestamp? = nil) {
        self.anchors = anchors
        self.isResumed = isResumed
        self.lastTime = lastTime
    }

    /// The last number of each subject, by a keyed 64-bit hash of its name: a million subjects take
    /// some 40 MB, and nobody can aim for a collision.
    private var subjects: [Int: Int64] = [:]
    private(set) var lastTime: Timestamp?

    /// Documents and retry keys of the entries since the last `settle`.
    private var documents: [(digest: SHA256Digest, index: Int64?, id: Int64)] = []
    private var keys: [(key: Entry.Idempotency, index: Int64?, id: Int64)] = []

    /// Documents that were found whole, by the first bytes of their digest; up to a limit.
    private var known: Set<Int> = []
    private(set) var hasForgottenDocuments = false
    private(set) var documentsChecked: Int64 = 0
    private(set) var retryRows: Int64 = 0

    private static let documentLimit = 1_000_000

    /// Takes in the next entry, in log order; one that nobody signed says nothing.
    mutating func take(
        _ entry: Entry, _ id: Int64, isAuthentic: Bool, _ index: Int64?
    ) -> [ExaminedEntry.Fault] {
        guard isAuthentic else { return [] }
        var faults: [ExaminedEntry.Fault] = []
        if let lastTime, entry.time.adding(milliseconds: Sequencer.skewMilliseconds) < lastTime {
            faults.append(
                .init(
                    kind: .entryTime,
                    message: "the entry's time \(entry.time) is before that of its predecessor, "
                        + "\(lastTime), by more than \(Sequencer.skewMilliseconds / 1000) s"))
        }
        lastTime = entry.time
        for (name, subject) in entry.subjects.sorted(by: { $0.key < $1.key }) {
            let hash = name.hashValue
            guard let last = subjects[hash] ?? (isResumed ? nil : 0) else {
                subjects[hash] = subject.seq
                continue
            }
            let expected = subject.wrote ? last + 1 : last
            if subject.seq != expected {
                faults.append(
                    .init(
                        kind: subject.wrote ? .subjectGap : .subjectRead,
                        message: subject.wrote
                            ? "the entry is number \(subject.seq) of \(name), after number \(last)"
                            : "the entry saw number \(subject.seq) of \(name), which was at \(last)"
                    ))
            }
            if subject.wrote { subjects[hash] = subject.seq }
        }
        documents += entry.documents.map { ($0, index, id) }
        if let key = entry.idempotency { keys.append((key, index, id)) }
        return faults
    }

    /// A document that an entry names and nobody has.
    struct Absent: Sendable {
        let digest: SHA256Digest
        /// The place of the entry; nil while it has none.
        let index: Int64?
        let id: Int64
    }

    /// Looks up what the entries since the last call named.
    mutating func settle(
        _ db: borrowing Connection
    ) throws -> (findings: [AuditFinding], absent: [Absent]) {
        let (findings, absent) = try settleDocuments(db)
        return (findings + (try settleKeys(db)), absent)
    }

    private mutating func settleDocuments(
        _ db: borrowing Connection
    ) throws -> (findings: [AuditFinding], absent: [Absent]) {
        let wanted = documents.filter { !known.contains($0.digest.hashValue) }
        documents = []
        guard !wanted.isEmpty else { return ([], []) }
        let names = Set(wanted.map(\.digest))
        var whole: [SHA256Digest: Bool] = [:]
        // One at a time: a document may have 64 MB.
        try db.forEach(
            """
            SELECT sha256, bytes FROM audit.document WHERE sha256 = ANY(\(names.map(\.bytes)))
            """
        ) { row in
            let name: [UInt8] = try row.next()
            let bytes: [UInt8] = try row.next()
            guard let digest = SHA256Digest(bytes: name) else { return }
            whole[digest] = SHA256.hash(bytes) == digest && whole[digest] != false
        }
        documentsChecked += Int64(whole.count)
        var findings: [AuditFinding] = []
        var absent: [Absent] = []
        var reported: Set<SHA256Digest> = []
        for (digest, index, id) in wanted {
            func report(_ kind: AuditFinding.Kind, _ message: String) {
                guard reported.insert(digest).inserted else { return }
                findings.append(
                    .init(
                        kind, "audit.document", .key(digest.hex), anchors.anchor(of: index), message
                    ))
            }
            switch whole[digest] {
            case true:
                if known.count < Self.documentLimit {
                    known.insert(digest.hashValue)
                } else {
                    hasForgottenDocuments = true
                }
            case false:
                report(
                    .documentAltered, "the bytes do not hash to the name that entry \(id) gives")
                known.insert(digest.hashValue)
            case nil: absent.append(Absent(digest: digest, index: index, id: id))
            }
        }
        return (findings, absent)
    }

    private mutating func settleKeys(_ db: borrowing Connection) throws -> [AuditFinding] {
        defer { keys = [] }
        guard !keys.isEmpty else { return [] }
        let rows = try db.all(
            """
            SELECT key_digest, body_digest, entry_id FROM audit.idempotency
            WHERE key_digest = ANY(\(keys.map(\.key.key.bytes)))
            """, as: ([UInt8], [UInt8], Int64).self)
        var stored: [[UInt8]: (body: [UInt8], id: Int64)] = [:]
        for (key, body, id) in rows { stored[key] = (body, id) }
        var findings: [AuditFinding] = []
        for (key, index, id) in keys {
            func report(_ kind: AuditFinding.Kind, _ message: String) {
                findings.append(
                    .init(
                        kind, "audit.idempotency", .key(key.key.hex), anchors.anchor(of: index),
                        message))
            }
            guard let row = stored[key.key.bytes] else {
                report(
                    .idempotencyMissing,
                    "the row of entry \(id) is missing: a retry would act twice")
                continue
            }
            retryRows += 1
            if row.id != id || row.body != key.body.bytes {
                report(
                    .idempotencyAltered,
                    "the row says entry \(row.id), body \(Hex.encode(row.body)); entry \(id) says "
                        + "body \(key.body)")
            }
        }
        return findings
    }

    /// Whether a document was found whole, or named and altered, by an entry.
    func isNamed(_ digest: SHA256Digest) -> Bool { known.contains(digest.hashValue) }
}
