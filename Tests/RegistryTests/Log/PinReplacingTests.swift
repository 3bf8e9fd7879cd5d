import Cryptography
import Database
import Foundation
import Glibc
import Governance
import Registry
import TestSupport
import Testing
import TransparencyLog

@Suite struct `A pin that several processes share` {
    private struct Place {
        let pin: Pin
        let signer: NoteSigner
        let origin = "example.com/log"

        init() throws {
            let folder = try TestCluster.temporaryDirectory()
            pin = Pin(path: folder + "/checkpoint")
            let name = try #require(KeyName(origin))
            signer = try NoteSigner(name: name, key: PrivateKey.generate(.ed25519))
        }

        func checkpoint(_ size: Int64, _ content: String = "") throws -> Checkpoint {
            try Checkpoint(
                origin: origin, size: size, root: SHA256.hash(Array("\(size)\(content)".utf8)))
        }

        func advance(_ checkpoint: Checkpoint, from known: Checkpoint?) throws -> Pin.Advance {
            try pin.advance(
                to: note(checkpoint), checkpoint, from: known.map { try note($0) }, open: open)
        }

        func note(_ checkpoint: Checkpoint) throws -> [UInt8] {
            try checkpoint.signed(by: [signer]).bytes
        }

        func open(_ note: [UInt8]) -> Checkpoint? {
            Checkpoint.open(note, origin: origin, logKeys: [signer.verifierKey]).checkpoint?
                .checkpoint
        }

        var pinned: Checkpoint? { (try? pin.read(by: open))?.checkpoint }
    }

