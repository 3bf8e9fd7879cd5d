// Erases the personal data of a subject, or records why it has to stay.
//
// Two officers sign one statement. If it does not count, nothing is recorded: it is a request that was
// never made. If it counts and something stands against it, the refusal is an entry. Else, in one
// transaction: the subject's key, values and salts are deleted, every other key is wrapped anew, and the
// entry says which commitments can never be opened again; then the former key-encryption key goes.

package import Attestation
internal import CanonicalJSON
package import Cryptography
internal import Database
package import Governance

extension Registry {
    /// What came of an erasure request.
    package struct ErasureAnswer: Sendable {
        package let outcome: Outcome
        package let subject: PersonalSubject
        /// Why the data stays; empty when it is gone.
        package let grounds: [ErasureGround]
        /// What can never be opened again.
        package let commitments: [SHA256Digest]
        /// Whether the former key-encryption key is destroyed; false means: settle that at once.
        package let isKeyDestroyed: Bool
        /// What left the service before, by the log, and may show what is erased.
        package let exports: [ErasureExport]

        /// Whether the data is gone.
        package var isErased: Bool { grounds.isEmpty }
    }

    /// Erases what a statement of two officers asks for, or records the refusal.
    package func erase(_ envelope: Envelope, _ request: Request) async throws -> ErasureAnswer {
        let caller = try caller(of: request)
        guard BulkDesk.place == nil else {
            // A second rotation of the key in the same transaction would destroy the first one's key.
            throw Refusal(.unprocessable, "not-in-bulk", "An erasure is a request of its own.")
        }
        let erasure = try Refusal.reading(
            "erasure-malformed", "The statement is no request for an erasure."
        ) { try ErasureRequest(reading: Statement(parsing: envelope.payload)) }
        let document = envelope.canonicalBytes
        let concerned = versions(of: erasure.subject, follower.snapshot)
        let officers = [erasure.privacyOfficer.principal, erasure.complianceOfficer.principal]
        let subjects = Subjects(
            written: [erasure.subject.scope.description],
            read: Set(
                ([caller.principal] + officers).map(Subjects.principal)
                    + concerned.map(Subjects.version) + [Subjects.policy]))
        let recorded = try await commit(request, subjects) { db, now in
            let snapshot = try upToDate(follower.snapshot, db)
            try check(erasure, envelope, snapshot, now, db)
            let versions = versions(of: erasure.subject, snapshot)
            guard Set(versions).isSubset(of: concerned) else {
                throw Refusal(
                    .busy, "subject-busy", "The subject has just taken part in something else.",
                    hint: "Send the same request again.")
            }
            let grounds = try grounds(of: erasure, versions, snapshot, now, db)
            let (statement, digest) = (envelope.payloadDigest, SHA256.hash(document))
            guard grounds.isEmpty else {
                return Act(
                    .erasureRefused(
                        ErasureRefused(
                            subject: erasure.subject, statement: statement, document: digest,
                            grounds: grounds)), documents: [document])
            }
            let erased = try vault.erase(erasure.subject.description, db)
            return Act(
                .subjectErased(
                    SubjectErased(
                        subject: erasure.subject, statement: statement, document: digest,
                        commitments: erased.commitments, key: erased.key)), documents: [document])
        }
        return try await afterCommit { try await answer(recorded, erasure.subject) }
    }

    /// The former key goes before anybody is told that the data is gone.
    private func answer(
        _ recorded: Recorded, _ subject: PersonalSubject
    ) async throws -> ErasureAnswer {
        var (grounds, commitments, isDestroyed) = ([ErasureGround](), [SHA256Digest](), false)
        switch recorded.entry.event {
        case .erasureRefused(let event): grounds = event.grounds
        case .subjectErased(let event):
            commitments = event.commitments
            do {
                try await vault.settle(database)
                isDestroyed = true
            } catch is KeyEncryptionKeyError {
                isDestroyed = false
            } catch is FileError {
                isDestroyed = false
            }
        default: throw Refusal(.conflict, "not-an-erasure", "The key was used for another act.")
        }
        let exports =
            grounds.isEmpty
            ? try await database.read { try Exports.before(recorded.entry.time, of: subject, $0) }
            : []
        let receipt = try await follower.receipt(
            for: recorded, timeout: receiptTimeout)
        return ErasureAnswer(
            outcome: Outcome(recorded: recorded, receipt: receipt), subject: subject,
            grounds: grounds, commitments: commitments, isKeyDestroyed: isDestroyed,
            exports: exports)
    }

