// A crash at every statement of a governed write: the change and its entry are both there or neither is,
// and the caller's retry finds out which.

import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing

@Suite(.serialized) struct `A governed write cut off at any statement` {
    /// One kind of write, to be made again and again.
    private struct Act {
        let name: String
        /// Makes ready, and answers what to do under a retry key.
        let prepare: (TestService, Int) async throws -> (String) async throws -> Void
    }

    private static func acts(_ team: TestTeam, _ folder: String) -> [Act] {
        [
            Act(name: "submit") { service, number in
                let submission = try service.submission(by: team.owner, seed: "s\(number)")
                return { try await service.submit(submission, by: team.owner, key: $0) }
            },
            Act(name: "suspend") { service, number in
                let version = try await service.submit(by: team.owner, seed: "v\(number)")
                return { key in
                    _ = try await service.registry.suspend(
                        version.reference, reason: "drift",
                        service.request(team.validator, key: key))
                }
            },
            Act(name: "token") { service, _ in
                { key in
                    _ = try await service.registry.issueToken(
                        for: team.owner.principal, days: 1,
                        service.request(service.administrator, key: key))
                }
            },
        ]
    }

    @Test func `happens whole or not at all, and a retry gives one outcome`() async throws {
        try await ScratchDatabase.with { scratch in
            let folder = try TestCluster.temporaryDirectory()
            let directory = DataDirectory(path: folder + "/data")
            let first = try await TestService.start(scratch, directory, TestClock())
            let team = try await first.makeTeam()
            await first.stop()
            let wire = try CutWire(
                to: scratch.url(as: .writer), in: try TestCluster.temporaryDirectory())
            defer { wire.close() }
            let service = try await TestService.open(
                scratch, directory, first.clock, writer: wire.through(scratch.url(as: .writer)))
            var ledger = CutLedger()
            var done: Set<FaultPoint> = []
            var keys: [String] = []
            for act in Self.acts(team, folder) {
                // What it consists of is learnt by letting it pass.
                for number in 0..<3 {
                    let key = "\(act.name)-\(number)"
                    try await act.prepare(service, number)(key)
                    keys.append(key)
                }
                // A connection made anew meets points of its own: they join while others are cut.
                for place in 0..<Self.mostPoints {
                    let point = wire.points.first { $0.isOfWrite && !done.contains($0) }
                    guard let point else { break }
                    done.insert(point)
                    for cut in Cut.allCases {
                        let number = 10 + 2 * place + (cut == .after ? 1 : 0)
                        let key = "\(act.name)-\(number)"
                        let work = try await act.prepare(service, number)
                        try await service.settled()
                        wire.arm([(point, cut)])
                        try await Self.insist { try await work(key) }
                        ledger.take(point, cut, isMet: wire.isSpent)
                        wire.arm([])
                        // Asked once more, it answers what it answered.
                        try await work(key)
                        keys.append(key)
                        #expect(service.registry.halt.reason == nil)
                    }
                }
            }
            #expect(ledger.cuts >= 40, "\(ledger.cuts) cuts")
            let wanted = [
                "INTO audit.entry", "INTO audit.document", "INTO audit.idempotency",
                "registry\".version", "registry\".token", "COMMIT",
            ]
            #expect(ledger.lacking(wanted) == [])
            try await service.settled()
            await service.stop()
            try await Self.judge(scratch, directory, service, keys)
        }
    }

    /// A bound for each act, because every cut makes new neighbours.
    private static let mostPoints = 32

    /// As a caller does who has a retry key.
    private static func insist(_ work: () async throws -> Void) async throws {
        for _ in 0..<10 {
            do { return try await work() } catch { try await Task.sleep(for: .milliseconds(20)) }
        }
        try await work()
    }

    private static func judge(
        _ scratch: ScratchDatabase, _ directory: DataDirectory, _ service: TestService,
        _ keys: [String]
    ) async throws {
        let settings = try StoredSettings.read(File.read(directory.settings, limit: 1 << 20))
        let url = scratch.url(as: .migrator)
        let report = try await Auditing.verify(
            url, root: service.registry.root, pin: Pin(path: settings.pin))
        #expect(report.findings.kept.map(\.message) == [])
        #expect(report.verdict == .intact && report.pendingChecked == 0)
        let replay = try await Auditing.replay(url, root: service.registry.root)
        #expect(replay.findings.kept.map(\.message) == [])
        // One retry key, one entry.
        let database = scratch.superuser()
        let (entries, retries) = try await database.read { db in
            try db.one(
                """
                SELECT (SELECT count(*) FROM audit.entry
                        WHERE position('"idempotency":{' IN convert_from(bytes, 'UTF8')) > 0),
                       (SELECT count(*) FROM audit.idempotency)
                """, as: (Int64, Int64).self)
        }
        await database.closeIdle()
        #expect(Set(keys).count == keys.count)
        #expect(entries == Int64(keys.count) && retries == entries)
    }
}

extension FaultPoint {
    /// Of a transaction that writes.
    fileprivate var isOfWrite: Bool {
        changes || statement.hasPrefix("BEGIN") || statement.contains("FOR ")
    }
}
