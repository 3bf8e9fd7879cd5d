// Several governed acts in one transaction: all that they share is done once.
//
// The order inside the transaction is that of one act (Writer.swift), each step for all acts:
//   1. the retry keys;
//   2. the head rows of all subjects, once: exclusive what any act changes. No row is waited for, so
//      nobody waits for a stranger's lock and no two such transactions can block one another: an act
//      with a subject that somebody else holds, or that has no row yet, is put aside;
//   3. act by act, in their order: load, decide, its documents and projections. They travel with the
//      next act's first question, so a later act sees what an earlier one did; one that would have to
//      see it in the entry is put aside. A refusal is thrown before anything of its act is sent, and
//      leaves the others as they are;
//   4. the subjects' new numbers, and last all entries under one signature, in the order of the acts.
// What the database itself refuses in one act has failed the transaction for all: nothing is stored,
// and all are put aside. Whoever is put aside is written in a transaction of its own. So every act has
// the outcome that it would have had alone, and acts without such faults, nearly all, pay for none.

internal import Cryptography
internal import Database
internal import Governance

extension Writer {
    /// A governed act that waits to be written.
    struct Job: Sendable {
        let request: Request
        let subjects: Subjects
        let decide: @Sendable (borrowing Connection, Timestamp) throws -> Act
    }

    /// Carries out several acts one after the other; the outcome of each, in their order, and kept.
    func write(_ jobs: [Job]) async -> [Result<Recorded, any Error>] {
        let outcomes = await together(jobs)
        var results: [Result<Recorded, any Error>] = []
        for (job, outcome) in zip(jobs, outcomes) {
            if let outcome {
                results.append(outcome)
            } else {
                results.append(await alone(job, .writeUnflushed))
            }
        }
        return await keep(results)
    }

    /// Carries out one act in a transaction of its own.
    func alone(_ job: Job, _ options: TransactionOptions) async -> Result<Recorded, any Error> {
        do {
            return .success(try await write(job.request, job.subjects, options, job.decide))
        } catch {
            return .failure(error)
        }
    }

    /// Carries out what can be in one transaction; nil is the outcome of an act that is put aside.
    func together(_ jobs: [Job]) async -> [Result<Recorded, any Error>?] {
        do {
            return try await database.write(.together) { db in try inOne(jobs, db) }
        } catch let error where Self.concernsOneAct(error) {
            return jobs.map { _ in nil }
        } catch {
            return jobs.map { _ in .failure(error) }
        }
    }

    /// An entry that waits for its signature.
    private struct Draft {
        let position: Int
        let entry: Entry
        let payload: [UInt8]
    }

