// A replay that begins where an earlier one left its rows: the same answers, and no other beginning.

import CanonicalJSON
import Cryptography
import Database
import Foundation
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `A replay that begins later` {
    /// A service with a digest in its log, and more after it.
    private func withState(
        _ body: (TestService, _ state: String) async throws -> Void
    ) async throws {
        try await TestService.with { service in
            let folder = try TestCluster.temporaryDirectory()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let team = try await service.makeTeam()
            _ = try await service.makeApproved(team)
            try await service.settled()
            _ = try #require(try await service.node.digester.digest())
            try await service.settled()
            let state = folder + "/rows"
            let whole = try await Self.replay(service, state)
            #expect(whole.isEqual && whole.from == 0 && whole.notes == [])
            #expect(File.exists(state) && !File.exists(state + ".new"))
            let version = try await service.makeApproved(team, seed: "two")
            _ = try await service.deploy(version, by: team.deployer)
            try await service.settled()
            try await body(service, state)
        }
    }

    private static func replay(
        _ service: TestService, _ state: String? = nil
    ) async throws -> ReplayReport {
        try await Auditing.replay(
            service.access.migrator, root: service.registry.root, state: state)
    }

    @Test func `finds what a whole one finds, and reads less`() async throws {
        try await withState { service, state in
            let later = try await Self.replay(service, state)
            let whole = try await Self.replay(service)
            #expect(later.isEqual && whole.isEqual)
            #expect(later.from > 0 && later.from + later.entriesReplayed == whole.entriesReplayed)
            #expect(later.rows == whole.rows)
            #expect(later.decisionsReplayed > 0)
            #expect(later.decisionsReplayed < whole.decisionsReplayed)
            // Where the log has a later digest the state moves on.
            _ = try #require(try await service.node.digester.digest())
            try await service.settled()
            let before = later.from
            #expect(try await Self.replay(service, state).from == before)
            let moved = try await Self.replay(service, state)
            #expect(moved.isEqual && moved.from > before)
        }
    }

    static let edits = [
        // Made by entries before the beginning,
        "UPDATE registry.version SET tier = '1' WHERE number = 1",
        "DELETE FROM registry.approval WHERE version = 'credit/scorecard@1'",
        "UPDATE registry.principal SET kind = 'service'",
        // and after it.
        "UPDATE registry.version SET state = 'retired' WHERE number = 2",
        "DELETE FROM registry.decision",
        "INSERT INTO registry.model VALUES ('credit/invented', 1)",
    ]

    @Test(arguments: edits)
    func `finds an edit on either side of its beginning`(_ edit: String) async throws {
        try await withState { service, state in
            let bytes = try File.read(state, limit: 1 << 24)
            try await service.sabotage([edit])
            let whole = try await Self.replay(service)
            let later = try await Self.replay(service, state)
            #expect(later.from > 0 && !later.isEqual)
            #expect(later.findings.kept.map(\.json) == whole.findings.kept.map(\.json))
            // What was found out about is no beginning for the next time.
            #expect(try File.read(state, limit: 1 << 24) == bytes)
            #expect(!File.exists(state + ".new"))
        }
    }

    @Test func `uses no file that is not what the log says`() async throws {
        try await withState { service, state in
            let good = try File.read(state, limit: 1 << 24)
            let lines = good.split(separator: 10, omittingEmptySubsequences: false).map(Array.init)
            func joined(_ lines: [[UInt8]]) -> [UInt8] { Array(lines.joined(separator: [10])) }
            func header(_ name: String, _ value: JSON) throws -> [UInt8] {
                var members = try JSON(parsing: lines[0]).object ?? [:]
                members[name] = value
                return joined([JSON.object(members).canonicalBytes] + lines.dropFirst())
            }
            var changed = lines
            let row = try #require(lines.firstIndex { $0.starts(with: Array("principal/".utf8)) })
            changed[row][10] = changed[row][10] == 97 ? 98 : 97
            var fewer = lines
            fewer.remove(at: row)
            let size = try JSON(parsing: lines[0])["size"]?.integer ?? 0
            let files: [(String, [UInt8])] = [
                ("a byte", joined(changed)), ("a row less", joined(fewer)),
                ("a row twice", joined(Array(lines[...row]) + Array(lines[row...]))),
                ("cut off", Array(good.dropLast(40))), ("more", good + Array("x\n".utf8)),
                ("another log", try header("origin", "example.com/other")),
                ("another size", try header("size", .integer(size - 1))),
                ("another root", try header("root", .string(SHA256.hash("x").hex))),
                ("no tables", try header("tables", [])), ("empty", []), ("text", Array("x\n".utf8)),
            ]
            for (name, bytes) in files {
                try Data(bytes).write(to: URL(fileURLWithPath: state))
                let report = try await Self.replay(service, state)
                #expect(report.from == 0 && report.isEqual, "\(name)")
                #expect(report.notes.count == 1, "\(name): \(report.notes)")
                #expect(report.notes.first?.contains("was not used") == true, "\(name)")
                // The whole replay has put a good one in its place.
                #expect(try File.read(state, limit: 1 << 24) == good, "\(name)")
            }
        }
    }

    @Test func `does not begin where the log's digest is not that of a service`() async throws {
        try await withState { service, state in
            // The entry is there, but its bytes are no longer what was signed.
            try await service.sabotage([
                """
                UPDATE audit.entry SET bytes = overlay(bytes PLACING '9'::bytea FROM
                    position('"rows":'::bytea IN bytes) + 7)
                WHERE position('"kind":"projections.digested"'::bytea IN bytes) > 0
                """
            ])
            let report = try await Self.replay(service, state)
            #expect(report.from == 0 && !report.isEqual)
            #expect(report.notes.first?.contains("no digest of its tables") == true)
        }
    }
}
