// A verification that begins where the last one ended: what it still sees, and what it says it did
// not look at.

import CanonicalJSON
import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing
import TransparencyLog

@Suite(.serialized, .scratchDatabase(AuditedWorld.template)) struct `Resuming a verification` {
    /// The checkpoint of the log's first half, as the database has it.
    private static func middle(_ limit: Int64 = 200) async throws -> (size: Int64, note: [UInt8]) {
        try await AuditedWorld.withScratch(AuditedWorld.scratch.superuserURL) { db in
            try db.one(
                """
                SELECT size, note FROM audit.checkpoint WHERE size <= \(limit)
                ORDER BY size DESC LIMIT 1
                """, as: (Int64, [UInt8]).self)
        }
    }

    @Test(arguments: [20, 200, 255, 256, 257, 270, 100_000])
    func `begins at any checkpoint and finds the same root`(limit: Int64) async throws {
        let world = try AuditedWorld.current
        let whole = try await world.verify()
        let (size, note) = try await Self.middle(limit)
        let report = try await world.verify(from: AuditState(checkpoint: note))
        #expect(report.findings.kept.map(\.message) == [])
        #expect(report.verdict == .intact && report.root == whole.root)
        #expect(report.from == size && report.entriesChecked == world.size - size)
        #expect(report.notes.contains { $0.contains("not read") })
    }

    @Test func `the state that one leaves begins the next, also through its file`() async throws {
        let world = try AuditedWorld.current
        let (size, note) = try await Self.middle()
        let first = try await world.verify(from: AuditState(checkpoint: note))
        let state = try #require(first.state)
        let read = try AuditState(parsing: state.json.canonicalBytes)
        #expect(read == state)
        let second = try await world.verify(from: read)
        #expect(second.from == world.size && second.entriesChecked == 0)
        #expect(second.verdict == .intact && second.size == world.size)
        // Without the pin the state itself is what is known outside.
        let alone = try await world.verify(pin: nil, from: AuditState(checkpoint: note))
        #expect(alone.verdict == .intact && alone.unanchored == size..<world.size)
        #expect(alone.anchor?.source == "start")
    }

    @Test func `what was added since is verified as ever`() async throws {
        let world = try AuditedWorld.current
        let (_, note) = try await Self.middle()
        func edit(_ index: Int64) -> SQL {
            """
            UPDATE audit.entry SET bytes = overlay(bytes PLACING 'X' FROM 3)
            WHERE id = (SELECT entry_id FROM audit.leaf WHERE index = \(index))
            """
        }
        // Below the start nothing is read, and the report says so; above, all is.
        try await AuditedWorld.tamper([edit(20)])
        let blind = try await world.verify(from: AuditState(checkpoint: note))
        #expect(blind.findings.isEmpty && blind.notes.contains { $0.contains("not read") })
        try await AuditedWorld.tamper([edit(250)])
        let report = try await world.verify(from: AuditState(checkpoint: note))
        #expect(report.findings.counts[.entryAltered] == 1)
        #expect(report.findings.kept.first?.anchor == .contradicts(size: world.size))
        #expect(report.state == nil)
        #expect(try await world.verify().findings.counts[.entryAltered] == 2)
    }

    @Test func `a log that is another one below the start is read from its first entry`()
        async throws
    {
        let world = try AuditedWorld.current
        let (size, note) = try await Self.middle()
        try await AuditedWorld.tamper { db in try world.rewrite(20, db) }
        let report = try await world.verify(pin: nil, from: AuditState(checkpoint: note))
        #expect(report.from == 0 && report.entriesChecked == world.size)
        #expect(report.findings.named == ["start anchor-contradicted"])
        #expect(report.findings.kept.first?.anchor == .contradicts(size: size))
        #expect(report.verdict == .tampered)
    }

    @Test func `a kept checkpoint anchors like the pin`() async throws {
        let world = try AuditedWorld.current
        let (size, note) = try await Self.middle()
        let kept = [KeptCheckpoint(note: note, source: "mine")]
        let report = try await world.verify(pin: nil, kept: kept)
        #expect(report.verdict == .intact && report.unanchored == size..<world.size)
        #expect(report.anchor?.source == "mine")
        // Both anchor: the tighter one is named.
        try await AuditedWorld.tamper([
            "UPDATE audit.leaf SET leaf_hash = sha256('x') WHERE index IN (20, 250)"
        ])
        let both = try await world.verify(kept: kept)
        #expect(
            both.findings.kept.map(\.anchor) == [
                .contradicts(size: size), .contradicts(size: world.size),
            ])
        let alone = try await world.verify(pin: nil, kept: kept)
        #expect(alone.findings.kept.map(\.anchor) == [.contradicts(size: size), .unanchored])
    }

    @Test func `what is no checkpoint of this log is no start and no anchor`() async throws {
        let world = try AuditedWorld.current
        let stranger = try NoteSigner(
            name: #require(KeyName(world.root.origin)), key: .generate(.ed25519))
        let (size, note) = try await Self.middle()
        let root = try await AuditedWorld.withScratch(AuditedWorld.scratch.superuserURL) { db in
            try db.one("SELECT root FROM audit.checkpoint WHERE size = \(size)", as: [UInt8].self)
        }
        let forged = try Checkpoint(
            origin: world.root.origin, size: size, root: #require(SHA256Digest(bytes: root))
        ).signed(by: [stranger]).bytes
        let report = try await world.verify(from: AuditState(checkpoint: forged))
        #expect(report.from == 0 && report.entriesChecked == world.size)
        #expect(report.findings.named == ["start anchor-unreadable"])
        let kept = try await world.verify(
            pin: nil, kept: [KeptCheckpoint(note: forged, source: "theirs")])
        #expect(kept.verdict == .tampered && kept.anchor == nil)
        _ = note
        for text in ["{}", #"{"type":"imprimatur-audit-state/v2"}"#] {
            #expect(throws: JSONFindings.self) { try AuditState(parsing: Array(text.utf8)) }
        }
    }
}

extension AuditedWorld {
    func verify(
        pin: Pin?, kept: [KeptCheckpoint] = [], from: AuditState? = nil
    ) async throws -> AuditReport {
        try await Auditing.verify(
            Self.scratch.url(as: .migrator), root: root, pin: pin, kept: kept, from: from)
    }

    func verify(kept: [KeptCheckpoint] = [], from: AuditState? = nil) async throws -> AuditReport {
        try await verify(pin: pin, kept: kept, from: from)
    }
}
