// Gives out status lists: what may no longer be used although a permit for it still holds.
//
// A list is signed by the permit key and named by a log entry, and is released with its receipt: so where
// there are witnesses, everybody sees the same lists. It says what the gate would say: of versions by the
// union of rows and log (I6), of deployments by judging again what permitted them. A new one is made when
// somebody asks and the last one is old, or no longer says what is the case.

package import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Governance
package import TransparencyLog

extension Registry {
    /// How long a status list may be relied on, in seconds.
    package static let statusListSeconds: Int64 = 86_400
    /// How old a list may be that is given out again, in seconds.
    static let statusListRenewalSeconds: Int64 = 60

    /// A status list with the entry that names it.
    package struct ListedStatus: Sendable {
        package let envelope: Envelope
        /// The entry's bytes.
        package let entry: [UInt8]
        package let receipt: LogProof
    }

    /// The newest status list; nil when its receipt is still to come.
    package func statusList() async throws -> ListedStatus? {
        if let known = try await knownList() { return known }
        let outcome = try await record(
            Request(caller: nil, id: Self.makeID("c-", bytes: 8)),
            Subjects(written: [Subjects.statusList], read: [Subjects.policy]), alone: true
        ) { db, now in
            let list = try makeList(db, now)
            let envelope = try list.statement().sign(with: [permitKey])
            let document = envelope.canonicalBytes
            return Act(
                .statusListed(
                    StatusListed(
                        list: envelope.payloadDigest, document: SHA256.hash(document),
                        content: SHA256.hash(list.content.canonicalBytes),
                        validUntil: now.adding(seconds: Self.statusListSeconds))),
                documents: [document])
        }
        guard case .statusListed(let event) = outcome.recorded.entry.event,
            let receipt = outcome.receipt
        else { return nil }
        return try await afterCommit {
            try await listed(event, outcome.recorded.bytes, receipt)
        }
    }

    /// The last list, if it is young, says what is the case, and has its receipt.
    private func knownList() async throws -> ListedStatus? {
        guard let last = follower.snapshot.fold.statusList else { return nil }
        let now = clock()
        guard now.milliseconds(since: last.at) < Self.statusListRenewalSeconds * 1_000 else {
            return nil
        }
        let content = try await database.read { db in
            try makeList(db, now).content.canonicalBytes
        }
        guard SHA256.hash(content) == last.event.content,
            let entry = try await entry(.index(last.index)),
            let receipt = try await follower.makeReceipt(for: entry.id)
        else { return nil }
        return try await listed(last.event, entry.bytes, receipt)
    }

    private func listed(
        _ event: StatusListed, _ entry: [UInt8], _ receipt: LogProof
    ) async throws -> ListedStatus {
        let documents = try await database.read { try Documents.load([event.document], $0) }
        guard let document = documents[event.document] else {
            throw Refusal(.conflict, "document-missing", "The status list's document is missing.")
        }
        return ListedStatus(
            envelope: try Envelope(parsing: document), entry: entry, receipt: receipt)
    }

    private func makeList(
        _ db: borrowing Connection, _ now: Timestamp
    ) throws -> StatusList {
        let snapshot = try upToDate(follower.snapshot, db)
        guard foldFact(snapshot, now: now).healthy else {
            throw Refusal(
                .busy, "log-behind",
                "The log cannot be read to its end; no list is made of a part.",
                hint: "Try again in a moment.")
        }
        let deployed = snapshot.fold.deployedVersions(at: now)
        var names = Set(
            snapshot.fold.restrictedVersions + snapshot.fold.examinedVersions + deployed)
        let rows = try db.all(
            """
            SELECT version FROM registry.restriction WHERE lifted_at IS NULL
            UNION SELECT version FROM registry.retirement
            UNION SELECT version FROM registry.finding WHERE closed_at IS NULL
            """, as: String.self)
        names.formUnion(rows.compactMap { VersionReference($0) })
        guard names.count <= StatusList.mostLines else {
            throw Refusal(.conflict, "list-too-long", "Too many versions are restricted.")
        }
        var versions: [String: StatusList.Status] = [:]
        var deployments: [String: StatusList.Status] = [:]
        for name in names.sorted(by: { $0.description < $1.description }) {
            guard snapshot.record.submission(of: name) != nil else { continue }
            let dossier = try dossier(of: name, db, now: now)
            if let status = Self.status(dossier.restrictions) {
                versions[name.description] = status
            }
            for deployment in snapshot.fold.activeDeployments(of: name, at: now) {
                if deployment.hasEnded {
                    deployments[deployment.id] = .ended
                } else if try judgeAgain(
                    deployment.id, dossier, at: now, db)?.verdict == .deny
                {
                    deployments[deployment.id] = .revoked
                }
            }
        }
        return StatusList(
            origin: root.origin, issuedAt: now.description,
            validUntil: now.adding(seconds: Self.statusListSeconds).description,
            size: snapshot.fold.size, development: root.development,
            root: .init(version: root.version, digest: root.digest), versions: versions,
            deployments: deployments)
    }

    /// The gravest of what is held against a version; nil for nothing.
    static func status(_ restrictions: [RestrictionFact]) -> StatusList.Status? {
        let kinds = Set(restrictions.map(\.kind))
        if kinds.contains(.retirement) { return .retired }
        if !kinds.isDisjoint(with: [.suspension, .incident, .finding]) { return .suspended }
        return kinds.isEmpty ? nil : .revoked
    }
}
