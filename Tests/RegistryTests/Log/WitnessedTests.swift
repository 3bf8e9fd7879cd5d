import Attestation
import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing
import TransparencyLog

@Suite struct `A log with witnesses` {
    /// A service whose root names these witnesses, started with a way to them.
    private func with(
        _ witnesses: TestWitnesses, _ policy: String,
        _ body: (TestService, TestService) async throws -> Void
    ) async throws {
        try await TestService.with { service in
            try await service.settled()
            let root = service.registry.root
            witnesses.know(
                WitnessedLog(
                    origin: root.origin, keys: try root.logKeys.map { try VerifierKey($0.key) }))
            var draft = TrustRoot.Draft(
                origin: root.origin, development: true, issuedAt: root.issuedAt,
                expiresAt: root.expiresAt, custodians: root.custodians, threshold: 1,
                logKeys: root.logKeys, permitKeys: root.permitKeys, serviceKeys: root.serviceKeys)
            draft.version = 2
            draft.witnessPolicy = policy
            let clock = service.clock
            _ = try await RootInstallation(
                directory: service.directory, access: service.access, clock: { clock.now }
            ).run(
                Envelope.sign(
                    draft.payload, type: TrustRoot.payloadType, with: [service.custodian]))
            #expect(try await service.eventually { service.registry.root.version == 2 })
            try await service.settled()
            await service.stop()
            try await TestWitnesses.$current.withValue(witnesses) {
                try await TestService.opened(service.scratch, service.directory, service.clock) {
                    try await body($0, service)
                }
            }
        }
    }

    private func reopened(
        _ service: TestService, _ scratch: ScratchDatabase? = nil,
        _ body: (TestService) async throws -> Void
    ) async throws {
        try await TestService.opened(
            scratch ?? service.scratch, service.directory, service.clock, body)
    }

