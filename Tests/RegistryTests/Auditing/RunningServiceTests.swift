// Audits beside a service that goes on writing.

import Governance
import Registry
import Testing

@Suite struct `Auditing beside a running service` {
    @Test func `each audit sees one moment, and finds it whole`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            let settings = try StoredSettings.read(
                File.read(service.directory.settings, limit: 1 << 20))
            let writers = Task {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 {
                        group.addTask {
                            while !Task.isCancelled {
                                _ = try await service.deploy(
                                    version, by: team.deployer, dryRun: true)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            var last: Int64 = 0
            for _ in 0..<6 {
                let verified = try await Auditing.verify(
                    service.access.migrator, root: service.registry.root,
                    pin: Pin(path: settings.pin))
                #expect(verified.findings.kept.map(\.message) == [])
                #expect(verified.notes == [])
                #expect(verified.verdict == .intact)
                #expect(verified.size > last)
                last = verified.size
                let replayed = try await Auditing.replay(
                    service.access.migrator, root: service.registry.root)
                #expect(replayed.findings.kept.map(\.message) == [])
                try await Task.sleep(for: .milliseconds(50))
            }
            writers.cancel()
            _ = try? await writers.value
        }
    }
}
