// What `audit replay` says of projections that follow from the log, and of those that do not.

import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing

/// One edit of a projection.
struct ProjectionEdit: Sendable, CustomTestStringConvertible {
    let table: Projection.Table
    let column: String
    let sql: SQL

    var testDescription: String { "registry.\(table.rawValue).\(column)" }

    init(_ table: Projection.Table, _ column: String, _ sql: SQL) {
        self.table = table
        self.column = column
        self.sql = sql
    }

    static let all: [ProjectionEdit] = [
        .init(.subject, "seq", "UPDATE registry.subject SET seq = seq + 1"),
        .init(.policy_pack, "version", "UPDATE registry.policy_pack SET version = 'x'"),
        .init(.principal, "person", "UPDATE registry.principal SET person = 'p-0000000000000000'"),
        .init(
            .credential, "valid_until", "UPDATE registry.credential SET valid_until = 'infinity'"),
        .init(
            .assignment, "role",
            "UPDATE registry.assignment SET role = 'owner' WHERE role <> 'owner'"),
        .init(
            .token, "expires_at",
            "UPDATE registry.token SET expires_at = expires_at + interval '1 us'"),
        .init(.token, "hash", "UPDATE registry.token SET hash = sha256(hash)"),
        .init(.model, "versions", "UPDATE registry.model SET versions = 9"),
        .init(.version, "state", "UPDATE registry.version SET state = 'rejected'"),
        .init(.lineage, "digest", "UPDATE registry.lineage SET digest = 'sha256:00'"),
        .init(.evaluation, "kind", "UPDATE registry.evaluation SET kind = 'x'"),
        .init(.approval, "meaning", "UPDATE registry.approval SET meaning = 'reject'"),
        .init(.restriction, "reason", "UPDATE registry.restriction SET reason = 'x'"),
        .init(.abstention, "meaning", "UPDATE registry.abstention SET meaning = 'x'"),
        .init(.provenance, "builder", "UPDATE registry.provenance SET builder = 'x'"),
        .init(.legacy, "due_at", "UPDATE registry.legacy SET due_at = due_at + interval '1 year'"),
        .init(.snapshot, "running", "UPDATE registry.snapshot SET running = '{}'"),
        .init(
            .break_glass, "expires_at",
            "UPDATE registry.break_glass SET expires_at = expires_at + interval '1 year'"),
        .init(
            .break_glass_review, "verdict",
            "UPDATE registry.break_glass_review SET verdict = 'justified'"),
        .init(.delegation, "revoked_at", "UPDATE registry.delegation SET revoked_at = NULL"),
        .init(.waiver, "rule", "UPDATE registry.waiver SET rule = 'DEP-001'"),
        .init(.alert, "reason", "UPDATE registry.alert SET reason = 'x'"),
        .init(.tier_determination, "tier", "UPDATE registry.tier_determination SET tier = 1"),
        .init(.finding, "severity", "UPDATE registry.finding SET severity = 'low'"),
        .init(
            .decision, "verdict",
            "UPDATE registry.decision SET verdict = CASE verdict WHEN 'allow' THEN 'deny' ELSE 'allow' END"
        ),
        .init(.deployment, "state", "UPDATE registry.deployment SET state = 'active'"),
        .init(.hold, "released_at", "UPDATE registry.hold SET released_at = NULL"),
        .init(.erasure, "commitments", "UPDATE registry.erasure SET commitments = 0"),
        .init(
            .retirement, "successor", "UPDATE registry.retirement SET successor = 'credit/other@1'"),
    ]
}

