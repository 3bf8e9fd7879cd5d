// Consistent rewrites: somebody with the superuser's rights, the service key and the log key makes
// everything anew that follows from a change. Only what is outside the database contradicts him; where
// nothing outside reaches, the answer says so.

import Cryptography
import Database
import Governance
import TestSupport
import Testing
import TransparencyLog

@testable import Registry

/// One rewriting of history.
struct Rewrite: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// The first place at which the rewritten log differs.
    let place: Int64
    let work: @Sendable (AuditedWorld, borrowing Connection) throws -> Void

    static func all(_ size: Int64) -> [Rewrite] {
        let places = [1, 40, 200, 255, 256, 300, size - 1]
        return places.flatMap { index in
            [
                Rewrite(testDescription: "entry \(index) rewritten", place: index) {
                    try $0.rewrite(index, $1)
                },
                Rewrite(testDescription: "entry \(index) removed", place: index) { world, db in
                    try world.open(index, db)
                    try db.execute("DELETE FROM audit.leaf WHERE index = \(index)")
                    try db.execute(
                        "UPDATE audit.leaf SET index = index - 1 WHERE index > \(index)")
                    try world.close(from: index, db)
                },
                Rewrite(testDescription: "an entry put before \(index)", place: index) {
                    world, db in
                    try world.open(index, db)
                    let bytes = try world.entry()
                    let id = try db.one(
                        "INSERT INTO audit.entry (bytes) VALUES (\(bytes)) RETURNING id",
                        as: Int64.self)
                    try db.execute(
                        "UPDATE audit.leaf SET index = index + 1 WHERE index >= \(index)")
                    try db.execute(
                        "INSERT INTO audit.leaf VALUES (\(index), \(id), sha256('x'), sha256('x'))")
                    try world.close(from: index, db)
                },
                Rewrite(
                    testDescription: "entries \(index - 1) and \(index) exchanged", place: index - 1
                ) { world, db in
                    try world.open(index, db)
                    try db.execute(
                        """
                        UPDATE audit.leaf SET index = CASE index WHEN \(index) THEN \(index - 1)
                            ELSE \(index) END WHERE index IN (\(index), \(index - 1))
                        """)
                    try world.close(from: index - 1, db)
                },
                Rewrite(testDescription: "everything from \(index) on removed", place: index) {
                    world, db in
                    try world.open(index, db)
                    try db.execute("DELETE FROM audit.leaf WHERE index >= \(index)")
                    try world.close(from: index, db)
                },
            ]
        }
    }
}

extension AuditedWorld {
    /// Lets the keys of leaves be moved about.
    func open(_ index: Int64, _ db: borrowing Connection) throws {
        try db.execute("ALTER TABLE audit.leaf DROP CONSTRAINT leaf_pkey")
    }

    /// Makes everything that follows from the leaves, with the stolen keys.
    func close(from index: Int64, _ db: borrowing Connection) throws {
        try db.execute(
            """
            DELETE FROM audit.entry e WHERE NOT EXISTS (
                SELECT FROM audit.leaf l WHERE l.entry_id = e.id)
            """)
        try db.execute(
            """
            DELETE FROM audit.checkpoint WHERE size > (SELECT count(*) FROM audit.leaf)
            """)
        try derive(from: index, db)
        // Whoever has the key signs the new head, too.
        let head = try db.one("SELECT size, compact FROM audit.head", as: (Int64, [UInt8]).self)
        let range = try CompactRange(decoding: head.1)
        let note = try Checkpoint(origin: root.origin, size: head.0, root: range.root)
            .signed(by: [logSigner]).bytes
        try db.execute(
            """
            INSERT INTO audit.checkpoint VALUES (\(head.0), \(range.root.bytes), \(note))
            ON CONFLICT (size) DO UPDATE SET root = excluded.root, note = excluded.note
            """)
    }
}

@Suite(.serialized, .scratchDatabase(AuditedWorld.template)) struct `A consistent rewrite` {
    /// What the change itself says, whoever signed it.
    private static let ownFaults: Set<AuditFinding.Kind> = tracesOfLostEntries.union([
        .idempotencyMissing
    ])

    @Test func `contradicts what is anchored, and above it is said to be unanchored`()
        async throws
    {
        let bench = try `The tamper matrix`.Bench()
        let path = try TestCluster.temporaryDirectory() + "/pin"
        try await bench.work { db in try Self.rewriteAll(bench, Pin(path: path), db) }
    }

    private static func rewriteAll(
        _ bench: `The tamper matrix`.Bench, _ old: Pin, _ db: borrowing Connection
    ) throws {
        let (anchored, note) = try db.one(
            """
            SELECT size, note FROM audit.checkpoint WHERE size <= 150 ORDER BY size DESC LIMIT 1
            """, as: (Int64, [UInt8]).self)
        try old.write(note)
        for rewrite in Rewrite.all(bench.world.size) {
            try bench.trying(db) { db in
                try rewrite.work(bench.world, db)
                try judge(rewrite, bench, old, anchored, db)
            }
        }
    }

    private static func judge(
        _ rewrite: Rewrite, _ bench: `The tamper matrix`.Bench, _ old: Pin, _ anchored: Int64,
        _ db: borrowing Connection
    ) throws {
        let comment = Comment(rawValue: rewrite.testDescription)
        // All of it is anchored: named, with the size that it contradicts.
        let whole = anchorFaults(try bench.verify(bench.world.pin, db))
        #expect(whole.map(\.anchor) == [.contradicts(size: bench.world.size)], comment)
        // A part is anchored: below named, above said to be unanchored.
        let part = try bench.verify(old, db)
        if rewrite.place < anchored {
            #expect(
                anchorFaults(part).map(\.anchor) == [.contradicts(size: anchored)], comment)
        } else {
            #expect(anchorFaults(part).isEmpty, comment)
            let report = part.report(origin: bench.world.root.origin, seconds: 0)
            // At the anchor's own size nothing is left that it does not cover.
            #expect((report.unanchored?.lowerBound ?? report.size) == anchored, comment)
        }
        // Nothing is anchored: whatever is found, intact it is not.
        let none = try bench.verify(nil, db)
        for finding in none.findings.kept {
            #expect(finding.anchor == .unanchored, comment)
            #expect(ownFaults.contains(finding.kind), "\(rewrite): \(finding)")
        }
        let verdict = none.report(origin: bench.world.root.origin, seconds: 0).verdict
        #expect(verdict != .intact, comment)
    }

    private static func anchorFaults(_ result: VerificationResult) -> [AuditFinding] {
        result.findings.kept.filter {
            $0.kind == .pinContradicted || $0.kind == .logTruncated
        }
    }
}