    // MARK: judging

    private func versions(
        of subject: PersonalSubject, _ snapshot: Follower.Snapshot
    ) -> [VersionReference] {
        snapshot.fold.personal.versions(
            of: subject, linked: snapshot.identities.chain.linked(to:))
    }

    /// Whom the data is about or came from.
    private func people(
        of subject: PersonalSubject, _ snapshot: Follower.Snapshot
    ) -> Set<PrincipalID> {
        let chain = snapshot.identities.chain
        switch subject {
        case .principal(let principal): return Set(chain.linked(to: principal))
        case .card(let version):
            guard let event = snapshot.record.submission(of: version)?.event else { return [] }
            return Set([event.submitter, event.person].flatMap { chain.linked(to: $0) })
        }
    }

    /// Throws unless both officers have signed, may, and there is something to erase.
    private func check(
        _ erasure: ErasureRequest, _ envelope: Envelope, _ snapshot: Follower.Snapshot,
        _ now: Timestamp, _ db: borrowing Connection
    ) throws {
        guard snapshot.isWhole, snapshot.identities.missing.isEmpty else {
            throw Refusal(
                .busy, "log-unread", "The log could not be read to its end; nothing was decided.")
        }
        let problems = erasure.problems(
            signers: snapshot.identities.signers(of: envelope), chain: snapshot.identities.chain,
            people: people(of: erasure.subject, snapshot), origin: root.origin, at: now)
        guard problems.isEmpty else {
            throw Refusal(
                .unprocessable, "erasure-not-entitled",
                "The statement does not count: "
                    + problems.map(\.code).joined(separator: ", ") + ".",
                findings: problems,
                hint: "A privacy officer and a compliance officer sign the same statement; neither "
                    + "is the subject.")
        }
        switch erasure.subject {
        case .principal(let principal): try Self.requirePrincipal(principal, db)
        case .card(let version): _ = try VersionRow.require(version, db)
        }
        guard snapshot.fold.personal.erased[erasure.subject] == nil else {
            throw Refusal(.conflict, "erased-already", "\(erasure.subject) is erased already.")
        }
    }

    private func grounds(
        of erasure: ErasureRequest, _ versions: [VersionReference], _ snapshot: Follower.Snapshot,
        _ now: Timestamp, _ db: borrowing Connection
    ) throws -> [ErasureGround] {
        var loaded: [SHA256Digest: PolicyPack] = [:]
        for activation in snapshot.fold.personal.activations {
            guard let pack = try packs.pack(activation.event, db), pack.isSigned else { continue }
            loaded[activation.event.digest] = pack.pack
        }
        return ErasureFacts(
            subject: erasure.subject, versions: versions,
            people: people(of: erasure.subject, snapshot),
            holds: try holdsInForce(snapshot, db).map(\.placed), fold: snapshot.fold,
            packs: loaded, now: now
        ).grounds
    }
}

extension Refusal {
    /// Reads a statement, or refuses with all that is wrong with it.
    static func reading<T>(
        _ code: String, _ message: String, _ body: () throws -> T
    ) throws(Refusal) -> T {
        let findings: [JSONFinding]
        do {
            return try body()
        } catch let error as JSONFindings {
            findings = error.findings
        } catch let error as AttestationError {
            findings = error.findings.map { JSONFinding(.root, $0.code.rawValue, $0.message) }
        } catch {
            findings = []
        }
        throw Refusal(.unprocessable, code, message, findings: findings)
    }
}