    @Test func `a checkpoint gets the cosignatures that its policy asks for`() async throws {
        let witnesses = try TestWitnesses(["a.example", "b.example", "c.example"])
        witnesses.set(away: true, 2)
        let text = witnesses.policy(threshold: 2, "#operators 2")
        try await with(witnesses, text) { service, _ in
            _ = try await service.enrol([.owner])
            try await service.settled()
            let size = service.registry.follower.snapshot.fold.size
            #expect(
                try await service.eventually {
                    service.registry.follower.snapshot.cosigned?.checkpoint.size == size
                })
            let served = try #require(service.registry.follower.served)
            let policy = try WitnessPolicy(parsing: Array(text.utf8))
            let keys = try service.registry.root.logKeys.map { try VerifierKey($0.key) }
            let note = try SignedNote(parsing: served.note)
                .open(with: keys + policy.witnessKeys).note
            #expect(policy.isSatisfied(by: try #require(note)))
            // So does a receipt, for whoever asks for that many.
            let entry = try #require(try await service.logged().last)
            let receipt = try #require(
                try await service.registry.follower.makeReceipt(for: entry.id))
            #expect(
                receipt.verify(
                    leafHash: MerkleTree.leafHash(of: entry.bytes), origin: service.origin,
                    logKeys: keys, policy: policy
                ).proof != nil)
            let stored = try await service.registry.database.read { db in
                try db.one(
                    "SELECT count(*) FROM audit.cosignature WHERE size = \(size)", as: Int64.self)
            }
            #expect(stored == 2)
            #expect(witnesses.seen(0).size == size)
        }
    }

    @Test func `closed, receipts wait for witnesses and writes do not`() async throws {
        let witnesses = try TestWitnesses(["a.example"])
        let text = witnesses.policy(threshold: 1, "#on-failure closed")
        try await with(witnesses, text) { service, _ in
            _ = try await service.enrol([.owner])
            #expect(
                try await service.eventually {
                    service.registry.follower.snapshot.published != nil
                })
            witnesses.set(away: true, 0)
            let before = try #require(service.registry.follower.served).checkpoint.size
            let asAdministrator = service.request(service.administrator)
            let issued = try await service.registry.issueToken(
                for: service.administrator.principal, days: 1, asAdministrator)
            #expect(issued.outcome.receipt == nil)
            try await service.settled()
            #expect(service.registry.follower.served?.checkpoint.size == before)
            witnesses.set(away: false, 0)
            let receipt = try await service.registry.follower.receipt(
                for: issued.outcome.recorded, timeout: .seconds(8))
            #expect(try service.isVerified(receipt, of: issued.outcome.recorded.bytes))
        }
    }

    @Test func `open, receipts are released without witnesses`() async throws {
        let witnesses = try TestWitnesses(["a.example"])
        witnesses.set(away: true, 0)
        try await with(witnesses, witnesses.policy(threshold: 1)) { service, _ in
            let issued = try await service.registry.issueToken(
                for: service.administrator.principal, days: 1,
                service.request(service.administrator))
            #expect(issued.outcome.receipt != nil)
            #expect(service.registry.follower.snapshot.cosigned == nil)
        }
    }

    @Test func `an older database under an older pin is told apart by a witness`() async throws {
        let witnesses = try TestWitnesses(["a.example"])
        try await with(witnesses, witnesses.policy(threshold: 1)) { service, original in
            try await service.settled()
            await service.stop()
            let pin = try #require(try service.node.pin.note)
            try await service.withCopy { copy in
                try await reopened(original) { again in
                    _ = try await again.enrol([.owner])
                    try await again.settled()
                    let size = again.registry.follower.snapshot.fold.size
                    #expect(try await again.eventually { witnesses.seen(0).size == size })
                }
                // Database and pin are set back together, as one backup would.
                try service.node.pin.write(pin)
                try await reopened(original, copy) {
                    #expect($0.registry.halt.reason?.code == .databaseOlder)
                    #expect($0.registry.halt.reason?.evidence.contains("a.example") == true)
                }
            }
        }
    }

    @Test func `a witness that saw another tree halts, at the start and while serving`()
        async throws
    {
        let witnesses = try TestWitnesses(["a.example"])
        try await with(witnesses, witnesses.policy(threshold: 1)) { service, original in
            try await service.settled()
            witnesses.see(WitnessState(size: 3, root: SHA256.hash([])), 0)
            _ = try? await service.enrol([.owner])
            #expect(
                try await service.eventually { service.registry.halt.reason?.code == .forked })
            await service.stop()
            try await reopened(original) {
                #expect($0.registry.halt.reason?.code == .forked)
                #expect($0.registry.halt.reason?.evidence.contains("w0") == true)
            }
        }
    }

    @Test(arguments: [true, false])
    func `a lost pin is made anew only from what enough witnesses confirm`(confirmed: Bool)
        async throws
    {
        let witnesses = try TestWitnesses(["a.example", "b.example"])
        try await with(witnesses, witnesses.policy(threshold: 2)) { service, original in
            try await service.settled()
            await service.stop()
            witnesses.set(away: !confirmed, 1)
            try service.movePin(to: ".away")
            try await reopened(original) {
                if confirmed {
                    #expect($0.registry.halt.reason == nil)
                } else {
                    #expect($0.registry.halt.reason?.code == .pinMissing)
                }
            }
            #expect(File.exists(service.node.pin.path) == confirmed)
        }
    }

    @Test func `witnesses of one operator count once, and one's own for none`() throws {
        let witnesses = try TestWitnesses(["a.example", "b.example", "localhost"])
        let name = try #require(KeyName("example.com/log"))
        let signer = try NoteSigner(name: name, key: PrivateKey.generate(.ed25519))
        var note = try Checkpoint(
            origin: "example.com/log", size: 1, root: SHA256.hash([])
        ).signed(by: [signer])
        for member in witnesses.members {
            try note.append(member.cosigner.cosign(note.text, timestampSeconds: 1_800_000_000))
        }
        func judge(_ lines: String...) throws -> WitnessRules.Verdict {
            let policy = (lines + [witnesses.policy(threshold: 3)]).joined(separator: "\n")
            return try WitnessRules(policy).judge(note, logKeys: [signer.verifierKey])
        }
        let plain = try judge("#operators 2")
        #expect(plain.isSatisfied && plain.operators == ["a.example", "b.example"])
        #expect(plain.selfWitnessed == ["w2"])
        let same = try judge("#operators 2", "#operator w0 One", "#operator w1 One")
        #expect(!same.isSatisfied && same.operators == ["One"])
        let own = try judge(
            "#operators 1", "#operator w0 We", "#operator w1 We", "#operator log We")
        #expect(!own.isSatisfied && own.selfWitnessed == ["w0", "w1", "w2"])
        #expect(throws: WitnessPolicyError.self) { try judge("#operators many") }
        #expect(throws: WitnessPolicyError.self) { try judge("#on-failure perhaps") }
    }
}
