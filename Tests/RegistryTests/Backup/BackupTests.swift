// Backups: what is in them, that they restore whole, and that a restored copy never signs what was signed
// otherwise.

import Attestation
import CanonicalJSON
import Cryptography
import Database
import Foundation
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `A backup` {
    private func make(_ service: TestService, _ name: String = "backup") async throws -> String {
        let target = service.directory.path + ".\(name)"
        let clock = service.clock
        let backup = BackingUp(
            directory: service.directory, access: service.access, target: target,
            clock: { clock.now })
        _ = try await backup.run()
        return target
    }

    private func access(_ scratch: ScratchDatabase) -> DatabaseAccess {
        DatabaseAccess(
            writer: scratch.url(as: .writer), sequencer: scratch.url(as: .sequencer),
            migrator: scratch.url(as: .migrator))
    }

    /// A restoration into an empty database, with the keys that backups leave out.
    private func restoring(
        _ source: String, _ service: TestService, _ scratch: ScratchDatabase,
        pin: String? = nil, to name: String = "restored"
    ) -> Restoring {
        var restoring = Restoring(
            source: source, directory: DataDirectory(path: service.directory.path + "." + name))
        restoring.keys = service.directory.keys
        restoring.pin = pin
        restoring.access = access(scratch)
        return restoring
    }

    /// The development credentials that the harness signs with are in no backup.
    private func lendCredentials(_ service: TestService, to directory: DataDirectory) throws {
        try FileManager.default.copyItem(
            atPath: service.directory.credentials, toPath: directory.credentials)
    }

    @Test func `that is the newest goes on where the service stopped`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            try await service.settled()
            let commitment = try service.commitment(of: team.owner)
            await service.stop()
            let backup = try await make(service)
            try await ScratchDatabase.with { scratch in
                let restoring = self.restoring(backup, service, scratch)
                let report = try await restoring.run()
                #expect(report.halt == nil)
                #expect(report.missingKeys == [])
                #expect(report.opensPersonalValues == true)
                try lendCredentials(service, to: restoring.directory)
                try await TestService.opened(scratch, restoring.directory, service.clock) { again in
                    #expect(again.registry.halt.reason == nil)
                    #expect(try await again.deploy(version, by: team.deployer).verdict == "allow")
                    #expect(try await again.revealed([commitment]).count == 1)
                    try await again.expectWhole()
                }
            }
        }
    }

    @Test func `that is older than the pin starts halted, and signs nothing`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            try await service.settled()
            let backup = try await make(service)
            try await service.submit(by: team.owner)
            try await service.settled()
            await service.stop()
            let pinned = try #require(try service.node.pin.note)
            try await ScratchDatabase.with { scratch in
                let restoring = self.restoring(backup, service, scratch)
                let report = try await restoring.run()
                #expect(report.halt?.code == .databaseOlder)
                try lendCredentials(service, to: restoring.directory)
                try await TestService.opened(scratch, restoring.directory, service.clock) { again in
                    #expect(again.registry.halt.reason?.code == .databaseOlder)
                    let refusal = try await again.refusal {
                        try await again.registry.issueToken(
                            for: team.owner.principal, days: 1, again.request(team.owner))
                    }
                    #expect(refusal == "log-halted")
                }
                #expect(try service.node.pin.note == pinned)
            }
        }
    }

    @Test func `without any pin starts halted too`() async throws {
        try await TestService.with { service in
            try await service.settled()
            let backup = try await make(service)
            try await ScratchDatabase.with { scratch in
                let nowhere = service.directory.path + ".nowhere/checkpoint"
                let report = try await restoring(backup, service, scratch, pin: nowhere).run()
                #expect(report.halt?.code == .pinMissing)
                #expect(!File.exists(nowhere))
            }
        }
    }

    @Test func `from before an erasure restores the pseudonyms, and opens no personal value`()
        async throws
    {
        try await TestService.with { service in
            let officers = try await service.makeOfficers()
            let (gone, stays) = try await (service.enrol([]), service.enrol([]))
            try await service.settled()
            let commitments = try [gone, stays].map(service.commitment(of:))
            let old = try await make(service, "old")
            try await service.erase(.principal(gone.principal), by: officers)
            try await service.settled()
            let new = try await make(service, "new")
            await service.stop()
            for (source, opens) in [(old, false), (new, true)] {
                try await ScratchDatabase.with { scratch in
                    let name = "restored-\(opens)"
                    let restoring = self.restoring(source, service, scratch, to: name)
                    let report = try await restoring.run()
                    #expect(report.opensPersonalValues == opens)
                    #expect((report.halt == nil) == opens)
                    let vault = Vault(
                        keys: try KeyEncryptionKeys(path: restoring.directory.keyEncryptionKey))
                    let database = scratch.database(as: .writer)
                    let seen = try await database.read { try vault.reveal(commitments, $0) }
                    #expect(seen.keys.sorted() == (opens ? [commitments[1]] : []))
                    await database.closeIdle()
                    // The proofs are whole either way.
                    let replayed = try await Auditing.replay(
                        scratch.url(as: .migrator), root: service.registry.root)
                    #expect(replayed.isEqual, "\(replayed.findings.kept)")
                }
            }
        }
    }

    @Test func `holds neither the log's key nor the key-encryption key, unless told`()
        async throws
    {
        try await TestService.with { service in
            try await service.settled()
            let backup = try await make(service)
            let secrets = try [service.directory.logKey, service.directory.keyEncryptionKey].map {
                try KeyFile.secret($0)
            }
            func everything(_ folder: String) throws -> [UInt8] {
                try FileManager.default.subpathsOfDirectory(atPath: folder)
                    .filter { !File.isFolder("\(folder)/\($0)") }
                    .flatMap { try File.read("\(folder)/\($0)", limit: 1 << 30) }
            }
            let plain = Data(try everything(backup))
            for secret in secrets { #expect(plain.range(of: Data(secret)) == nil) }
            let clock = service.clock
            var told = BackingUp(
                directory: service.directory, access: service.access,
                target: backup + ".told", clock: { clock.now })
            told.includesLogKey = true
            told.keyEncryptionKeyCopy = backup + ".told/kek"
            await #expect(throws: BackupError.self) { _ = try await told.run() }
            told.keyEncryptionKeyCopy = backup + ".kek"
            let manifest = try await told.run()
            #expect(manifest.keys.contains("log"))
            let more = Data(try everything(backup + ".told"))
            #expect(more.range(of: Data(secrets[0])) != nil)
            #expect(more.range(of: Data(secrets[1])) == nil)
            #expect(try KeyFile.secret(backup + ".kek") == secrets[1])
            // A second backup into the same folder would be neither of the two.
            await #expect(throws: BackupError.self) { _ = try await self.make(service) }
        }
    }

    @Test func `that was changed is refused before anything is created`() async throws {
        try await TestService.with { service in
            try await service.settled()
            let good = try await make(service)
            func edited(_ name: String, _ edit: ([UInt8]) throws -> [UInt8]?) throws -> String {
                let copy = good + "." + name.replacingOccurrences(of: "/", with: "-")
                try FileManager.default.copyItem(atPath: good, toPath: copy)
                if let bytes = try edit(File.read("\(copy)/\(name)", limit: 1 << 30)) {
                    try File.replace("\(copy)/\(name)", with: bytes, mode: 0o600)
                } else {
                    try FileManager.default.removeItem(atPath: "\(copy)/\(name)")
                }
                return copy
            }
            let flip: ([UInt8]) -> [UInt8]? = { bytes in
                var bytes = bytes
                bytes[bytes.count / 2] ^= 1
                return bytes
            }
            let stranger = try PrivateKey.generate(.ed25519)
            let forged = try edited("manifest.dsse.json") { bytes in
                let envelope = try Envelope(parsing: bytes)
                return try Envelope.sign(
                    envelope.payload, type: envelope.payloadType, with: [stranger]
                ).canonicalBytes
            }
            let copies = try [
                edited("database.dump", flip), edited("settings.json", flip),
                edited("keys/service.pem") { _ in nil }, forged,
            ]
            try FileManager.default.removeItem(atPath: copies[0] + "/keys/permit.pem")
            for copy in copies {
                try await ScratchDatabase.with { scratch in
                    let restoring = self.restoring(copy, service, scratch)
                    await #expect(throws: (any Error).self, "\(copy)") {
                        _ = try await restoring.run()
                    }
                    #expect(!File.exists(restoring.directory.path))
                }
            }
            // Nor over what exists: a folder with something in it, a database with a log.
            try await ScratchDatabase.with { scratch in
                var restoring = self.restoring(good, service, scratch)
                restoring.directory = service.directory
                await #expect(throws: BackupError.self) { _ = try await restoring.run() }
                restoring.directory = DataDirectory(path: good + ".second")
                restoring.access = service.access
                await #expect(throws: BackupError.self) { _ = try await restoring.run() }
                #expect(!File.exists(restoring.directory.settings))
            }
        }
    }

    @Test func `is proved by a drill, which finds what was wrong in the original`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            _ = try await service.makeApproved(team)
            try await service.settled()
            let good = try await make(service, "good")
            func drill(_ source: String, _ name: String) async throws -> RestoreDrill.Report {
                try await ScratchDatabase.with { scratch in
                    try await RestoreDrill.run(
                        restoring(source, service, scratch),
                        scratch: service.directory.path + "." + name)
                }
            }
            let report = try await drill(good, "drill")
            #expect(report.isWhole, "\(report.verified.findings.kept)")
            #expect(report.verified.verdict == .intact)
            #expect(report.verified.size == report.manifest.size && report.manifest.size > 20)
            #expect(!File.exists(service.directory.path + ".drill"))
            await service.stop()
            try await service.sabotage(["UPDATE registry.version SET state = 'retired'"])
            let bad = try await make(service, "bad")
            let found = try await drill(bad, "drill-two")
            #expect(!found.isWhole)
            #expect(found.replayed.findings.kept.map(\.kind) == [.rowAltered])
        }
    }
}
