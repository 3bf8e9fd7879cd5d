// A log of many tiles, and how fast it is verified: IMPRIMATUR_AUDIT_ENTRIES says how long it is.

import Cryptography
import Database
import Glibc
import Governance
import Registry
import TestSupport
import Testing
import TransparencyLog

@Suite(.serialized, .scratchDatabase(AuditedWorld.template)) struct `Auditing a large log` {
    private static let asked = getenv("IMPRIMATUR_AUDIT_ENTRIES").flatMap {
        Int(String(cString: $0))
    }

    @Test(.enabled(if: asked != nil, "set IMPRIMATUR_AUDIT_ENTRIES"))
    func `is verified, and replayed, at this speed`() async throws {
        let world = try AuditedWorld.current
        let path = try TestCluster.temporaryDirectory() + "/pin"
        let count = Self.asked ?? 0
        for batch in [1, 256] {
            try await AuditedWorld.tamper { db in
                try world.extend(by: count / 2, batch: batch, pin: Pin(path: path), db)
            }
            let report = try await world.verify(pin: Pin(path: path))
            #expect(report.findings.kept.prefix(3).map(\.message) == [])
            #expect(report.verdict == .intact)
            let rate = Double(report.entriesChecked) / report.seconds
            print(
                "batches of \(batch): \(report.entriesChecked) entries, \(report.bytesChecked) bytes,",
                "\(report.seconds) s, \(Int(rate)) entries/s")
        }
        let replay = try await world.replay()
        print("replay: \(Int(Double(replay.entriesReplayed) / replay.seconds)) entries/s")
        #expect(replay.findings.named == ["registry.subject row-missing"])
    }

    @Test(.enabled(if: asked != nil, "set IMPRIMATUR_AUDIT_ENTRIES"))
    func `has tiles of three levels, and an edit beyond the first 65,536 entries is named`()
        async throws
    {
        let world = try AuditedWorld.current
        let path = try TestCluster.temporaryDirectory() + "/pin"
        try await AuditedWorld.tamper { db in
            try world.extend(by: 66_500, batch: 500, pin: Pin(path: path), db)
        }
        #expect(try await world.verify(pin: Pin(path: path)).verdict == .intact)
        try await AuditedWorld.tamper([
            "UPDATE audit.leaf SET leaf_hash = sha256('x') WHERE index = 66000",
            """
            UPDATE audit.tile SET hashes = overlay(hashes PLACING sha256('x') FROM 33)
            WHERE level = 1 AND number = 0
            """,
            "UPDATE audit.tile SET hashes = sha256('x') WHERE level = 2",
        ])
        let findings = try await world.verify(pin: Pin(path: path)).findings
        #expect(findings.named == ["audit.leaf leaf-altered", "audit.tile tile-altered"])
        #expect(
            Set(findings.kept.map(\.place))
                == [.index(66_000), .key("[1, 0]"), .key("[2, 0]")])
    }
}

extension AuditedWorld {
    /// Appends entries as the service and its sequencer would, many at once.
    func extend(
        by count: Int, batch: Int, pin: Pin, _ db: borrowing Connection
    ) throws {
        let first = try db.one("SELECT size FROM audit.head", as: Int64.self)
        let subject = "test/large-\(first)"
        let now = TestClock().now
        for start in stride(from: 0, to: count, by: 1_000) {
            let payloads = (start..<min(count, start + 1_000)).map { number in
                Entry(
                    actor: principal, configuration: nil, documents: [], idempotency: nil,
                    event: .tokenRevoked(
                        TokenRevoked(token: "t-\(number)", principal: principal, reason: "test")),
                    origin: root.origin, policy: nil, request: "r-\(number)",
                    subjects: [subject: .init(seq: Int64(number + 1), wrote: true)], time: now
                ).canonicalBytes
            }
            var signed: [[UInt8]] = []
            for part in stride(from: 0, to: payloads.count, by: batch) {
                signed += try SignedEntry.sign(
                    Array(payloads[part..<min(part + batch, payloads.count)]), with: serviceKey)
            }
            try db.execute(
                """
                WITH e AS (INSERT INTO audit.entry (bytes) SELECT * FROM unnest(\(signed)) RETURNING id)
                INSERT INTO audit.leaf
                SELECT \(first + Int64(start) - 1) + row_number() OVER (ORDER BY id), id,
                       sha256(''), sha256('') FROM e
                """)
        }
        let leaves = try db.all(
            """
            SELECT e.leaf_hash FROM audit.leaf l JOIN audit.entry e ON e.id = l.entry_id ORDER BY l.index
            """, as: [UInt8].self
        ).compactMap { SHA256Digest(bytes: $0) }
        var chain = HashChain.start
        let chains = leaves.map { leaf in
            chain = HashChain.next(chain, leaf)
            return chain.bytes
        }
        try db.execute(
            """
            UPDATE audit.leaf l SET leaf_hash = n.leaf, chain_hash = n.chain
            FROM unnest(\(leaves.map(\.bytes)), \(chains)) WITH ORDINALITY AS n (leaf, chain, number)
            WHERE l.index = n.number - 1
            """)
        let growth = try TileGrowth(extending: CompactRange(), rightEdge: [], with: leaves)
        try db.execute("DELETE FROM audit.tile")
        for tile in growth.tiles {
            try db.execute(
                "INSERT INTO audit.tile VALUES (\(Int64(tile.id.level)), \(tile.id.number), \(tile.bytes))"
            )
        }
        let note = try Checkpoint(origin: root.origin, size: growth.newSize, root: growth.root)
            .signed(by: [logSigner]).bytes
        try db.execute(
            "INSERT INTO audit.checkpoint VALUES (\(growth.newSize), \(growth.root.bytes), \(note))"
        )
        try db.execute(
            """
            UPDATE audit.head SET size = \(growth.newSize), compact = \(growth.range.encoded),
                chain = \(chain.bytes)
            """)
        try pin.write(note)
    }
}
