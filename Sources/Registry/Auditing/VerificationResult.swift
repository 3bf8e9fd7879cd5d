// What a verification has gathered so far.

internal import Cryptography
internal import Database

/// The findings and figures of one verification.
struct VerificationResult: Sendable {
    var findings = AuditFindings()
    var notes: [String] = []
    var anchor: AuditAnchor?
    var erasures: [AuditErasure] = []
    var disposals: [AuditDisposal] = []
    var documentsDisposed: Int64 = 0
    var from: Int64 = 0
    var state: AuditState?
    var size: Int64 = 0
    var root = SHA256Digest.zero
    var entriesChecked: Int64 = 0
    var pendingChecked: Int64 = 0
    var bytesChecked: Int64 = 0
    var documentsChecked: Int64 = 0
    var checkpointsChecked: Int64 = 0

    /// Notes kept.
    private static let noteLimit = 100

    mutating func note(_ text: String) {
        if notes.count < Self.noteLimit { notes.append(text) }
    }

    func report(origin: String, seconds: Double) -> AuditReport {
        AuditReport(
            origin: origin, size: size, root: root, findings: findings, notes: notes,
            anchor: anchor, from: from, state: findings.isEmpty ? state : nil,
            entriesChecked: entriesChecked, pendingChecked: pendingChecked,
            bytesChecked: bytesChecked, documentsChecked: documentsChecked,
            checkpointsChecked: checkpointsChecked, erasures: erasures, disposals: disposals,
            documentsDisposed: documentsDisposed, seconds: seconds)
    }
}

/// The head row as stored, nothing believed.
struct StoredHead: Sendable {
    let origin: String
    let size: Int64
    let compact: [UInt8]
    let chain: [UInt8]

    /// The only row; nil when there is none or several.
    static func load(_ db: borrowing Connection) throws -> StoredHead? {
        let rows = try db.all(
            "SELECT origin, size, compact, chain FROM audit.head LIMIT 2",
            as: (String, Int64, [UInt8], [UInt8]).self)
        guard rows.count == 1 else { return nil }
        return rows.first.map { StoredHead(origin: $0.0, size: $0.1, compact: $0.2, chain: $0.3) }
    }

    /// Where the leaves end, for a log without a head.
    static func sizeByLeaves(_ db: borrowing Connection) throws -> Int64 {
        try db.one("SELECT count(*) FROM audit.leaf WHERE index >= 0", as: Int64.self)
    }
}
