// Disposes of the documents of a version whose period has passed, or records why they have to stay.
//
// Two officers sign one statement about one list of documents. If it does not count, nothing is recorded.
// If it counts and something stands against it, the refusal is an entry. Else the documents go in the
// transaction that brings the entry: entries, leaves, tiles, digests and the list itself stay, so every
// proof holds as before, and what is absent is absent by the word of an entry.

package import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Database
package import Governance
internal import TransparencyLog

extension Registry {
    /// What may go of a version, and what stands against it.
    package struct DisposalPlan: Sendable {
        package let list: DisposalList
        /// How many bytes the documents have.
        package let bytes: Int64
        /// Until when everything about the version is kept; nil when that cannot be told.
        package let keptUntil: Timestamp?
        /// Why the documents have to stay; empty when they may go.
        package let grounds: [DisposalGround]

        package init(
            list: DisposalList, bytes: Int64, keptUntil: Timestamp?, grounds: [DisposalGround]
        ) {
            self.list = list
            self.bytes = bytes
            self.keptUntil = keptUntil
            self.grounds = grounds
        }
    }

    /// What came of a request for a disposal.
    package struct DisposalAnswer: Sendable {
        package let outcome: Outcome
        package let version: VersionReference
        /// Why the documents stay; empty when they are gone.
        package let grounds: [DisposalGround]
        /// What went; nil when nothing did.
        package let disposed: DocumentsDisposed?
    }

    /// What could be disposed of now, and would be named by a request.
    package func disposal(of version: VersionReference) async throws -> DisposalPlan {
        let survey = try await survey(version)
        return try await database.read { db in
            try plan(survey, dossier(of: version, db, now: clock()), db)
        }
    }

    /// Disposes of what a statement of two officers names, or records the refusal.
    package func dispose(_ envelope: Envelope, _ request: Request) async throws -> DisposalAnswer {
        let caller = try caller(of: request)
        guard BulkDesk.place == nil else {
            throw Refusal(.unprocessable, "not-in-bulk", "A disposal is a request of its own.")
        }
        let asked = try Refusal.reading(
            "disposal-malformed", "The statement is no request for a disposal."
        ) { try DisposalRequest(reading: Statement(parsing: envelope.payload)) }
        let survey = try await survey(asked.version)
        let officers = [asked.complianceOfficer.principal, asked.secondOfficer.principal]
        let subjects = Subjects(
            written: [Subjects.version(asked.version)],
            read: Set(
                ([caller.principal] + officers).map(Subjects.principal)
                    + survey.sharers.map(Subjects.version) + [Subjects.policy]))
        let outcome = try await record(request, subjects, alone: true) { db, now in
            let dossier = try dossier(of: asked.version, db, now: now)
            try check(asked, envelope, dossier)
            // From here on nobody stores a document, so nobody comes to name one of these.
            try db.execute("SELECT audit.begin_disposal()")
            let plan = try plan(survey, dossier, db)
            return try act(asked, envelope, plan)
        }
        switch outcome.recorded.entry.event {
        case .disposalRefused(let event):
            return DisposalAnswer(
                outcome: outcome, version: event.version, grounds: event.grounds, disposed: nil)
        case .documentsDisposed(let event):
            return DisposalAnswer(
                outcome: outcome, version: event.version, grounds: [], disposed: event)
        default: throw Refusal(.conflict, "not-a-disposal", "The key was used for another act.")
        }
    }

    private func act(
        _ asked: DisposalRequest, _ envelope: Envelope, _ plan: DisposalPlan
    ) throws(Refusal) -> Act {
        let document = envelope.canonicalBytes
        let (statement, digest) = (envelope.payloadDigest, SHA256.hash(document))
        guard plan.grounds.isEmpty, let keptUntil = plan.keptUntil else {
            return Act(
                .disposalRefused(
                    DisposalRefused(
                        version: asked.version, statement: statement, document: digest,
                        grounds: plan.grounds)), documents: [document])
        }
        guard !plan.list.documents.isEmpty else {
            throw Refusal(
                .conflict, "nothing-to-dispose",
                "No document of \(asked.version) is left that nothing else needs.")
        }
        guard plan.list.digest == asked.list else {
            throw Refusal(
                .conflict, "disposal-changed",
                "What may go of \(asked.version) is the list \(plan.list.digest), not "
                    + "\(asked.list).",
                hint: "It has changed since it was signed: look again with --dry-run, sign again.")
        }
        var act = Act(
            .documentsDisposed(
                DocumentsDisposed(
                    version: asked.version, list: plan.list.digest,
                    count: Int64(plan.list.documents.count), bytes: plan.bytes,
                    keptUntil: keptUntil, statement: statement, document: digest)),
            documents: [document, plan.list.canonicalBytes])
        act.disposes = plan.list.digest
        return act
    }