@Suite(.serialized, .scratchDatabase(AuditedWorld.template)) struct `Replaying a log` {
    @Test func `the projections of an intact log are what the log says`() async throws {
        let world = try AuditedWorld.current
        let report = try await world.replay()
        #expect(report.findings.kept.map(\.message) == [])
        #expect(report.isEqual)
        #expect(report.entriesReplayed == world.size)
        #expect(report.decisionsReplayed > Int64(AuditedWorld.questions))
        for table in Self.filled {
            #expect(
                report.rows[table.rawValue] ?? 0 > 0, "\(table) is empty: its tests show nothing")
        }
    }

    @Test(arguments: ["facts", "decision"])
    func `a decision whose document is gone is named with its entry`(_ part: String) async throws {
        let world = try AuditedWorld.current
        let column: SQL = part == "facts" ? "facts" : "digest"
        try await AuditedWorld.tamper([
            """
            DELETE FROM audit.document WHERE sha256 =
                (SELECT \(column) FROM registry.decision WHERE gate = 'deploy' LIMIT 1)
            """
        ])
        let report = try await world.replay()
        #expect(report.findings.named == ["audit.document decision-differs"])
    }

    @Test(arguments: ProjectionEdit.all)
    func `an edited column is named with its key and both values`(_ edit: ProjectionEdit)
        async throws
    {
        let world = try AuditedWorld.current
        try await AuditedWorld.tamper([edit.sql])
        let report = try await world.replay()
        #expect(report.findings.named == ["registry.\(edit.table.rawValue) row-altered"])
        let finding = try #require(report.findings.kept.first)
        #expect(finding.columns.map(\.name) == [edit.column])
        #expect(finding.columns.first?.live != finding.columns.first?.replayed)
        guard case .key(let key) = finding.place else { throw TestFailure("no key") }
        #expect(!key.isEmpty)
    }

    /// Only a log that was recovered has rows in `carried`.
    private static let filled = Projection.Table.allCases.filter { $0 != .carried }

    @Test(arguments: filled)
    func `a deleted row is named with what it held`(_ table: Projection.Table) async throws {
        let world = try AuditedWorld.current
        try await AuditedWorld.tamper([
            """
            DELETE FROM registry.\(identifier: table)
            WHERE ctid = (SELECT min(ctid) FROM registry.\(identifier: table))
            """
        ])
        let report = try await world.replay()
        #expect(report.findings.named == ["registry.\(table.rawValue) row-missing"])
        #expect(report.findings.total == 1)
        #expect(report.findings.kept.first?.columns.contains { $0.replayed != nil } == true)
    }

    @Test func `a row that no entry made is named`() async throws {
        let world = try AuditedWorld.current
        try await AuditedWorld.tamper([
            """
            INSERT INTO registry.approval
            SELECT sha256('forged'), document, version, request_id, principal, person, 'validator',
                   'approve', signed_at, expires_at FROM registry.approval LIMIT 1
            """,
            "INSERT INTO registry.token SELECT 'forged', principal, sha256('x'), 'infinity' FROM registry.token LIMIT 1",
        ])
        let report = try await world.replay()
        #expect(
            report.findings.named == [
                "registry.approval row-surplus", "registry.token row-surplus",
            ])
    }

    @Test func `a row that stands twice is named`() async throws {
        let world = try AuditedWorld.current
        try await AuditedWorld.tamper([
            "ALTER TABLE registry.token DROP CONSTRAINT token_pkey",
            "ALTER TABLE registry.token DROP CONSTRAINT token_hash_key",
            "INSERT INTO registry.token SELECT * FROM registry.token",
        ])
        #expect(try await world.replay().findings.named == ["registry.token row-duplicate"])
    }

    @Test func `a column that somebody added is named`() async throws {
        let world = try AuditedWorld.current
        try await AuditedWorld.tamper([
            "ALTER TABLE registry.approval ADD COLUMN waived boolean DEFAULT true"
        ])
        let report = try await world.replay()
        #expect(report.findings.named == ["registry.approval row-altered"])
        #expect(report.findings.kept.first?.columns.map(\.name) == ["waived"])
    }

    @Test func `a column that somebody dropped is named by the entries that need it`() async throws
    {
        let world = try AuditedWorld.current
        try await AuditedWorld.tamper(["ALTER TABLE registry.deployment DROP COLUMN target"])
        let report = try await world.replay()
        #expect(report.findings.counts[.replayFailed] == 1)
        // An entry has all its effects or none: its decision is missing beside its deployment.
        #expect(
            report.findings.named.isSuperset(of: [
                "registry.decision row-surplus", "registry.deployment row-surplus",
            ]))
    }

    @Test func `an entry that nobody signed has no effect`() async throws {
        let world = try AuditedWorld.current
        let forged = try world.entry(
            .tokenRevoked(
                TokenRevoked(token: "t-any", principal: world.principal, reason: "forged")),
            key: PrivateKey.generate(.ed25519))
        try await AuditedWorld.tamper { db in
            let id = try db.one(
                "INSERT INTO audit.entry (bytes) VALUES (\(forged)) RETURNING id", as: Int64.self)
            try db.execute("INSERT INTO audit.pending VALUES (\(id))")
        }
        let report = try await world.replay()
        #expect(report.findings.named == ["audit.entry entry-unauthentic"])
    }

    @Test func `a queued entry counts as committed`() async throws {
        let world = try AuditedWorld.current
        let subjects: [String: Entry.SubjectSequence] = ["test/queued": .init(seq: 1, wrote: true)]
        let queued = try world.entry(subjects: subjects)
        try await AuditedWorld.tamper { db in
            let id = try db.one(
                "INSERT INTO audit.entry (bytes) VALUES (\(queued)) RETURNING id", as: Int64.self)
            try db.execute("INSERT INTO audit.pending VALUES (\(id))")
        }
        #expect(try await world.replay().findings.named == ["registry.subject row-missing"])
        try await AuditedWorld.tamper(["INSERT INTO registry.subject VALUES ('test/queued', 1)"])
        let report = try await world.replay()
        #expect(report.isEqual)
        #expect(report.entriesReplayed == world.size + 1)
    }
}
