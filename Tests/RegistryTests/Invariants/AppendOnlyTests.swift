// I3: the record is append-only for every role, and the sequencer takes only what the service signed.

import CanonicalJSON
import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `I3: append-only, and authentic` {
    static let forbiddenToTheWriter: [SQL] = [
        "UPDATE audit.entry SET bytes = bytes", "DELETE FROM audit.entry", "TRUNCATE audit.entry",
        "UPDATE audit.leaf SET index = index", "DELETE FROM audit.leaf", "TRUNCATE audit.leaf",
        "UPDATE audit.checkpoint SET note = note", "DELETE FROM audit.checkpoint",
        "TRUNCATE audit.checkpoint", "UPDATE audit.document SET bytes = bytes",
        "DELETE FROM audit.document", "TRUNCATE audit.document",
        "UPDATE audit.idempotency SET entry_id = 1", "DELETE FROM audit.idempotency",
        "TRUNCATE audit.idempotency", "UPDATE audit.head SET size = 0", "DELETE FROM audit.head",
        "TRUNCATE audit.head", "UPDATE audit.head SET epoch = epoch + 1",
        "UPDATE audit.tile SET hashes = hashes", "DELETE FROM audit.tile", "TRUNCATE audit.tile",
        "DELETE FROM audit.pending", "TRUNCATE audit.pending",
        "UPDATE audit.pending SET entry_id = 1",
        "INSERT INTO audit.leaf SELECT 1000, 1000, leaf_hash, chain_hash FROM audit.leaf LIMIT 1",
        "INSERT INTO audit.checkpoint SELECT 1000, root, note FROM audit.checkpoint LIMIT 1",
        "INSERT INTO audit.tile SELECT 7, 7, hashes FROM audit.tile LIMIT 1",
        "DELETE FROM registry.restriction", "DELETE FROM registry.approval",
        "TRUNCATE registry.version",
        "DELETE FROM personal.secret", "UPDATE personal.secret SET sealed = sealed",
        "ALTER TABLE audit.entry DISABLE TRIGGER ALL", "DROP TABLE audit.entry",
        "SET session_replication_role = replica", "SET ROLE imprimatur_owner",
        "SET ROLE imprimatur_sequencer",
    ]

    static let forbiddenToTheSequencer: [SQL] = [
        "INSERT INTO audit.entry (bytes) VALUES ('{}')", "UPDATE audit.entry SET bytes = bytes",
        "DELETE FROM audit.entry", "INSERT INTO audit.pending VALUES (1000)",
        "UPDATE audit.leaf SET index = index", "DELETE FROM audit.leaf",
        "UPDATE audit.checkpoint SET note = note", "DELETE FROM audit.checkpoint",
        "INSERT INTO audit.document SELECT sha256('\\x00'), '\\x00'",
        "INSERT INTO audit.head SELECT true, 'o', 0, '', '', 0", "DELETE FROM audit.head",
        "UPDATE audit.head SET origin = 'other'", "DELETE FROM audit.tile",
        "SELECT FROM registry.version", "SELECT FROM personal.secret",
        "SET session_replication_role = replica",
    ]

    private func state(
        of statement: SQL, on database: Database
    ) async throws -> DatabaseError.State? {
        do {
            _ = try await database.write { db in try db.execute(statement) }
            return nil
        } catch let error as DatabaseError {
            return error.state
        }
    }

    @Test func `neither writer nor sequencer can change the record`() async throws {
        try await TestService.with { service in
            _ = try await service.submit(by: service.makeTeam().owner)
            try await service.settled()
            let before = try await service.contents()
            for (role, statements) in [
                (DatabaseRole.writer, Self.forbiddenToTheWriter),
                (.sequencer, Self.forbiddenToTheSequencer),
            ] {
                let database = service.scratch.database(
                    as: role, settings: .init(maxConnections: 1))
                for statement in statements {
                    #expect(
                        try await state(of: statement, on: database) == .insufficientPrivilege,
                        "\(role): \(statement)")
                }
                await database.closeIdle()
            }
            #expect(try await service.contents() == before)
        }
    }

    static let refusedByTriggers = [
        "UPDATE audit.entry SET bytes = bytes", "DELETE FROM audit.entry", "TRUNCATE audit.entry",
        "UPDATE audit.leaf SET index = index", "DELETE FROM audit.leaf", "TRUNCATE audit.leaf",
        "UPDATE audit.checkpoint SET note = note", "DELETE FROM audit.checkpoint",
        "TRUNCATE audit.checkpoint", "UPDATE audit.document SET bytes = bytes",
        "DELETE FROM audit.document", "TRUNCATE audit.document",
        "UPDATE audit.idempotency SET entry_id = 1", "DELETE FROM audit.idempotency",
        "TRUNCATE audit.idempotency", "DELETE FROM audit.tile", "TRUNCATE audit.tile",
        "DELETE FROM audit.head", "TRUNCATE audit.head", "TRUNCATE audit.pending",
        "UPDATE audit.head SET size = 0", "UPDATE audit.tile SET hashes = sha256('other')",
    ]

    @Test func `the triggers refuse the superuser too, also as a replica`() async throws {
        try await TestService.with { service in
            _ = try await service.submit(by: service.makeTeam().owner, key: "k")
            try await service.settled()
            let before = try await service.contents()
            for mode in ["origin", "replica"] {
                for statement in Self.refusedByTriggers {
                    await #expect("\(mode): \(statement)") {
                        try await service.asSuperuser([
                            "SET LOCAL session_replication_role = \(mode)", statement,
                        ])
                    } throws: { error in
                        (error as? DatabaseError)?.state == .insufficientPrivilege
                    }
                }
            }
            #expect(try await service.contents() == before)
        }
    }

    @Test func `the sequencer takes nothing that this service did not sign for this log`()
        async throws
    {
        let lines = LogLines()
        try await LogLines.$current.withValue(lines) {
            try await TestService.with { service in
                let team = try await service.makeTeam()
                let version = try await service.submit(by: team.owner)
                try await service.settled()
                let forged = try await forgeries(of: version.reference, service)
                let writer = service.scratch.database(as: .writer)
                var ids: [Int64] = []
                for bytes in forged {
                    ids.append(
                        try await writer.write { db in
                            try db.one(
                                """
                                WITH e AS (INSERT INTO audit.entry (bytes) VALUES (\(bytes)) RETURNING id)
                                INSERT INTO audit.pending SELECT id FROM e RETURNING entry_id
                                """, as: Int64.self)
                        })
                }
                await writer.closeIdle()
                // Good entries behind them find their places.
                for number in 0..<5 {
                    let outcome = try await service.registry.suspend(
                        version.reference, reason: "reason \(number)", service.request(team.owner))
                    #expect(
                        try service.isVerified(outcome.receipt, of: outcome.recorded.bytes))
                }
                let placed = try await service.logged().map(\.id)
                #expect(Set(placed).isDisjoint(with: ids))
                let inserted = ids
                let (waiting, kept) = try await service.registry.database.read { db in
                    (
                        try db.all("SELECT entry_id FROM audit.pending", as: Int64.self),
                        try db.one(
                            "SELECT count(*) FROM audit.entry WHERE id = ANY(\(inserted))",
                            as: Int64.self)
                    )
                }
                #expect(Set(waiting) == Set(ids))
                #expect(kept == Int64(ids.count))
                #expect(service.registry.halt.reason == nil)
                let answer = try await service.deploy(version, by: team.deployer)
                #expect(answer.reasons.contains("suspension"))
                for id in ids {
                    #expect(
                        lines.all.contains {
                            $0.contains("without a valid signature") && $0.contains("\(id)")
                        })
                }
            }
        }
    }

    /// Entries that the writer role can insert and that must never count.
    private func forgeries(
        of version: VersionReference, _ service: TestService
    ) async throws -> [[UInt8]] {
        let good = try #require(try await service.logged().last)
        let production = try #require(TestService.production)
        let payload = try SignedEntry(parsing: good.bytes).payload
        let ended = { (origin: String) -> [UInt8] in
            Entry(
                actor: nil, configuration: nil, documents: [], idempotency: nil,
                event: .deploymentEnded(
                    DeploymentEnded(
                        deployment: "d-1", version: version,
                        environment: production, reason: "forged")),
                origin: origin, policy: nil, request: "forged", subjects: [:],
                time: service.clock.now
            ).canonicalBytes
        }
        let stranger = try PrivateKey.generate(.ed25519)
        let own = try KeyFile.load(service.directory.serviceKey)
        let signed = try SignedEntry.sign([ended(service.origin)], with: own)[0]
        var flipped = signed
        let place = try #require(flipped.firstRange(of: Array("forged".utf8)))
        flipped[place.lowerBound] = UInt8(ascii: "F")
        return [
            // no signature at all
            payload, Array("{}".utf8),
            // a stranger's signature
            try SignedEntry.sign([ended(service.origin)], with: stranger)[0],
            // the service's signature over something else
            flipped,
            // the log's other keys are not service keys
            try SignedEntry.sign(
                [ended(service.origin)], with: KeyFile.load(service.directory.logKey))[0],
            // the service's signature for another log
            try SignedEntry.sign([ended("other.example/log")], with: own)[0],
            // an entry that has its place already, once more
            good.bytes,
        ]
    }
}
