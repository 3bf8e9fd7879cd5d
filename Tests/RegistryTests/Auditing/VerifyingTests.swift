// What `audit verify` says of an intact log, of one edited anywhere, and of one rewritten
// throughout.

import CanonicalJSON
import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing
import TransparencyLog

@Suite(.serialized, .scratchDatabase(AuditedWorld.template)) struct `Verifying a log` {
    @Test func `an intact log is intact, and says by what`() async throws {
        let world = try AuditedWorld.current
        let report = try await world.verify()
        #expect(report.findings.kept.map(\.message) == [])
        #expect(report.notes == [])
        #expect(report.verdict == .intact)
        #expect(report.size == world.size && report.size > 300)
        #expect(report.entriesChecked == report.size)
        #expect(report.anchored == "anchored by the pin at size \(world.size)")
        #expect(report.unanchored == nil)
        #expect(report.documentsChecked > 10 && report.checkpointsChecked > 10)
        #expect(report.json["verdict"]?.string == "intact")
    }

    @Test func `without a pin nothing is called intact`() async throws {
        let world = try AuditedWorld.current
        let report = try await world.verify(pin: nil)
        #expect(report.findings.isEmpty)
        #expect(report.verdict == .unanchored)
        #expect(report.unanchored == 0..<world.size)
        let absent = try await world.verify(pin: Pin(path: world.pin.path + ".absent"))
        #expect(absent.verdict == .unanchored)
    }

    @Test func `a pin that the log did not sign is a finding`() async throws {
        let world = try AuditedWorld.current
        let path = try TestCluster.temporaryDirectory() + "/pin"
        try Pin(path: path).write(Array("no note".utf8))
        let report = try await world.verify(pin: Pin(path: path))
        #expect(report.findings.named == ["pin pin-unreadable"])
        #expect(report.verdict == .tampered)
    }

    @Test(arguments: Tamper.all)
    func `every edit is named with its table and kind`(_ tamper: Tamper) async throws {
        let world = try AuditedWorld.current
        try await AuditedWorld.tamper(tamper.statements)
        let report = try await world.verify()
        #expect(report.findings.named == tamper.named, "\(report.findings.kept.map(\.message))")
        #expect(report.verdict == .tampered)
    }

    @Test func `a finding names its index and the size that it contradicts`() async throws {
        let world = try AuditedWorld.current
        try await AuditedWorld.tamper([
            "UPDATE audit.leaf SET leaf_hash = sha256('x') WHERE index = 200"
        ])
        let finding = try #require(try await world.verify().findings.kept.first)
        #expect(finding.place == .index(200))
        #expect(finding.anchor == .contradicts(size: world.size))
        #expect(finding.json["index"]?.integer == 200)
        let unpinned = try #require(try await world.verify(pin: nil).findings.kept.first)
        #expect(unpinned.anchor == .unanchored)
    }

    @Test func `what is queued is checked too`() async throws {
        let world = try AuditedWorld.current
        let stranger = try PrivateKey.generate(.ed25519)
        let cases: [(bytes: [UInt8], named: Set<String>)] = [
            (try world.entry(), []),
            (try world.entry(key: stranger), ["audit.entry entry-unauthentic"]),
            (try world.entry(origin: "example.org/other"), ["audit.entry entry-origin"]),
            (
                try world.entry(time: TestClock().now.adding(seconds: -400 * 86_400)),
                ["audit.entry entry-unauthentic"]
            ),
            (
                try world.entry(subjects: ["policy": .init(seq: 900, wrote: true)]),
                ["audit.entry subject-gap"]
            ),
            (
                try world.entry(subjects: ["policy": .init(seq: 900, wrote: false)]),
                ["audit.entry subject-read"]
            ),
            (
                try world.entry(documents: [SHA256.hash("nowhere")]),
                ["audit.document document-missing"]
            ),
        ]
        for (bytes, named) in cases {
            try await AuditedWorld.tamper { db in
                try db.execute("DELETE FROM audit.pending")
                try db.execute(
                    "DELETE FROM audit.entry WHERE id NOT IN (SELECT entry_id FROM audit.leaf)")
                let id = try db.one(
                    "INSERT INTO audit.entry (bytes) VALUES (\(bytes)) RETURNING id", as: Int64.self
                )
                try db.execute("INSERT INTO audit.pending VALUES (\(id))")
            }
            let report = try await world.verify()
            #expect(report.findings.named == named, "\(report.findings.kept.map(\.message))")
        }
    }

    @Test func `an entry whose time is long before that of its predecessor is named`() async throws
    {
        let world = try AuditedWorld.current
        let now = TestClock().now
        for (seconds, named) in [(59, []), (61, ["audit.entry entry-time"])]
            as [(Int64, Set<String>)]
        {
            let late = try world.entry(time: now.adding(seconds: seconds))
            let early = try world.entry(time: now)
            try await AuditedWorld.tamper { db in
                try db.execute("DELETE FROM audit.pending")
                for bytes in [late, early] {
                    let id = try db.one(
                        "INSERT INTO audit.entry (bytes) VALUES (\(bytes)) RETURNING id",
                        as: Int64.self)
                    try db.execute("INSERT INTO audit.pending VALUES (\(id))")
                }
                try db.execute(
                    """
                    DELETE FROM audit.entry WHERE id NOT IN (
                        SELECT entry_id FROM audit.leaf UNION SELECT entry_id FROM audit.pending)
                    """)
            }
            #expect(try await world.verify().findings.named == named)
        }
    }

    @Test func `a checkpoint signed over another root is named, and the log is not`() async throws {
        let world = try AuditedWorld.current
        try await AuditedWorld.tamper { db in
            let size = try db.one(
                "SELECT size FROM audit.checkpoint WHERE size > 100 ORDER BY size LIMIT 1",
                as: Int64.self)
            let root = SHA256.hash("another")
            let note = try Checkpoint(origin: world.root.origin, size: size, root: root)
                .signed(by: [world.logSigner]).bytes
            try db.execute(
                """
                UPDATE audit.checkpoint SET root = \(root.bytes), note = \(note)
                WHERE size = \(size)
                """)
        }
        #expect(try await world.verify().findings.named == ["audit.checkpoint checkpoint-root"])
    }

    @Test func `a log rewritten throughout with stolen keys contradicts the pin`() async throws {
        let world = try AuditedWorld.current
        try await AuditedWorld.tamper { db in try world.rewrite(200, db) }
        let report = try await world.verify()
        #expect(report.findings.named == ["pin pin-contradicted"])
        #expect(report.verdict == .tampered)
        let unpinned = try await world.verify(pin: nil)
        #expect(unpinned.findings.isEmpty)
        #expect(unpinned.verdict == .unanchored)
    }

    @Test func `above an older pin a rewrite is said to be unanchored`() async throws {
        let world = try AuditedWorld.current
        let path = try TestCluster.temporaryDirectory() + "/pin"
        let (size, note) = try await AuditedWorld.withScratch(
            AuditedWorld.scratch.superuserURL
        ) { db in
            try db.one(
                """
                SELECT size, note FROM audit.checkpoint WHERE size <= 150 ORDER BY size DESC LIMIT 1
                """, as: (Int64, [UInt8]).self)
        }
        try Pin(path: path).write(note)
        try await AuditedWorld.tamper { db in try world.rewrite(200, db) }
        let report = try await world.verify(pin: Pin(path: path))
        #expect(report.findings.isEmpty)
        #expect(report.unanchored == size..<world.size)
        #expect(report.anchored.contains("unanchored"))
    }

    @Test func `a tail cut off with everything that is derived from it contradicts the pin`()
        async throws
    {
        let world = try AuditedWorld.current
        try await AuditedWorld.tamper { db in
            try db.execute(
                "DELETE FROM audit.entry WHERE id IN (SELECT entry_id FROM audit.leaf WHERE index >= 200)"
            )
            try db.execute("DELETE FROM audit.leaf WHERE index >= 200")
            try db.execute("DELETE FROM audit.checkpoint WHERE size > 200")
            try world.derive(from: 1 << 40, db)
        }
        let findings = try await world.verify().findings
        #expect(findings.named.contains("audit.leaf log-truncated"))
        #expect(
            findings.named.allSatisfy { !$0.hasPrefix("audit.tile") && !$0.hasPrefix("audit.head") }
        )
    }
}

