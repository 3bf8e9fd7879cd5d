import Attestation
import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing
import TransparencyLog

@Suite struct `A trust root that changes while the log goes on` {
    private func refusal(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "done"
        } catch let error as NodeError {
            return error.description
        } catch let error as TrustRootError {
            return error.problems.joined(separator: "; ")
        } catch {
            return "\(error)"
        }
    }

    private func dated<Key>(_ key: Key, _ root: TrustRoot) -> TrustRoot.Dated<Key> {
        .init(key, from: root.issuedAt, until: root.expiresAt)
    }

    private func logKey(_ service: TestService) throws -> (key: PrivateKey, signer: NoteSigner) {
        let key = try PrivateKey.generate(.ed25519)
        let name = try #require(KeyName(service.origin))
        return (key, try NoteSigner(name: name, key: key))
    }

    private func reopened(
        _ service: TestService, _ body: (TestService) async throws -> Void
    ) async throws {
        try await TestService.opened(service.scratch, service.directory, service.clock, body)
    }

    @Test func `the log key rotates with overlap, and a retired one counts up to its last size`()
        async throws
    {
        try await TestService.with { service in
            try await service.settled()
            let first = service.registry.root
            let old = try NoteSigner(
                name: try #require(KeyName(service.origin)),
                key: KeyFile.load(service.directory.logKey))
            let new = try logKey(service)
            let second = try service.successor(of: first, signedBy: [service.custodian]) {
                $0.logKeys.append(dated(new.signer.verifierKey.text, first))
            }
            try await service.install(second)
            // The running instance takes it over from the log.
            #expect(try await service.eventually { service.registry.root.version == 2 })
            _ = try await service.enrol([.owner])
            try await service.settled()
            await service.stop()
            try File.replace(service.directory.logKey, with: new.key.pem(), mode: 0o600)
            try await reopened(service) { again in
                _ = try await again.enrol([.owner])
                try await again.settled()
                let third = try service.successor(
                    of: again.registry.root, signedBy: [again.custodian]
                ) {
                    $0.logKeys.removeFirst()
                }
                try await again.install(third)
                #expect(try await again.eventually { again.registry.root.version == 3 })
                _ = try await again.enrol([.owner])
                try await again.settled()
                let spans = again.registry.roots.history.logKeySpans
                let changes = try await again.logged().filter {
                    if case .rootChanged = $0.entry.event { true } else { false }
                }
                #expect(changes.count == 2)
                #expect(
                    spans == [
                        .init(
                            vkey: old.verifierKey.text, from: 0, upTo: changes.last?.index),
                        .init(
                            vkey: new.signer.verifierKey.text,
                            from: (changes.first?.index ?? 0) + 1, upTo: nil),
                    ])
            }
            let history = try RootKeeper(service.directory).history
            #expect(history.roots.map(\.version) == [1, 2, 3])
            let report = try await Auditing.verify(
                service.access.migrator, history: history, pin: service.node.pin)
            #expect(report.verdict == .intact, "\(report.findings)")
            let replay = try await Auditing.replay(service.access.migrator, history: history)
            #expect(replay.isEqual)
            // The retired key, stolen: whatever it signs now counts nowhere.
            let head = try await service.registry.database.read { db in
                try db.one(
                    "SELECT size, root FROM audit.checkpoint ORDER BY size DESC LIMIT 1",
                    as: (Int64, [UInt8]).self)
            }
            let root = try #require(SHA256Digest(bytes: head.1))
            let forged = try Checkpoint(origin: service.origin, size: head.0, root: root)
                .signed(by: [old]).bytes
            try await service.sabotage([
                """
                UPDATE audit.checkpoint SET note = '\\x\(Hex.encode(forged))' WHERE size = \(head.0)
                """
            ])
            let again = try await Auditing.verify(
                service.access.migrator, history: history, pin: service.node.pin)
            #expect(again.findings.counts[.checkpointUnsigned] == 1)
            try await reopened(service) {
                #expect($0.registry.halt.reason?.code == .inconsistent)
            }
        }
    }

    @Test func `only what follows is installed`() async throws {
        try await TestService.with { service in
            try await service.settled()
            let root = service.registry.root
            let stranger = try PrivateKey.generate(.ecdsaP256)
            let other = try PrivateKey.generate(.ed25519)
            let before = try await service.logged().count
            for (envelope, word) in [
                (try service.successor(of: root, signedBy: []), "custodians"),
                (
                    try service.successor(of: root, signedBy: [stranger]) {
                        $0.custodians = [stranger.publicKey]
                    }, "custodians before"
                ),
                (
                    try service.successor(of: root, signedBy: [service.custodian]) {
                        $0.custodians = [stranger.publicKey]
                    }, "of its custodians"
                ),
                (
                    try service.successor(of: root, signedBy: [service.custodian]) {
                        $0.version = 1
                        $0.expiresAt = $0.expiresAt.adding(seconds: 1)
                    }, "follow"
                ),
                (
                    try service.successor(of: root, signedBy: [service.custodian]) {
                        $0.serviceKeys = [dated(other.publicKey, root)]
                    }, "service.pem"
                ),
                (
                    try service.successor(of: root, signedBy: [service.custodian]) {
                        $0.logKeys = [dated(try logKey(service).signer.verifierKey.text, root)]
                    }, "log.pem"
                ),
                (
                    try service.successor(of: root, signedBy: [service.custodian]) {
                        $0.expiresAt = root.issuedAt.adding(milliseconds: 1)
                    }, "valid"
                ),
            ] {
                let said = await refusal { try await service.install(envelope) }
                #expect(said.contains(word), "\(said)")
            }
            // The one in force is there already.
            try await service.install(
                Envelope(parsing: File.read(service.directory.root, limit: 1 << 20)))
            try await service.settled()
            #expect(try await service.logged().count == before)
            #expect(service.registry.root.version == 1)
            // Copied into the directory past the log, it is not in force either.
            await service.stop()
            let second = try service.successor(of: root, signedBy: [service.custodian])
            let stored = try File.read(service.directory.root, limit: 1 << 20)
            try File.makeFolder(service.directory.roots)
            try File.create(service.directory.root(version: 1), stored, mode: 0o644)
            try File.replace(service.directory.root, with: second.canonicalBytes, mode: 0o644)
            let said = await refusal { try await reopened(service) { _ in } }
            #expect(said.contains("root.json is version 2"), "\(said)")
        }
    }

    @Test func `custodians rotate; what the old ones signed before stays, and nothing after`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            try await service.settled()
            let next = try PrivateKey.generate(.ecdsaP256)
            let second = try service.successor(
                of: service.registry.root, signedBy: [service.custodian, next]
            ) { $0.custodians = [next.publicKey] }
            try await service.install(second)
            #expect(try await service.eventually { service.registry.root.version == 2 })
            #expect(try await service.deploy(version, by: team.deployer).verdict == "allow")
            // `grant` lets the custodian of the first root sign.
            #expect(
                try await service.refusal {
                    try await service.grant(.validator, to: team.owner)
                } == "assignment-not-entitled")
            try await service.settled()
            let report = try await service.registry.report(
                model: version.reference.model, for: service.administrator.caller)
            for root in service.registry.roots.history.roots {
                // Whoever relies on the first root is led to the second, and the other way round.
                let verdict = ReportCheck.check(
                    report.json, root: root, acceptingDevelopment: true)
                #expect(verdict.holds, "\(root.version): \(verdict.findings)")
            }
            try await service.restarted { again in
                #expect(again.registry.root.version == 2)
                let answer = try await again.deploy(version, by: team.deployer)
                #expect(answer.verdict == "allow", "\(answer.reasons)")
            }
        }
    }

    @Test func `an instance with older files takes the root over from the log`() async throws {
        try await TestService.with { service in
            try await service.settled()
            let old = try File.read(service.directory.root, limit: 1 << 20)
            try await service.install(
                service.successor(of: service.registry.root, signedBy: [service.custodian])
            )
            #expect(try await service.eventually { service.registry.root.version == 2 })
            try await service.settled()
            await service.stop()
            let new = try File.read(service.directory.root, limit: 1 << 20)
            #expect(new != old)
            // As a second host has it, which only heard of it through the database.
            try File.replace(service.directory.root, with: old, mode: 0o644)
            try await reopened(service) { again in
                #expect(again.registry.root.version == 2)
                let kept = try File.read(service.directory.root, limit: 1 << 20)
                #expect(kept == new)
            }
        }
    }

    @Test func `a retired service key signs nothing that gets a place`() async throws {
        try await TestService.with { service in
            try await service.settled()
            let root = service.registry.root
            let (old, new) = (
                try KeyFile.load(service.directory.serviceKey), try PrivateKey.generate(.ed25519)
            )
            try await service.install(
                service.successor(of: root, signedBy: [service.custodian]) {
                    $0.serviceKeys.append(dated(new.publicKey, root))
                })
            #expect(try await service.eventually { service.registry.root.version == 2 })
            await service.stop()
            try File.replace(service.directory.serviceKey, with: new.pem(), mode: 0o600)
            try await reopened(service) { again in
                try await again.install(
                    service.successor(of: again.registry.root, signedBy: [again.custodian]) {
                        $0.serviceKeys.removeFirst()
                    })
                #expect(try await again.eventually { again.registry.root.version == 3 })
                let entry = Entry(
                    actor: nil, configuration: nil, documents: [], idempotency: nil,
                    event: .versionSuspended(
                        VersionSuspended(
                            version: try #require(VersionReference("credit/x@1")),
                            restriction: "r", reason: "stolen key")),
                    origin: again.origin, policy: nil, request: "r", subjects: [:],
                    time: again.clock.now)
                let bytes = try SignedEntry.sign([entry.canonicalBytes], with: old)[0]
                try await again.asSuperuser([
                    """
                    WITH e AS (INSERT INTO audit.entry (bytes) VALUES ('\\x\(Hex.encode(bytes))')
                               RETURNING id)
                    INSERT INTO audit.pending (entry_id) SELECT id FROM e
                    """
                ])
                _ = try await again.enrol([.owner])
                let waiting = try await again.registry.database.read { db in
                    try db.one("SELECT count(*) FROM audit.pending", as: Int64.self)
                }
                #expect(waiting == 1)
            }
        }
    }
}