    @Test func `only grows, and only from what was compared`() throws {
        let place = try Place()
        let (one, two, three) = (
            try place.checkpoint(1), try place.checkpoint(2), try place.checkpoint(3)
        )
        #expect(try place.advance(one, from: nil) == .missing)
        #expect(place.pinned == nil)
        try place.pin.write(place.note(one))
        #expect(try place.advance(two, from: one) == .done)
        #expect(place.pinned == two)
        // One that slept goes on from where it was.
        #expect(try place.advance(two, from: one) == .done)
        #expect(
            try place.advance(three, from: one) == .unknown(two, note: place.note(two)))
        #expect(place.pinned == two)
        #expect(try place.advance(three, from: two) == .done)
        #expect(try place.advance(two, from: one) == .isAhead(three))
        #expect(try place.advance(two, from: three) == .isAhead(three))
        #expect(place.pinned == three)
        let other = try place.checkpoint(3, "other")
        #expect(try place.advance(other, from: three) == .contradicts(three))
        #expect(place.pinned == three)
        try place.pin.write(Array("no note".utf8))
        #expect(try place.advance(place.checkpoint(4), from: three) == .unreadable)
    }

    @Test func `whatever a crash leaves of the note being written, the one before counts`()
        throws
    {
        let place = try Place()
        let notes = try (1...4).map { try place.checkpoint(Int64($0)) }
        try place.pin.write(place.note(notes[0]))
        for (before, next) in zip(notes, notes.dropFirst()) {
            let files = [place.pin.path, place.pin.alternate]
            let old = try files.map { try File.readIfPresent($0, limit: 1 << 20) ?? [] }
            #expect(try place.advance(next, from: before) == .done)
            let new = try files.map { try File.read($0, limit: 1 << 20) }
            // One of the two was written, and never the one that held the newest note.
            let written = try #require(files.indices.first { old[$0] != new[$0] })
            #expect(old[1 - written] == new[1 - written])
            #expect(try new[1 - written] == place.note(before))
            for length in [0, 1, new[written].count / 2, new[written].count - 1] {
                let torn = new[written].prefix(length) + old[written].dropFirst(length)
                // The rest may be the same in both.
                guard Array(torn) != new[written] else { continue }
                try Data(torn).write(to: URL(filePath: files[written]))
                let pinned = try #require(place.pinned)
                #expect(pinned == before, "\(length) bytes of \(next.size)")
            }
            try Data(new[written]).write(to: URL(filePath: files[written]))
        }
        // Without the first file there is no pin; without the second it is one step behind.
        try FileManager.default.removeItem(atPath: place.pin.alternate)
        #expect(place.pinned == notes[2])
        try FileManager.default.removeItem(atPath: place.pin.path)
        #expect(place.pinned == nil)
    }

    @Test func `never goes back under many writers`() async throws {
        let place = try Place()
        try place.pin.write(place.note(place.checkpoint(1)))
        let faults = Collected<String>()
        let isDone = Collected<Bool>()
        let reader = Task.detached {
            var last: Int64 = 0
            while isDone.all.isEmpty {
                guard let size = place.pinned?.size, size >= last else {
                    faults.append("\(String(describing: place.pinned)) after \(last)")
                    return
                }
                last = size
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    var known: Checkpoint?
                    for size in stride(from: Int64(writer + 1), through: 120, by: 1) {
                        let next = try place.checkpoint(size)
                        loop: while true {
                            switch try place.advance(next, from: known) {
                            case .done:
                                known = next
                                break loop
                            case .isAhead: break loop
                            case .unknown(let found, _): known = found
                            case let other:
                                faults.append("\(other)")
                                return
                            }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        isDone.append(true)
        await reader.value
        #expect(faults.all == [])
        #expect(place.pinned?.size == 120)
    }

    @Test func `a new log is pinned before it has an entry, and never unpinned after`() async throws
    {
        try await ScratchDatabase.with { scratch in
            let folder = try TestCluster.temporaryDirectory()
            let (directory, clock) = (DataDirectory(path: folder + "/data"), TestClock())
            let service = try await TestService.start(scratch, directory, clock)
            // As `init` left it: a crash between the first batch and the first pin leaves this.
            let path = service.node.pin.path
            try await service.settled()
            await service.stop()
            let keys = try service.registry.root.logKeys.map { try VerifierKey($0.key) }
            let empty = try Checkpoint(
                origin: service.origin, size: 0, root: CompactRange().root)
            let name = try #require(KeyName(service.origin))
            let signer = try NoteSigner(name: name, key: KeyFile.load(directory.logKey))
            try Pin(path: path).write(empty.signed(by: [signer]).bytes)
            let again = try await TestService.open(scratch, directory, clock)
            #expect(again.registry.halt.reason == nil)
            try await again.settled()
            #expect(
                try await again.eventually {
                    let note = try File.read(path, limit: 1 << 20)
                    return note == again.registry.follower.snapshot.published?.note
                })
            await again.stop()
            #expect(!keys.isEmpty)
        }
    }

    @Test func `init leaves a signed pin of the empty log`() async throws {
        try await ScratchDatabase.with { scratch in
            let folder = try TestCluster.temporaryDirectory()
            let clock = TestClock()
            var initialisation = Initialisation(
                directory: DataDirectory(path: folder + "/data"), clock: { clock.now })
            initialisation.access = DatabaseAccess(
                writer: scratch.url(as: .writer), sequencer: scratch.url(as: .sequencer),
                migrator: scratch.url(as: .migrator))
            let made = try await initialisation.run()
            let note = try File.read(made.settings.pin, limit: 1 << 20)
            let checkpoint = try Checkpoint(parsing: SignedNote(parsing: note).text)
            #expect(checkpoint.size == 0 && checkpoint.root == CompactRange().root)
        }
    }

    @Test func `a pin that is taken away while the log is served halts`() async throws {
        try await TestService.with { service in
            try await service.settled()
            unlink(service.node.pin.path)
            _ = try? await service.enrol([.owner])
            #expect(
                try await service.eventually {
                    service.registry.halt.reason?.code == .pinMissing
                })
        }
    }

    @Test(arguments: [false, true])
    func `what another process pinned is compared before it is replaced`(isForged: Bool)
        async throws
    {
        try await TestService.with { service in
            _ = try await service.enrol([.owner])
            try await service.settled()
            let name = try #require(KeyName(service.origin))
            let signer = try NoteSigner(name: name, key: KeyFile.load(service.directory.logKey))
            let leaves = try await service.logged().prefix(4).map {
                MerkleTree.leafHash(of: $0.bytes)
            }
            let root = isForged ? SHA256.hash([]) : MerkleTree.root(of: Array(leaves))
            let other = try Checkpoint(origin: service.origin, size: 4, root: root)
            try service.node.pin.write(other.signed(by: [signer]).bytes)
            _ = try? await service.enrol([.owner])
            if isForged {
                #expect(
                    try await service.eventually {
                        service.registry.halt.reason?.code == .forked
                    })
            } else {
                try await service.settled()
                #expect(service.registry.halt.reason == nil)
            }
        }
    }
}