    /// Whether the transaction failed because of what is in it.
    private static func concernsOneAct(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return true }
        switch error.kind {
        case .timeout, .server, .rolledBack, .decoding, .rowCount, .usage: return true
        case .connection, .commitUnknown, .busy, .cancelled, .configuration, .migration:
            return false
        }
    }

    /// Subjects of acts that show in their entries only, which are inserted last: an act that would have
    /// to see one is put aside.
    private struct Unseen {
        private var subjects: Set<String> = []
        private var isEverything = false

        func concerns(_ others: Set<String>) -> Bool {
            isEverything || !subjects.isDisjoint(with: others)
        }

        mutating func note(_ event: Event, _ concerned: Subjects) {
            switch event {
            case .keyRevoked, .roleRevoked, .delegationRevoked, .tokenRevoked, .principalRegistered,
                .holdPlaced,
                .holdReleased, .subjectErased, .policyActivated, .rootChanged:
                isEverything = true
            case .evaluationRecorded, .findingRaised, .findingClosed, .abstentionRecorded,
                .waiverRecorded, .breakGlassRecorded, .breakGlassReviewed, .versionAlerted,
                .tierDetermined, .deploymentConfirmed, .deploymentEnded,
                .provenanceRecorded, .legacyImported, .environmentObserved:
                subjects.formUnion(concerned.written)
            default: break
            }
        }
    }

    /// An act that needs a transaction of its own, or an entry too large beside the others' signature path.
    private struct NotTogether: Error {}

    /// What the seal of a batch adds to an entry at most: a path of 16 hashes, key and signature.
    private static let sealBytes = 1_800

    private func inOne(
        _ jobs: [Job], _ db: borrowing Connection
    ) throws -> [Result<Recorded, any Error>?] {
        var results = [Result<Recorded, any Error>?](repeating: nil, count: jobs.count)
        try answerRetries(jobs, &results, db)
        let open = jobs.indices.filter { results[$0] == nil }
        let written = open.reduce(into: Set<String>()) { $0.formUnion(jobs[$1].subjects.written) }
        let read = open.reduce(into: Set<String>()) { $0.formUnion(jobs[$1].subjects.read) }
        let tokens = Set(open.compactMap { jobs[$0].request.caller?.token })
        var (sequences, revoked) = try Self.lockFree(
            Subjects(written: written, read: read), tokens: tokens, db)
        var drafts: [Draft] = []
        var unseen = Unseen()
        for position in open {
            let job = jobs[position]
            let subjects = job.subjects.written.union(job.subjects.read)
            guard subjects.allSatisfy({ sequences[$0] != nil }), !unseen.concerns(subjects) else {
                continue
            }
            do {
                if let token = job.request.caller?.token, revoked.contains(token) {
                    throw Self.tokenRevoked
                }
                let now = clock()
                let act = try job.decide(db, now)
                guard act.disposes == nil else { throw NotTogether() }
                let entry = entry(of: act, job.request, job.subjects, sequences, now)
                let payload = entry.canonicalBytes
                guard payload.count + Self.sealBytes <= SignedEntry.maximumBytes else {
                    throw NotTogether()
                }
                for name in job.subjects.written { sequences[name, default: 0] += 1 }
                var statements: [SQL] = []
                if !act.documents.isEmpty {
                    statements.append(
                        Documents.insert(act.documents, act.documents.map(SHA256.hash)))
                }
                statements += act.secrets.flatMap(\.statements) + Projection.rows(for: entry)
                try db.later(statements)
                drafts.append(Draft(position: position, entry: entry, payload: payload))
                unseen.note(entry.event, job.subjects)
            } catch let refusal as Refusal {
                results[position] = .failure(refusal)
            }
        }
        let changed = drafts.reduce(into: Set<String>()) {
            $0.formUnion(jobs[$1.position].subjects.written)
        }
        try insert(drafts, sequences.filter { changed.contains($0.key) }, &results, db)
        return results
    }

    /// Finds what earlier requests with the same retry keys did.
    private func answerRetries(
        _ jobs: [Job], _ results: inout [Result<Recorded, any Error>?], _ db: borrowing Connection
    ) throws {
        let keys = jobs.compactMap { $0.request.idempotency?.key }
        guard !keys.isEmpty else { return }
        let known = try db.all(
            "SELECT key_digest FROM audit.idempotency WHERE key_digest = ANY(\(keys.map(\.bytes)))",
            as: [UInt8].self)
        let digests = Set(known)
        for position in jobs.indices {
            guard let key = jobs[position].request.idempotency?.key, digests.contains(key.bytes)
            else { continue }
            do {
                results[position] = try earlier(jobs[position].request, db).map(Result.success)
            } catch let refusal as Refusal {
                results[position] = .failure(refusal)
            }
        }
    }

    /// Inserts the entries, last of all.
    private func insert(
        _ drafts: [Draft], _ sequences: [String: Int64],
        _ results: inout [Result<Recorded, any Error>?], _ db: borrowing Connection
    ) throws {
        guard !drafts.isEmpty else { return }
        let signed = try signer.sign(drafts.map(\.entry), payloads: drafts.map(\.payload))
        // Ids are given in the order of the rows, so that order of index is order of decision.
        let ids = try db.executeBatch(
            [Projection.subjects(sequences)],
            then: Ask.all(
                """
                WITH e AS (
                    INSERT INTO audit.entry (bytes)
                    SELECT bytes FROM unnest(\(signed)) WITH ORDINALITY AS one (bytes, place)
                    ORDER BY place RETURNING id)
                INSERT INTO audit.pending (entry_id) SELECT id FROM e RETURNING entry_id
                """, as: Int64.self)
        ).sorted()
        guard ids.count == signed.count else { throw NotTogether() }
        var keys: (key: [[UInt8]], body: [[UInt8]], id: [Int64]) = ([], [], [])
        for (place, one) in drafts.enumerated() {
            results[one.position] = .success(
                Recorded(
                    entryID: ids[place], entry: one.entry, bytes: signed[place], wasReplayed: false)
            )
            guard let idempotency = one.entry.idempotency else { continue }
            keys.key.append(idempotency.key.bytes)
            keys.body.append(idempotency.body.bytes)
            keys.id.append(ids[place])
        }
        guard !keys.id.isEmpty else { return }
        try db.execute(
            """
            INSERT INTO audit.idempotency (key_digest, body_digest, entry_id)
            SELECT * FROM unnest(\(keys.key), \(keys.body), \(keys.id))
            """)
    }
}