extension AuditedWorld {
    /// Changes the entry at an index and makes everything anew: signature, leaves, chain, tiles,
    /// head and checkpoints, with the service's and the log's own keys.
    func rewrite(_ index: Int64, _ db: borrowing Connection) throws {
        let (id, bytes) = try db.one(
            """
            SELECT e.id, e.bytes FROM audit.leaf l JOIN audit.entry e ON e.id = l.entry_id
            WHERE l.index = \(index)
            """, as: (Int64, [UInt8]).self)
        let old = try Entry(parsing: SignedEntry(parsing: bytes).payload)
        let new = Entry(
            actor: old.actor, configuration: old.configuration, documents: old.documents,
            idempotency: old.idempotency, event: old.event, origin: old.origin, policy: old.policy,
            request: "rewritten", subjects: old.subjects, time: old.time)
        let signed = try SignedEntry.sign([new.canonicalBytes], with: serviceKey)[0]
        try db.execute("UPDATE audit.entry SET bytes = \(signed) WHERE id = \(id)")
        try derive(from: index, db)
    }

    /// Makes leaves, tiles and head from the entries, and signs every checkpoint beyond `index`.
    func derive(from index: Int64, _ db: borrowing Connection) throws {
        let rows = try db.all(
            """
            SELECT l.index, e.bytes FROM audit.leaf l JOIN audit.entry e ON e.id = l.entry_id
            ORDER BY l.index
            """, as: (Int64, [UInt8]).self)
        let leaves = rows.map { MerkleTree.leafHash(of: $0.1) }
        var chain = HashChain.start
        var range = CompactRange()
        let sizes = Set(
            try db.all("SELECT size FROM audit.checkpoint WHERE size > \(index)", as: Int64.self))
        for (row, leaf) in zip(rows, leaves) {
            chain = HashChain.next(chain, leaf)
            range.append(leaf)
            try db.execute(
                """
                UPDATE audit.leaf SET leaf_hash = \(leaf.bytes), chain_hash = \(chain.bytes)
                WHERE index = \(row.0)
                """)
            guard sizes.contains(range.size) else { continue }
            let note = try Checkpoint(origin: root.origin, size: range.size, root: range.root)
                .signed(by: [logSigner]).bytes
            try db.execute(
                """
                UPDATE audit.checkpoint SET root = \(range.root.bytes), note = \(note)
                WHERE size = \(range.size)
                """)
        }
        try db.execute("DELETE FROM audit.tile")
        for tile in try TileGrowth(extending: CompactRange(), rightEdge: [], with: leaves).tiles {
            try db.execute(
                "INSERT INTO audit.tile VALUES (\(Int64(tile.id.level)), \(tile.id.number), \(tile.bytes))"
            )
        }
        try db.execute(
            """
            UPDATE audit.head SET size = \(range.size), compact = \(range.encoded),
                chain = \(chain.bytes)
            """)
    }
}
