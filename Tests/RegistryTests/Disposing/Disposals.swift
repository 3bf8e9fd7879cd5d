// What the tests about disposals have in common: a retired version, and the officers' statement.

import Attestation
import CanonicalJSON
import Cryptography
import Database
import Governance
import Registry
import TestSupport

extension TestService {
    /// A version that was approved and retired; nothing of it runs.
    func makeRetired(_ given: TestTeam? = nil) async throws -> TestVersion {
        var made = given
        if made == nil { made = try await makeTeam() }
        guard let team = made else { throw TestFailure("no team") }
        try await shortenPeriods()
        let version = try await makeApproved(team)
        try await retire(version, by: team)
        return version
    }

    /// Puts a pack in force whose periods are 100 days, for versions submitted from now on.
    func shortenPeriods() async throws {
        let shipped = try PolicyPack.parse(PackFiles.load(folder: nil))
        let files = try PackFiles.load(folder: nil).map { file -> PackFile in
            var text = String(decoding: file.bytes, as: UTF8.self)
            if file.path == "pack.yaml" {
                text = text.replacing("version: 1\n", with: "version: 2\n")
            }
            if file.path == "retention.yaml" {
                text = text.replacing("record_days: 1096", with: "record_days: 100")
                    .replacing("record_days: 3653", with: "record_days: 100")
                    .replacing("personal_days: 183", with: "personal_days: 50")
            }
            let bytes = Array(text.utf8)
            return try PackFile(path: file.path, bytes: bytes, tree: StrictYAML.json(bytes))
        }
        let pack = try PolicyPack.parse(files)
        let envelope = try PackStatement(
            pack, files: files, origin: origin, predecessor: shipped.digest
        ).statement.sign(with: [custodian])
        _ = try await registry.activatePolicy(
            envelope, files: PackFiles.document(files), request(administrator))
        try await settled()
    }

    func submittedAt(_ version: TestVersion) throws -> Timestamp {
        guard let found = registry.follower.snapshot.record.submission(of: version.reference) else {
            throw TestFailure("no submission")
        }
        return found.at
    }

    func retire(_ version: TestVersion, by team: TestTeam) async throws {
        var verdict = "none"
        // After the clock was moved the gate denies until the follower has looked at the log again.
        for _ in 0..<50 where verdict != "allow" {
            let answer = try await registry.retire(
                version.reference, reason: "superseded by another", successor: nil,
                request(team.owner))
            verdict = answer.verdict
            try await settled()
            if verdict != "allow" { try await Task.sleep(for: .milliseconds(100)) }
        }
        guard verdict == "allow" else { throw TestFailure("not retired") }
    }

    func submission(of version: TestVersion) throws -> VersionSubmitted {
        guard let found = registry.follower.snapshot.record.submission(of: version.reference) else {
            throw TestFailure("no submission")
        }
        return found.event
    }

    func disposalRequest(
        _ plan: Registry.DisposalPlan, by officers: TestOfficers,
        edit: (inout DisposalRequest) -> Void = { _ in }
    ) -> DisposalRequest {
        let now = clock.now
        var request = DisposalRequest(
            origin: origin, version: plan.list.version, list: plan.list.digest,
            reason: "past its period",
            complianceOfficer: officers.compliance.officer(.complianceOfficer),
            secondOfficer: officers.privacy.officer(.privacyOfficer), signedAt: now,
            expiresAt: now.adding(seconds: 86_400))
        edit(&request)
        return request
    }

    @discardableResult
    func dispose(
        _ plan: Registry.DisposalPlan, by officers: TestOfficers
    ) async throws -> Registry.DisposalAnswer {
        let envelope = try disposalRequest(plan, by: officers).statement
            .sign(with: [officers.compliance.key, officers.privacy.key])
        return try await registry.dispose(envelope, request(officers.compliance))
    }

    /// Writes the entry of a disposal of nothing, which two officers signed, past all that stands against it.
    func recordEmptyDisposal(of version: TestVersion, by officers: TestOfficers) async throws {
        let list = DisposalList(origin: origin, version: version.reference, documents: [])
        let plan = Registry.DisposalPlan(list: list, bytes: 0, keptUntil: clock.now, grounds: [])
        try await recordDisposal(
            plan, disposalRequest(plan, by: officers),
            signedBy: [officers.compliance.key, officers.privacy.key], as: officers.compliance)
    }

    /// Writes the entry of a disposal as whoever has the service's key can; nothing is deleted.
    func recordDisposal(
        _ plan: Registry.DisposalPlan, _ asked: DisposalRequest, signedBy keys: [PrivateKey],
        as person: TestPerson
    ) async throws {
        let envelope = try asked.statement.sign(with: keys)
        let event = DocumentsDisposed(
            version: plan.list.version, list: plan.list.digest,
            count: Int64(plan.list.documents.count), bytes: plan.bytes, keptUntil: clock.now,
            statement: envelope.payloadDigest, document: SHA256.hash(envelope.canonicalBytes))
        let documents = [envelope.canonicalBytes, plan.list.canonicalBytes]
        _ = try await registry.writer.write(
            request(person), Subjects(written: [Subjects.version(plan.list.version)])
        ) { _, _ in Act(.documentsDisposed(event), documents: documents) }
    }

    /// Which of these documents are stored.
    func stored(_ names: [SHA256Digest]) async throws -> Set<SHA256Digest> {
        let rows = try await registry.database.read { db in
            try db.all(
                "SELECT sha256 FROM audit.document WHERE sha256 = ANY(\(names.map(\.bytes)))",
                as: [UInt8].self)
        }
        return Set(rows.compactMap { SHA256Digest(bytes: $0) })
    }

    func verify() async throws -> AuditReport {
        try await settled()
        return try await Auditing.verify(access.migrator, root: registry.root, pin: node.pin)
    }
}
