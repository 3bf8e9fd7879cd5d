// A log that lost its end, what was kept of it, and the new log that takes its place.

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

extension `A recovery` {
    /// A log whose database was restored from before its pin, and what was kept of its lost end.
    struct Loss {
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

    static func access(_ scratch: ScratchDatabase) -> DatabaseAccess {
        DatabaseAccess(
            writer: scratch.url(as: .writer), sequencer: scratch.url(as: .sequencer),
            migrator: scratch.url(as: .migrator))
    }

    /// What a client keeps of a write.
    func kept(_ outcome: Registry.Outcome) throws -> LostEntry {
        LostEntry(
            name: outcome.recorded.entry.event.kind, entry: outcome.recorded.bytes,
            receipt: try #require(outcome.receipt).bytes)
    }

    func withLoss(_ body: (Loss) async throws -> Void) async throws {
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

    func survey(
        _ loss: Loss, _ lost: [LostEntry], checkpoint: [UInt8]? = nil
    ) async throws -> Survey {
        var surveying = Surveying(directory: loss.former, access: Self.access(loss.scratch))
        surveying.lost = lost
        surveying.checkpoint = checkpoint
        return try await surveying.run()
    }

    /// The new log's root, and the folder with the keys that it certifies and of its administrator.
    struct Next {
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
    func open(
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

    /// An entry by a stranger, proven by a tree that the log key itself has signed.
    func forged(_ loss: Loss) throws -> LostEntry {
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
}
