// I11: what influences decisions is signed or recorded; a database that may lose commits is refused.

import Attestation
import CanonicalJSON
import Cryptography
import Database
import Governance
import Logging
import Registry
import TestSupport
import Testing

@Suite struct `I11: configuration is a fact` {
    private func settings(_ service: TestService) -> NodeSettings {
        let clock = service.clock
        var settings = NodeSettings(
            directory: service.directory, clock: { clock.now },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        settings.access = service.access
        settings.allowsDevelopment = true
        settings.allowsUnsafeDatabase = true
        return settings
    }

    private func refusal(_ settings: NodeSettings) async throws -> String {
        do {
            let node = try await ServiceNode.open(settings)
            await node.close()
            return "started"
        } catch let error as NodeError {
            return error.description
        } catch let error as DatabaseError {
            return error.message
        } catch let error as TrustRootError {
            return error.problems.joined(separator: "; ")
        }
    }

    @Test func `a database that may lose commits is refused, unless a test says so aloud`()
        async throws
    {
        try await TestService.with { service in
            await service.stop()
            let before = try await service.contents()
            var settings = settings(service)
            settings.allowsUnsafeDatabase = false
            // Settings can differ by role: each is asked as itself.
            try await service.asSuperuser([
                """
                ALTER ROLE imprimatur_writer IN DATABASE \(service.scratch.name)
                SET synchronous_commit = on
                """
            ])
            let said = try await refusal(settings)
            #expect(said.contains("fsync off"))
            #expect(said.contains("writer: fsync off, full_page_writes off, synchronous_commit on"))
            #expect(
                said.contains("sequencer: fsync off, full_page_writes off, synchronous_commit off"))
            #expect(try await service.contents() == before)
            settings.allowsUnsafeDatabase = true
            #expect(try await refusal(settings) == "started")
        }
    }

    @Test func `every entry after a start names the configuration that was started with`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            _ = try await service.submit(by: team.owner)
            try await service.restarted { again in
                _ = try await again.submit(by: team.owner, seed: "two")
                try await again.settled()
                var current: SHA256Digest?
                var starts = 0
                for logged in try await again.logged() {
                    if case .serviceStarted(let event) = logged.entry.event {
                        current = event.configuration
                        starts += 1
                        let stored = try await again.document(event.configuration)
                        let configuration = try JSON(parsing: stored)
                        #expect(configuration.canonicalBytes == stored)
                        #expect(configuration["origin"]?.string == again.origin)
                        #expect(configuration["database"]?["fsync"] == "off")
                        #expect(event.trustRoot == again.registry.root.digest)
                        #expect(event.trustRootVersion == again.registry.root.version)
                        let binary = try File.read("/proc/self/exe", limit: 1 << 30)
                        #expect(event.binary == SHA256.hash(binary))
                        let digests = DatabaseAccess.migrations.map(\.digest)
                        #expect(
                            event.migrations
                                == SHA256.hash(Array(digests.joined(separator: "\n").utf8)))
                        #expect(event.serviceKey == again.registry.root.serviceKeys[0].key.id)
                    }
                    #expect(logged.entry.configuration == current, "index \(logged.index)")
                    #expect(
                        try SignedEntry(parsing: logged.bytes).isSigned(
                            by: again.registry.root.serviceKeys[0].key))
                }
                #expect(starts == 2)
            }
        }
    }

    @Test func `the log opens with root, key and pack`() async throws {
        try await TestService.with { service in
            try await service.settled()
            let first = try #require(try await service.logged().first)
            guard case .logOpened(let event) = first.entry.event else {
                Issue.record("entry 0 is \(first.entry.event.kind)")
                return
            }
            #expect(event.trustRoot == service.registry.root.digest)
            #expect(event.verifierKey == service.registry.root.logKeys[0].key)
            #expect(event.policy == service.registry.follower.snapshot.fold.policy)
            #expect(event.development)
        }
    }

    @Test(arguments: [
        "UPDATE %s SET digest = encode(sha256('other'), 'hex') WHERE number = 1",
        "DELETE FROM %s WHERE number = 2",
        "INSERT INTO %s SELECT 99, name, digest, applied_at FROM %s LIMIT 1",
    ])
    func `a schema that is not ours refuses to start`(statement: String) async throws {
        try await TestService.with { service in
            await service.stop()
            let table = try #require(try await service.migrationTable())
            try await service.asSuperuser([statement.replacing("%s", with: table)])
            let said = try await refusal(settings(service))
            #expect(said != "started")
        }
    }

    @Test func `a development root is refused without the flag`() async throws {
        try await TestService.with { service in
            await service.stop()
            var settings = settings(service)
            settings.allowsDevelopment = false
            let said = try await refusal(settings)
            #expect(said.contains("development"))
        }
    }

    @Test(arguments: [-400, 400])
    func `a root outside its validity is refused`(days: Int64) async throws {
        try await TestService.with { service in
            await service.stop()
            service.clock.advance(days: days)
            let said = try await refusal(settings(service))
            #expect(said.contains("the trust root is valid from"))
        }
    }

    /// Roots that somebody puts in the place of the one that the log was opened under.
    enum OtherRoot: String, CaseIterable {
        case otherOrigin, uncertifiedKeys, unsigned, sameVersionOtherContent, notRotated
    }

    @Test(arguments: OtherRoot.allCases)
    func `another root in the same place is refused`(other: OtherRoot) async throws {
        try await TestService.with { service in
            let root = service.registry.root
            var draft = TrustRoot.Draft(
                origin: root.origin, development: true, issuedAt: root.issuedAt,
                expiresAt: root.expiresAt, custodians: root.custodians, threshold: 1,
                logKeys: root.logKeys, permitKeys: root.permitKeys, serviceKeys: root.serviceKeys)
            func replace(signedBy keys: [PrivateKey]) throws {
                let envelope = try Envelope.sign(
                    draft.payload, type: TrustRoot.payloadType, with: keys)
                try File.replace(service.directory.root, with: envelope.canonicalBytes, mode: 0o644)
            }
            await service.stop()
            switch other {
            case .otherOrigin:
                draft.origin = "other.example/log"
                try replace(signedBy: [service.custodian])
            case .uncertifiedKeys:
                draft.serviceKeys = [
                    .init(
                        try PrivateKey.generate(.ed25519).publicKey, from: root.issuedAt,
                        until: root.expiresAt)
                ]
                try replace(signedBy: [service.custodian])
            case .unsigned:
                try replace(signedBy: [service.administrator.key])
            case .sameVersionOtherContent:
                draft.witnessPolicy = "# nobody\n"
                try replace(signedBy: [service.custodian])
            case .notRotated:
                draft.version = 2
                try replace(signedBy: [service.custodian])
            }
            let said = try await refusal(settings(service))
            #expect(said != "started")
        }
    }
}

extension TestService {
    /// The table that remembers applied migrations.
    func migrationTable() async throws -> String? {
        let superuser = scratch.superuser(settings: .init(maxConnections: 1))
        let name = try await superuser.read { db in
            try db.oneOrNil(
                """
                SELECT format('%I.%I', table_schema, table_name) FROM information_schema.columns
                WHERE column_name = 'digest' AND table_name LIKE '%migration%'
                """, as: String.self)
        }
        await superuser.closeIdle()
        return name
    }
}
