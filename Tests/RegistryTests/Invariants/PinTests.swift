// I5: nothing is signed that could vanish, and nobody goes back: the pin decides, or the service halts.

import Cryptography
import Database
import Glibc
import Governance
import Registry
import TestSupport
import Testing
import TransparencyLog

@Suite struct `I5: never sign what could vanish, never go back` {
    /// What a halted instance does and does not do.
    private func expectHalted(
        _ service: TestService, _ code: HaltReason.Code, evidence: String,
        _ version: TestVersion, _ team: TestTeam, proves known: LoggedEntry?
    ) async throws {
        let reason = try #require(service.registry.halt.reason)
        #expect(reason.code == code)
        #expect(reason.evidence.contains(evidence), "\(reason.evidence)")
        guard case .halted(reason) = await service.registry.readiness() else {
            Issue.record("ready")
            return
        }
        let before = try await service.contents()
        #expect(
            try await service.refusal {
                try await service.registry.suspend(
                    version.reference, reason: "r", service.request(team.owner))
            } == "log-halted")
        for dryRun in [false, true] {
            do {
                _ = try await service.deploy(version, by: team.deployer, dryRun: dryRun)
                Issue.record("the gate answered")
            } catch let refusal as Refusal {
                #expect(refusal.kind == .halted)
                #expect(refusal.message.contains(evidence))
            }
        }
        try await Task.sleep(for: .milliseconds(300))
        #expect(try await service.contents() == before)
        guard let known else { return }
        let receipt = try await service.registry.follower.makeReceipt(for: known.id)
        #expect(try service.isVerified(receipt, of: known.bytes))
    }

    /// A service with a version that may be deployed, stopped, and an early entry of its log.
    private func prepare(
        _ service: TestService
    ) async throws -> (team: TestTeam, version: TestVersion, early: LoggedEntry) {
        let team = try await service.makeTeam()
        let version = try await service.makeApproved(team)
        try await service.settled()
        let early = try await service.logged()[4]
        return (team, version, early)
    }

    private func more(_ service: TestService, _ team: TestTeam, _ count: Int = 3) async throws {
        for number in 0..<count {
            _ = try await service.submit(by: team.owner, "credit/more", seed: "\(number)")
        }
        try await service.settled()
    }

    @Test func `an older database halts`() async throws {
        try await TestService.with { service in
            let (team, version, early) = try await prepare(service)
            await service.stop()
            try await service.withCopy { copy in
                try await TestService.opened(service.scratch, service.directory, service.clock) {
                    try await more($0, team)
                }
                try await TestService.opened(copy, service.directory, service.clock) {
                    try await expectHalted(
                        $0, .databaseOlder, evidence: "the pin has size", version, team,
                        proves: early)
                }
            }
        }
    }

    @Test func `a forked database halts`() async throws {
        try await TestService.with { service in
            let (team, version, early) = try await prepare(service)
            await service.stop()
            let pin = try #require(try service.node.pin.note)
            try await service.withCopy { copy in
                try await TestService.opened(service.scratch, service.directory, service.clock) {
                    try await more($0, team, 4)
                }
                // The copy has its own life under the pin of the time of copying …
                try service.node.pin.write(pin)
                try await TestService.opened(copy, service.directory, service.clock) {
                    #expect($0.registry.halt.reason == nil)
                    try await more($0, team, 1)
                }
                // … and the longer original does not continue it.
                try await TestService.opened(service.scratch, service.directory, service.clock) {
                    try await expectHalted(
                        $0, .forked, evidence: "root", version, team, proves: early)
                }
            }
        }
    }

    @Test func `a missing pin beside a log halts`() async throws {
        try await TestService.with { service in
            let (team, version, early) = try await prepare(service)
            await service.stop()
            try service.movePin(to: ".away")
            try await TestService.opened(service.scratch, service.directory, service.clock) {
                try await expectHalted(
                    $0, .pinMissing, evidence: service.node.pin.path, version, team, proves: early)
            }
        }
    }

    @Test(arguments: ["", "garbage", "truncated", "other key", "other origin", "folder"])
    func `a pin that is not this log's checkpoint halts`(fault: String) async throws {
        try await TestService.with { service in
            let (team, version, early) = try await prepare(service)
            await service.stop()
            let path = service.node.pin.path
            let note = try File.read(path, limit: 1 << 20)
            let published = try #require(service.registry.follower.snapshot.published).checkpoint
            let name = try #require(KeyName(service.origin))
            let stranger = try NoteSigner(name: name, key: PrivateKey.generate(.ed25519))
            switch fault {
            case "truncated": try service.node.pin.write(Array(note.dropLast(20)))
            case "other key": try service.node.pin.write(published.signed(by: [stranger]).bytes)
            case "other origin":
                let own = try NoteSigner(name: name, key: KeyFile.load(service.directory.logKey))
                let other = try Checkpoint(
                    origin: "other.example/log", size: published.size, root: published.root)
                try service.node.pin.write(other.signed(by: [own]).bytes)
            case "folder":
                try service.movePin(to: ".away")
                try File.makeFolder(path)
            default: try service.node.pin.write(Array(fault.utf8))
            }
            try await TestService.opened(service.scratch, service.directory, service.clock) {
                try await expectHalted(
                    $0, .pinUnreadable, evidence: path, version, team, proves: early)
            }
        }
    }

    /// What an insider can do to a log at rest, and what it is called.
    static let tamperings: [(statement: String, code: HaltReason.Code)] = [
        ("UPDATE audit.tile SET hashes = sha256('x') || substring(hashes FROM 33)", .forked),
        ("DELETE FROM audit.tile", .inconsistent),
        ("UPDATE audit.head SET chain = sha256('x')", .inconsistent),
        ("UPDATE audit.head SET origin = 'other.example/log'", .inconsistent),
        ("DELETE FROM audit.head", .inconsistent),
        ("DELETE FROM audit.leaf WHERE index = (SELECT max(index) FROM audit.leaf)", .inconsistent),
        ("DELETE FROM audit.leaf WHERE index = 3", .inconsistent),
        (
            "DELETE FROM audit.entry WHERE id = (SELECT entry_id FROM audit.leaf WHERE index = 3)",
            .inconsistent
        ),
        (
            """
            UPDATE audit.entry SET bytes = overlay(bytes PLACING 'x' FROM 40)
            WHERE id = (SELECT entry_id FROM audit.leaf WHERE index = 5)
            """, .inconsistent
        ),
        (
            """
            UPDATE audit.leaf a SET entry_id = b.entry_id + 1000000 * (a.index - b.index)
            FROM audit.leaf b WHERE a.index = 6 AND b.index = 7
            """, .inconsistent
        ),
        ("UPDATE audit.checkpoint SET note = 'nothing'", .inconsistent),
        ("DELETE FROM audit.checkpoint", .databaseOlder),
        (
            "DELETE FROM audit.checkpoint WHERE size > (SELECT min(size) FROM audit.checkpoint)",
            .databaseOlder
        ),
    ]

    @Test(arguments: tamperings.indices)
    func `a log that was edited while nobody looked halts`(index: Int) async throws {
        let (statement, code) = Self.tamperings[index]
        try await TestService.with { service in
            let (team, version, _) = try await prepare(service)
            await service.stop()
            try await service.sabotage([statement])
            try await TestService.opened(service.scratch, service.directory, service.clock) {
                try await expectHalted($0, code, evidence: "", version, team, proves: nil)
            }
        }
    }

    @Test(arguments: [
        "UPDATE audit.head SET size = size - 1", "UPDATE audit.head SET compact = sha256('x')",
    ])
    func `a head that is no head refuses to start`(statement: String) async throws {
        try await TestService.with { service in
            _ = try await prepare(service)
            await service.stop()
            try await service.sabotage([statement])
            await #expect(throws: DatabaseError.self) {
                try await TestService.opened(service.scratch, service.directory, service.clock) {
                    _ in
                }
            }
        }
    }

    @Test(arguments: [
        "UPDATE audit.tile SET hashes = sha256('x') || substring(hashes FROM 33)",
        """
        UPDATE audit.head SET size = earlier.size, epoch = audit.head.epoch,
            compact = (SELECT compact FROM audit.saved), chain = (SELECT chain FROM audit.saved)
        FROM audit.saved earlier
        """,
    ])
    func `a running service halts when the edge of the log is edited`(statement: String)
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            try await service.settled()
            try await service.asSuperuser(["CREATE TABLE audit.saved AS SELECT * FROM audit.head"])
            let version = try await service.makeApproved(team)
            try await service.settled()
            try await service.sabotage([statement])
            // The next batch meets it: the write is not acknowledged with a receipt.
            let outcome = try? await service.registry.suspend(
                version.reference, reason: "r", service.request(team.owner))
            #expect(outcome?.receipt == nil)
            #expect(try await service.eventually { service.registry.halt.reason != nil })
            try await expectHalted(
                service, .inconsistent, evidence: "", version, team, proves: nil)
        }
    }

    @Test func `nothing is shown before it is pinned, and the pin is never ahead`() async throws {
        try await TestService.with { service in
            let (team, version, _) = try await prepare(service)
            let pinned = { () -> Int64 in
                let note = try #require(try service.node.pin.note)
                return try Checkpoint(parsing: SignedNote(parsing: note).text).size
            }
            let stored = { () -> Int64 in
                try await service.registry.database.read { db in
                    try db.one("SELECT max(size) FROM audit.checkpoint", as: Int64.self)
                }
            }
            let before = try pinned()
            #expect(try await before == stored())
            // Between storing and pinning the process is as good as dead: the pin's folder is gone.
            try service.movePinFolder(to: ".away")
            let outcome = try await service.registry.suspend(
                version.reference, reason: "r", service.request(team.owner))
            #expect(outcome.receipt == nil)
            #expect(try await service.eventually { try await stored() > before })
            #expect(service.registry.follower.snapshot.published?.checkpoint.size == before)
            try service.movePinFolder(from: ".away")
            #expect(try pinned() == before)
            let receipt = try await service.registry.follower.receipt(
                for: outcome.recorded, timeout: .seconds(5))
            #expect(try service.isVerified(receipt, of: outcome.recorded.bytes))
            #expect(try await pinned() == stored())
        }
    }

    @Test func `a crash between storing a checkpoint and pinning it is caught up`() async throws {
        try await TestService.with { service in
            let (team, _, _) = try await prepare(service)
            let earlier = try #require(try service.node.pin.note)
            try await more(service, team, 1)
            await service.stop()
            try service.node.pin.write(earlier)
            try await TestService.opened(service.scratch, service.directory, service.clock) {
                again in
                try await again.settled()
                #expect(again.registry.halt.reason == nil)
                let note = try #require(again.registry.follower.snapshot.published?.note)
                #expect(
                    try await again.eventually { try again.node.pin.note == note })
            }
        }
    }

    @Test func `a checkpoint whose row a crash took is stored again, and is the same`() async throws
    {
        try await TestService.with { service in
            let (team, _, _) = try await prepare(service)
            try await more(service, team, 2)
            try await service.settled()
            let pinned = try #require(try service.node.pin.note)
            await service.stop()
            try await service.sabotage([
                """
                DELETE FROM audit.checkpoint
                WHERE size = (SELECT max(size) FROM audit.checkpoint)
                """
            ])
            try await TestService.opened(service.scratch, service.directory, service.clock) {
                again in
                #expect(again.registry.halt.reason == nil)
                let stored = try await again.registry.database.read { db in
                    try db.one(
                        "SELECT note FROM audit.checkpoint WHERE note = \(pinned)", as: [UInt8].self
                    )
                }
                #expect(stored == pinned)
                try await again.settled()
                #expect(again.registry.halt.reason == nil)
            }
        }
    }

    @Test func `a running service waits for a lost checkpoint, and not for long`() async throws {
        try await TestService.with { service in
            _ = try await prepare(service)
            try await service.settled()
            let last = "size = (SELECT max(size) FROM audit.checkpoint)"
            try await service.sabotage(["DELETE FROM audit.checkpoint WHERE \(last)"])
            try await Task.sleep(for: .seconds(1))
            #expect(service.registry.halt.reason == nil)
            // Its leader lives, and has no reason to store it again: then nothing explains it.
            #expect(try await service.eventually { service.registry.halt.reason != nil })
            #expect(service.registry.halt.reason?.code == .databaseOlder)
        }
    }

    @Test func `checkpoints only grow, and each is of the log as it was then`() async throws {
        try await TestService.with { service in
            let (team, _, _) = try await prepare(service)
            try await more(service, team)
            let log = try await service.logged()
            let notes = try await service.registry.database.read { db in
                try db.all("SELECT note FROM audit.checkpoint ORDER BY size", as: [UInt8].self)
            }
            #expect(notes.count > 3)
            let keys = try service.registry.root.logKeys.map { try VerifierKey($0.key) }
            for note in notes {
                let opened = Checkpoint.open(note, origin: service.origin, logKeys: keys)
                let checkpoint = try #require(opened.checkpoint?.checkpoint)
                let leaves = log.prefix(Int(checkpoint.size)).map {
                    MerkleTree.leafHash(of: $0.bytes)
                }
                #expect(MerkleTree.root(of: leaves) == checkpoint.root)
            }
        }
    }

    @Test func `init refuses where something exists`() async throws {
        try await TestService.with { service in
            await service.stop()
            let clock = service.clock
            func refuses(_ path: String, _ edit: (inout Initialisation) -> Void = { _ in }) async {
                var initialisation = Initialisation(
                    directory: DataDirectory(path: path), clock: { clock.now })
                initialisation.access = service.access
                edit(&initialisation)
                await #expect(throws: InitialisationError.self) { try await initialisation.run() }
            }
            let before = try await service.contents()
            await refuses(service.directory.path)
            await refuses(service.directory.path + "-new") { $0.pin = service.node.pin.path }
            // A new directory and pin, but the database holds a log.
            await refuses(service.directory.path + "-other")
            #expect(try await service.contents() == before)
        }
    }
}

extension TestService {
    /// Moves the pin away.
    func movePin(to suffix: String) throws {
        guard rename(node.pin.path, node.pin.path + suffix) == 0 else {
            throw TestFailure("rename")
        }
    }

    /// Moves the pin's folder away, so that no pin can be written.
    func movePinFolder(to suffix: String) throws {
        let folder = try pinFolder
        guard rename(folder, folder + suffix) == 0 else { throw TestFailure("rename") }
    }

    /// Moves it back.
    func movePinFolder(from suffix: String) throws {
        let folder = try pinFolder
        guard rename(folder + suffix, folder) == 0 else { throw TestFailure("rename") }
    }

    private var pinFolder: String {
        get throws {
            guard let folder = File.folder(of: node.pin.path) else { throw TestFailure("pin") }
            return folder
        }
    }
}
