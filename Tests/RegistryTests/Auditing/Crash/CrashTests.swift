// A crash at every statement of sequencer and publisher: afterwards the log is intact, and nothing that
// was acknowledged is lost.

import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing
import TransparencyLog

@Suite(.serialized) struct `A sequencer cut off at any statement` {
    @Test func `loses nothing that was acknowledged and leaves the log intact`() async throws {
        try await ScratchDatabase.with { scratch in
            let folder = try TestCluster.temporaryDirectory()
            let directory = DataDirectory(path: folder + "/data")
            let first = try await TestService.start(scratch, directory, TestClock())
            await first.stop()
            let wire = try CutWire(
                to: scratch.url(as: .sequencer), in: try TestCluster.temporaryDirectory())
            defer { wire.close() }
            let service = try await TestService.open(
                scratch, directory, first.clock,
                sequencer: wire.through(scratch.url(as: .sequencer)))
            var acknowledged: [Registry.Outcome] = []
            for _ in 0..<3 { acknowledged.append(try await Self.write(service)) }

            var ledger = CutLedger()
            var number = 0
            // Recovering meets points of its own: they join the list while it is worked through.
            while number < wire.points.count {
                let point = wire.points[number]
                number += 1
                for cut in Cut.allCases {
                    acknowledged += try await Self.provoke(point, cut, wire, service)
                    ledger.take(point, cut, isMet: wire.isSpent)
                    wire.arm([])
                    #expect(service.registry.halt.reason == nil, "\(cut) \(point)")
                }
            }
            #expect(ledger.cuts >= 30, "\(ledger.cuts) cuts at \(wire.points.count) points")
            #expect(ledger.missed == [])

            for outcome in acknowledged {
                #expect(
                    try await service.registry.follower.makeReceipt(for: outcome.recorded.entryID)
                        != nil)
            }
            await service.stop()
            let pin = Pin(
                path: try StoredSettings.read(File.read(directory.settings, limit: 1 << 20)).pin)
            let url = scratch.url(as: .migrator)
            let report = try await Auditing.verify(url, root: service.registry.root, pin: pin)
            #expect(report.findings.kept.map(\.message) == [])
            #expect(report.verdict == .intact && report.pendingChecked == 0)
            let replay = try await Auditing.replay(url, root: service.registry.root)
            #expect(replay.isEqual)
            let stored = try await service.scratchLeaves()
            #expect(stored.count == Set(stored).count)
            for outcome in acknowledged {
                #expect(stored.contains(MerkleTree.leafHash(of: outcome.recorded.bytes)))
            }
        }
    }

    /// A write that is answered, whatever the sequencer is at.
    private static func write(_ service: TestService) async throws -> Registry.Outcome {
        let registry = service.registry
        let issued = try await registry.issueToken(
            for: service.administrator.principal, days: 1, service.request(service.administrator))
        return issued.outcome
    }

    /// Brings the service to a point at which the wire is cut, and waits for it to recover.
    private static func provoke(
        _ point: FaultPoint, _ cut: Cut, _ wire: CutWire, _ service: TestService
    ) async throws -> [Registry.Outcome] {
        var outcomes: [Registry.Outcome] = []
        // By a write; by a new election; by an election that finds what nobody published.
        let publishing = wire.points.first {
            $0.statement.contains("INSERT INTO audit.checkpoint") && !$0.before.contains("SELECT")
        }
        let preludes: [[(FaultPoint, Cut)]] = [[], [], publishing.map { [($0, .before)] } ?? []]
        for (number, prelude) in preludes.enumerated() {
            wire.arm(prelude + [(point, cut)])
            if number == 1 { wire.cutAll() }
            let outcome = try await write(service)
            outcomes.append(outcome)
            try await published(outcome, service)
            // What it does when nothing happens, too.
            for _ in 0..<25 where !wire.isSpent { try await Task.sleep(for: .milliseconds(20)) }
            if wire.isSpent { break }
        }
        return outcomes
    }

    private static func published(
        _ outcome: Registry.Outcome, _ service: TestService
    ) async throws {
        if outcome.receipt != nil { return }
        for _ in 0..<500 {
            let id = outcome.recorded.entryID
            if try await service.registry.follower.makeReceipt(for: id) != nil { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("entry \(outcome.recorded.entryID) was never published")
    }
}

extension TestService {
    /// All leaf hashes, in order.
    fileprivate func scratchLeaves() async throws -> [SHA256Digest] {
        let database = scratch.superuser()
        let leaves = try await database.read { db in
            try db.all("SELECT leaf_hash FROM audit.leaf ORDER BY index", as: [UInt8].self)
        }
        await database.closeIdle()
        return leaves.compactMap { SHA256Digest(bytes: $0) }
    }
}