    // MARK: judging

    /// Throws unless both officers have signed and may.
    private func check(
        _ asked: DisposalRequest, _ envelope: Envelope, _ dossier: Dossier
    ) throws(Refusal) {
        let snapshot = dossier.snapshot
        guard snapshot.isWhole, snapshot.identities.missing.isEmpty else {
            throw Refusal(
                .busy, "log-unread", "The log could not be read to its end; nothing was decided.")
        }
        let problems = asked.problems(
            signers: snapshot.identities.signers(of: envelope), chain: dossier.chain,
            submitters: [dossier.row.submitter, dossier.row.person], origin: root.origin,
            at: dossier.now)
        guard problems.isEmpty else {
            throw Refusal(
                .unprocessable, "disposal-not-entitled",
                "The statement does not count: " + problems.map(\.code).joined(separator: ", ")
                    + ".",
                findings: problems,
                hint: "A compliance officer and a second officer sign the same statement; neither "
                    + "submitted the version.")
        }
    }

    /// Reads the log as published, without a lock.
    private func survey(_ version: VersionReference) async throws -> DisposalSurvey {
        let size = follower.snapshot.fold.size
        let authenticator = authenticator
        var survey = try await database.read { db in
            var survey = DisposalSurvey(version: version)
            try survey.begin(
                below: size,
                isAuthentic: { signed, entry, bytes in
                    authenticator.isAuthentic(signed, entry, MerkleTree.leafHash(of: bytes))
                }, db)
            return survey
        }
        var next: Int64 = 0
        while next < size {
            let (from, before) = (next, survey)
            (survey, next) = try await database.read { db in
                var survey = before
                let next = try survey.compare(from: from, db)
                return (survey, next)
            }
        }
        return survey
    }

    /// Judges a version and those that share documents with it.
    private func plan(
        _ survey: DisposalSurvey, _ dossier: Dossier, _ db: borrowing Connection
    ) throws -> DisposalPlan {
        var survey = survey
        try survey.catchUp(db)
        var packs: [SHA256Digest: PolicyPack] = [:]
        for activation in dossier.snapshot.fold.personal.activations {
            guard let pack = try self.packs.pack(activation.event, db), pack.isSigned else {
                continue
            }
            packs[activation.event.digest] = pack.pack
        }
        let holds = try holdsInForce(dossier.snapshot, db).map(\.placed)
        func facts(_ dossier: Dossier) -> DisposalFacts {
            let chain = dossier.chain
            return DisposalFacts(
                version: dossier.row.reference, holds: holds,
                suspensions: dossier.restrictions
                    .filter { $0.kind == .suspension || $0.kind == .incident }.map(\.id),
                deployments: dossier.deployments.map(\.id), fold: dossier.snapshot.fold,
                packs: packs, linked: { chain.linked(to: $0) }, now: dossier.now)
        }
        let freed = try survey.sharers.filter { sharer in
            try facts(self.dossier(of: sharer, db, now: dossier.now)).grounds.isEmpty
        }
        let list = DisposalList(
            origin: root.origin, version: survey.version,
            documents: survey.documents(freed: freed))
        let bytes = try db.one(
            """
            SELECT coalesce(sum(octet_length(bytes)), 0)::bigint FROM audit.document
            WHERE sha256 = ANY(\(list.documents.map(\.bytes)))
            """, as: Int64.self)
        let own = facts(dossier)
        return DisposalPlan(
            list: list, bytes: bytes, keptUntil: own.term?.recordUntil, grounds: own.grounds)
    }
}
