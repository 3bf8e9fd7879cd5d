// A log that lost its end begins anew under another origin, by its custodians' statement, with everything
// that restricts and nothing that permits.

import Attestation
import CanonicalJSON
import Cryptography
import Database
import Foundation
import Governance
import Registry
import TestSupport
import Testing
import TransparencyLog

@Suite struct `A recovery` {
    /// A log whose database was restored from before its pin, and what was kept of its lost end.
    private struct Loss {
        let service: TestService
        /// The restored data directory, beside the newer pin.
        let former: DataDirectory
        let scratch: ScratchDatabase
        let team: TestTeam
        let version: TestVersion
        /// Entries that the restored database lacks.
        let suspension: LostEntry
        let revocation: LostEntry
        let laterSubmission: LostEntry
        let laterSuspension: LostEntry
    }

    private static func access(_ scratch: ScratchDatabase) -> DatabaseAccess {
        DatabaseAccess(
            writer: scratch.url(as: .writer), sequencer: scratch.url(as: .sequencer),
            migrator: scratch.url(as: .migrator))
    }

    /// What a client keeps of a write.
    private func kept(_ outcome: Registry.Outcome) throws -> LostEntry {
        LostEntry(
            name: outcome.recorded.entry.event.kind, entry: outcome.recorded.bytes,
            receipt: try #require(outcome.receipt).bytes)
    }

    private func withLoss(_ body: (Loss) async throws -> Void) async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            #expect(try await service.deploy(version, by: team.deployer).verdict == "allow")
            try await service.settled()
            let clock = service.clock
            let backup = BackingUp(
                directory: service.directory, access: service.access,
                target: service.directory.path + ".backup", clock: { clock.now })
            _ = try await backup.run()
            let (registry, owner) = (service.registry, service.request(team.owner))
            let suspension = try await kept(
                registry.suspend(version.reference, reason: "drift", owner))
            let revocation = try await kept(
                registry.revokeKey(
                    team.deployer.key.publicKey.id, of: team.deployer.principal, reason: "lost",
                    service.request(service.administrator)))
            let later = try await registry.submit(
                service.submission(by: team.owner, seed: "two"), owner)
            guard case .versionSubmitted(let event) = later.recorded.entry.event else {
                throw TestFailure("not a submission")
            }
            let laterSuspension = try await kept(
                registry.suspend(event.version, reason: "leak", owner))
            try await service.settled()
            await service.stop()
            try await ScratchDatabase.with { scratch in
                var restoring = Restoring(
                    source: backup.target,
                    directory: DataDirectory(path: service.directory.path + ".restored"))
                restoring.keys = service.directory.keys
                restoring.access = Self.access(scratch)
                #expect(try await restoring.run().halt?.code == .databaseOlder)
                try await body(
                    Loss(
                        service: service, former: restoring.directory, scratch: scratch,
                        team: team, version: version, suspension: suspension,
                        revocation: revocation, laterSubmission: try kept(later),
                        laterSuspension: laterSuspension))
            }
        }
    }

    private func survey(
        _ loss: Loss, _ lost: [LostEntry], checkpoint: [UInt8]? = nil
    ) async throws -> Survey {
        var surveying = Surveying(directory: loss.former, access: Self.access(loss.scratch))
        surveying.lost = lost
        surveying.checkpoint = checkpoint
        return try await surveying.run()
    }

    /// The new log's root, and the folder with the keys that it certifies and of its administrator.
    private struct Next {
        let envelope: Envelope
        let root: TrustRoot
        let folder: String
        let custodian: PrivateKey
        let now: Timestamp

        init(_ loss: Loss, origin: String? = nil) throws {
            now = loss.service.clock.now
            let until = now.adding(seconds: 80 * 86_400)
            custodian = try PrivateKey.generate(.ecdsaP256)
            let (log, key) = (try PrivateKey.generate(.ed25519), try PrivateKey.generate(.ed25519))
            let permit = try PrivateKey.generate(.ecdsaP256)
            let origin = origin ?? loss.service.origin + ".2"
            let name = try #require(KeyName(origin))
            let vkey = try NoteSigner(name: name, key: log).verifierKey.text
            let draft = TrustRoot.Draft(
                origin: origin, development: true, issuedAt: now, expiresAt: until,
                custodians: [custodian.publicKey], threshold: 1,
                logKeys: [.init(vkey, from: now, until: until)],
                permitKeys: [.init(permit.publicKey, from: now, until: until)],
                serviceKeys: [.init(key.publicKey, from: now, until: until)])
            folder = loss.service.directory.path + ".next-" + Hex.encode(Random.bytes(4))
            try File.makeFolder(folder)
            for (file, key) in [
                ("log", log), ("service", key), ("permit", permit), ("custodian", custodian),
            ] {
                try KeyFile.create("\(folder)/\(file).pem", key)
            }
            envelope = try Envelope.sign(
                draft.payload, type: TrustRoot.payloadType, with: [custodian])
            root = try TrustRoot.verify(envelope)
        }

        func packStatement() throws -> Envelope {
            let files = try PackFiles.load(folder: nil)
            return try PackStatement(
                PolicyPack.parse(files), files: files, origin: root.origin, predecessor: nil
            ).statement.sign(with: [custodian])
        }

        func administrator(_ principal: PrincipalID) throws -> [Envelope] {
            let key = try PrivateKey.generate(.ecdsaP256)
            try KeyFile.create(folder + "/administrator.pem", key)
            let until = now.adding(seconds: 70 * 86_400)
            let statement = try KeyAssignment(
                origin: root.origin, principal: principal, kind: .person, key: key.publicKey,
                validFrom: now, validUntil: until
            ).statement.sign(with: [key, custodian])
            let role = try RoleAssignment(
                origin: root.origin, principal: principal, person: principal,
                role: .administrator, namespace: .everything,
                credentials: [statement.payloadDigest], validFrom: now, validUntil: until
            ).statement.sign(with: [custodian])
            return [statement, role]
        }
    }

    /// Opens the new log in an empty database.
    private func open(
        _ loss: Loss, _ survey: Survey, as next: Next, signedBy keys: [PrivateKey],
        in scratch: ScratchDatabase, edit: (inout LogRecovery) -> Void = { _ in }
    ) async throws -> DataDirectory {
        var recovery = survey.recovery(into: next.root, reason: "the disk is lost", at: next.now)
        edit(&recovery)
        let clock = loss.service.clock
        let directory = DataDirectory(path: next.folder + "-data")
        let administrator = try #require(PrincipalID(bytes: Random.bytes(8)))
        var request = Initialisation(directory: directory, clock: { clock.now })
        request.access = Self.access(scratch)
        request.root = (envelope: next.envelope, keys: next.folder)
        request.packStatement = try next.packStatement()
        request.assignments = try next.administrator(administrator)
        request.recovery = (survey: survey, statement: try recovery.statement.sign(with: keys))
        do {
            _ = try await request.run()
        } catch {
            #expect(!File.exists(directory.path))
            throw error
        }
        // Where the harness looks for them.
        for file in ["custodian.pem", "administrator.pem"] {
            try FileManager.default.copyItem(
                atPath: "\(next.folder)/\(file)", toPath: "\(directory.credentials)/\(file)")
        }
        try FileManager.default.copyItem(
            atPath: "\(directory.credentials)/\(administrator).token",
            toPath: directory.credentials + "/administrator.token")
        return directory
    }

    @Test func `opens a log in which what was suspended is suspended, and nothing is permitted`()
        async throws
    {
        try await withLoss { loss in
            let survey = try await survey(loss, [loss.suspension, loss.revocation])
            #expect(survey.cause.code == .databaseOlder)
            #expect(survey.lost == survey.surviving.size..<survey.pinned.size)
            #expect(survey.restrictions.map(\.former) == [loss.version.reference])
            #expect(survey.restrictions.map(\.artifact) == [loss.version.artifact])
            #expect(survey.revocations.map(\.key) == [loss.team.deployer.key.publicKey.id])
            #expect(survey.unauthentic == [])
            try await ScratchDatabase.with { scratch in
                let next = try Next(loss)
                let directory = try await open(
                    loss, survey, as: next, signedBy: [loss.service.custodian], in: scratch)
                try await TestService.opened(scratch, directory, loss.service.clock) { again in
                    #expect(again.registry.halt.reason == nil)
                    #expect(again.origin == next.root.origin)
                    // Nothing that permitted came along.
                    #expect(
                        try await again.refusal {
                            try await again.registry.status(of: loss.version.reference)
                        } == "version-unknown")
                    let team = try await again.makeTeam()
                    let version = try await again.makeApproved(team)
                    #expect(version.artifact == loss.version.artifact)
                    try await again.settled()
                    #expect(
                        try await again.deploy(version, by: team.deployer).denials == ["DEP-301"])
                    let shown = try await again.registry.status(of: version.reference)
                    let restrictions = shown["restrictions"]?.array ?? []
                    #expect(restrictions.map { $0["source"]?.string } == ["both"])
                    #expect(
                        restrictions.first?["reason"]?.string
                            == "suspension of \(loss.version.reference) in the former log: drift")
                    // Other bytes are not held back.
                    let other = try await again.makeApproved(team, seed: "three")
                    #expect(try await again.deploy(other, by: team.deployer).verdict == "allow")
                    // The revoked key counts for nobody, even given to somebody once more.
                    let key = loss.team.deployer.key
                    let now = again.clock.now
                    let assignment = try KeyAssignment(
                        origin: again.origin, principal: team.owner.principal, kind: .person,
                        key: key.publicKey, previous: team.owner.keyStatement,
                        validFrom: now.adding(seconds: -1),
                        validUntil: now.adding(seconds: 86_400)
                    ).statement.sign(with: [key, team.owner.key, again.administrator.key])
                    _ = try await again.registry.assignKey(
                        assignment, again.request(again.administrator))
                    try await again.settled()
                    let chain = again.registry.follower.snapshot.identities.chain
                    let held = (key.publicKey.id, team.owner.key.publicKey.id)
                    #expect(chain.holder(of: held.0, at: again.clock.now) == nil)
                    #expect(chain.holder(of: held.1, at: again.clock.now) != nil)
                    try await again.expectWhole()
                    // As superuser: without the row the log's word stands.
                    try await again.sabotage(["DELETE FROM registry.restriction"])
                    #expect(
                        try await again.deploy(version, by: team.deployer).denials == ["DEP-301"])
                }
            }
        }
    }

    @Test
    func `is replayed with what it took over: a row of it changed, deleted or added is named`()
        async throws
    {
        try await withLoss { loss in
            let survey = try await survey(loss, [loss.suspension])
            try await ScratchDatabase.with { scratch in
                let next = try Next(loss)
                let directory = try await open(
                    loss, survey, as: next, signedBy: [loss.service.custodian], in: scratch)
                try await TestService.opened(scratch, directory, loss.service.clock) { again in
                    try await again.settled()
                    try await again.expectWhole()
                    _ = try await again.asSuperuser([
                        "CREATE TABLE public.kept AS TABLE registry.carried"
                    ])
                    let name = "registry.carried"
                    let edits: [(statement: String, kinds: Set<String>, column: String?)] = [
                        (
                            "UPDATE registry.carried SET artifact = sha256('x')", ["row-altered"],
                            "artifact"
                        ),
                        ("UPDATE registry.carried SET former = 'a/b@1'", ["row-altered"], "former"),
                        ("UPDATE registry.carried SET reason = 'none'", ["row-altered"], "reason"),
                        (
                            "UPDATE registry.carried SET entry = sha256('x')", ["row-altered"],
                            "entry"
                        ),
                        (
                            "UPDATE registry.carried SET at = at + interval '1 s'", ["row-altered"],
                            "at"
                        ),
                        (
                            "UPDATE registry.carried SET id = 'other'",
                            ["row-missing", "row-surplus"], nil
                        ),
                        ("DELETE FROM registry.carried", ["row-missing"], nil),
                        (
                            """
                            INSERT INTO registry.carried
                            SELECT 'other', sha256('x'), former, reason, entry, at FROM public.kept
                            """, ["row-surplus"], nil
                        ),
                    ]
                    for edit in edits {
                        _ = try await again.asSuperuser([edit.statement])
                        let report = try await Auditing.replay(
                            again.access.migrator, root: next.root)
                        let named = Set(edit.kinds.map { "\(name) \($0)" })
                        #expect(report.findings.named == named, "\(edit.statement)")
                        let columns = report.findings.kept.flatMap(\.columns).map(\.name)
                        if let column = edit.column { #expect(columns == [column]) }
                        _ = try await again.asSuperuser([
                            "DELETE FROM registry.carried",
                            "INSERT INTO registry.carried TABLE public.kept",
                        ])
                    }
                    try await again.expectWhole()
                }
            }
        }
    }

    @Test func `takes over nothing that was not brought or is not proven`() async throws {
        try await withLoss { loss in
            // Nobody brought anything: nothing that is lost restricts.
            #expect(try await survey(loss, []).restrictions == [])
            func refused(_ lost: LostEntry...) async -> String {
                do {
                    _ = try await survey(loss, lost)
                    return ""
                } catch {
                    return "\(error)"
                }
            }
            func bytes(_ item: LostEntry, _ entry: [UInt8]) -> LostEntry {
                LostEntry(name: "forged", entry: entry, receipt: item.receipt)
            }
            var altered = loss.suspension.entry
            altered[altered.count / 3] ^= 1
            #expect(await refused(bytes(loss.suspension, altered)).contains("does not prove"))
            // The receipt of another entry, and none at all.
            #expect(
                await refused(bytes(loss.revocation, loss.suspension.entry))
                    .contains("does not prove"))
            #expect(
                await refused(.init(name: "x", entry: loss.suspension.entry, receipt: [])) != "")
            // A log key alone makes no entry: the proof holds, the service never signed it.
            #expect(
                await refused(try forged(loss)).contains("not signed by a service key"))
            // Which bytes the later version has, nobody knows until its submission is brought.
            #expect(
                await refused(loss.laterSuspension).contains("is in the entry of its submission"))
            let whole = try await survey(loss, [loss.laterSuspension, loss.laterSubmission])
            #expect(whole.restrictions.map(\.reason) == ["leak"])
        }
    }

    /// An entry by a stranger, proven by a tree that the log key itself has signed.
    private func forged(_ loss: Loss) throws -> LostEntry {
        let signed = try SignedEntry(parsing: loss.suspension.entry)
        let stranger = try PrivateKey.generate(.ed25519)
        let entry = try SignedEntry.sign([signed.payload], with: stranger)[0]
        let kept = try LogProof(parsing: loss.suspension.receipt)
        var (index, size) = (kept.index, try Checkpoint(parsing: kept.checkpoint.text).size)
        size = min(size, index + 1)
        index = size - 1
        // A tree of empty hashes up to this entry.
        var range = CompactRange()
        let filler = MerkleTree.leafHash(of: [])
        var leaves: [SHA256Digest] = []
        for _ in 0..<index {
            range.append(filler)
            leaves.append(filler)
        }
        leaves.append(MerkleTree.leafHash(of: entry))
        let key = try KeyFile.load(loss.former.logKey)
        let name = try #require(KeyName(loss.service.origin))
        let checkpoint = try Checkpoint(
            origin: loss.service.origin, size: size, root: MerkleTree.root(of: leaves)
        ).signed(by: [NoteSigner(name: name, key: key)])
        var path: [SHA256Digest] = []
        // RFC 6962: from the leaf up, the root of the other side at each level.
        func climb(_ part: ArraySlice<SHA256Digest>, _ place: Int) {
            guard part.count > 1 else { return }
            var half = 1
            while half * 2 < part.count { half *= 2 }
            let split = part.startIndex + half
            if place < half {
                climb(part[..<split], place)
                path.append(MerkleTree.root(of: Array(part[split...])))
            } else {
                climb(part[split...], place - half)
                path.append(MerkleTree.root(of: Array(part[..<split])))
            }
        }
        climb(leaves[...], Int(index))
        let receipt = try LogProof(index: index, hashes: path, checkpoint: checkpoint)
        return LostEntry(name: "forged", entry: entry, receipt: receipt.bytes)
    }

    @Test func `needs the custodians, for exactly what is found`() async throws {
        try await withLoss { loss in
            let survey = try await survey(loss, [loss.suspension])
            let stranger = try PrivateKey.generate(.ecdsaP256)
            let custodian = loss.service.custodian
            let attempts: [(String, [PrivateKey], String?, (inout LogRecovery) -> Void)] = [
                ("are needed", [stranger], nil, { _ in }),
                ("another state", [custodian], nil, { $0.pinned.size -= 1 }),
                ("another state", [custodian], nil, { $0.entries = [] }),
                ("another state", [custodian], nil, { $0.trustRoot = SHA256.hash("other") }),
                ("another origin", [custodian], loss.service.origin, { _ in }),
            ]
            for (words, keys, origin, edit) in attempts {
                try await ScratchDatabase.with { scratch in
                    let next = try Next(loss, origin: origin)
                    do {
                        _ = try await open(
                            loss, survey, as: next, signedBy: keys, in: scratch, edit: edit)
                        Issue.record("opened: \(words)")
                    } catch {
                        #expect("\(error)".contains(words), "\(error)")
                    }
                }
            }
        }
    }

    @Test func `finds nothing to recover in a log that goes on from its pin`() async throws {
        try await TestService.with { service in
            try await service.settled()
            await service.stop()
            let surveying = Surveying(directory: service.directory, access: service.access)
            await #expect(throws: RecoveryError.self) { _ = try await surveying.run() }
            // The pin is gone: nobody says how far the log was, until somebody shows a checkpoint.
            let note = try #require(try service.node.pin.note)
            try FileManager.default.removeItem(atPath: service.node.pin.path)
            await #expect(throws: RecoveryError.self) { _ = try await surveying.run() }
            var informed = surveying
            informed.checkpoint = note
            let survey = try await informed.run()
            #expect(survey.cause.code == .pinMissing && survey.lost.isEmpty)
        }
    }

    @Test func `of a fork takes all places to be in doubt`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            try await service.submit(by: team.owner)
            try await service.settled()
            await service.stop()
            let note = try #require(try service.node.pin.note)
            let size = try Checkpoint(parsing: SignedNote(parsing: note).text).size
            let key = try KeyFile.load(service.directory.logKey)
            let name = try #require(KeyName(service.origin))
            let other = try Checkpoint(
                origin: service.origin, size: size, root: SHA256.hash("another history")
            ).signed(by: [NoteSigner(name: name, key: key)])
            try service.node.pin.write(other.bytes)
            let survey = try await Surveying(
                directory: service.directory, access: service.access
            ).run()
            #expect(survey.cause.code == .forked)
            #expect(survey.lost == 0..<size)
        }
    }
}
