// "Is what runs what may run?": takes an agent's signed snapshot, compares it with the permits of the log,
// and records both.
//
// The entry writes the subject of every version that runs there or may: so it is in their histories, and a
// gate that retires one of them has either seen it or comes after it.

package import Attestation
package import CanonicalJSON
internal import Cryptography
internal import Database
package import Governance

extension Registry {
    /// Bytes that the versions concerned may take of an entry, which has at most 65,535.
    private static let mostEntryBytes = 60_000
    /// Most versions with artifacts whose files are compared with images.
    private static let mostManifests = 200
    /// Most environments of a namespace that agents look at: gates read the last snapshot of each.
    private static let mostEnvironments = 100

    /// What came of a snapshot.
    package struct Reconciliation: Sendable {
        /// The record of the comparison.
        package let comparison: JSON
        package let outcome: Outcome
    }

    /// Where a statement was sent to.
    package struct SnapshotAddress: Sendable, Hashable {
        package let namespace: Namespace
        package let environment: EnvironmentName

        package init(namespace: Namespace, environment: EnvironmentName) {
            self.namespace = namespace
            self.environment = environment
        }
    }

    /// What the versions concerned take of an entry at most: it holds each among what runs, and
    /// among its subjects with a sequence number.
    static func entryBytes(of concerned: Set<VersionReference>) -> Int {
        concerned.reduce(0) { $0 + 2 * $1.description.utf8.count + 48 }
    }

    /// Compares what an agent saw run in an environment with what may run there.
    ///
    /// - Parameter address: what the statement has to be about; nil for whatever it is about.
    package func reconcile(
        _ envelope: Envelope, at address: SnapshotAddress? = nil, _ request: Request
    ) async throws -> Reconciliation {
        let caller = try caller(of: request)
        let snapshot = try read(
            envelope, "snapshot-malformed", "The statement is no snapshot of an environment."
        ) { (statement: Statement) throws(JSONFindings) in
            try EnvironmentSnapshot(reading: statement)
        }
        if let address,
            address.namespace != snapshot.namespace || address.environment != snapshot.environment
        {
            throw Refusal(
                .unprocessable, "environment-mismatch",
                "The statement is about \(snapshot.environment) and \(snapshot.namespace), "
                    + "the address about \(address.environment) and \(address.namespace).")
        }
        let document = envelope.canonicalBytes
        let (seen, time) = (follower.snapshot, clock())
        // Before anything is locked: nobody holds up versions by naming them in a forged statement.
        let keys = try verified(envelope, by: 1, "snapshot-not-entitled")
        try requireEntitled(snapshot, keys, seen.identities.chain, time)
        let concerned = concerned(by: snapshot, seen, at: time)
        guard Self.entryBytes(of: concerned) <= Self.mostEntryBytes else {
            throw Refusal(
                .unprocessable, "snapshot-too-wide",
                "More versions run or may run in \(snapshot.environment) than one entry can name.",
                hint: "Divide the environment: each cluster or site can be one of its own.")
        }
        let subjects = Subjects(
            written: Set(concerned.map(Subjects.version)).union([
                "environment/\(snapshot.namespace)/\(snapshot.environment)"
            ]),
            read: [
                Subjects.principal(caller.principal), Subjects.principal(snapshot.signer.principal),
                Subjects.policy,
            ])
        let outcome = try await record(request, subjects, alone: true) { db, now in
            let state = try upToDate(follower.snapshot, db)
            guard self.concerned(by: snapshot, state, at: now).isSubset(of: concerned) else {
                throw Refusal(
                    .busy, "environment-changed",
                    "Versions were deployed in \(snapshot.environment) in this moment.",
                    hint: "Send the snapshot again.")
            }
            try requireBelievable(snapshot, keys, state, db, now)
            guard let pack = try packs.active(db) else {
                throw Refusal(
                    .conflict, "policy-missing", "No policy pack is in force that can be read.")
            }
            let hours = pack.pack.snapshotMaximumAgeHours ?? PolicyPack.usualSnapshotAgeHours
            let dueAt = snapshot.takenAt.adding(seconds: hours * 3_600)
            let artifacts = Set(snapshot.items.compactMap(\.artifact))
            let named = Set(snapshot.items.compactMap(\.version))
            let comparison = EnvironmentComparison(
                of: snapshot.items, with: try permitted(by: snapshot, state, db, now),
                known: state.record.versions(of: snapshot.namespace, with: artifacts),
                submitted: named.filter { state.record.submission(of: $0) != nil })
            let record = comparison.document(
                of: snapshot, statement: envelope.payloadDigest, dueAt: dueAt
            ).canonicalBytes
            return Act(
                .environmentObserved(
                    EnvironmentObserved(
                        snapshot, comparison, statement: envelope.payloadDigest,
                        document: SHA256.hash(document), comparison: SHA256.hash(record),
                        dueAt: dueAt)),
                documents: [document, record], policy: pack.pack.digest)
        }
        return Reconciliation(comparison: try await comparison(of: outcome), outcome: outcome)
    }

    /// Every version that the log knows and that runs there, or may.
    private func concerned(
        by snapshot: EnvironmentSnapshot, _ state: Follower.Snapshot, at now: Timestamp
    ) -> Set<VersionReference> {
        let running = snapshot.items.filter { $0.state == .running }
        let named = running.compactMap(\.version).filter {
            state.record.submission(of: $0) != nil
        }
        let known = state.record.versions(
            of: snapshot.namespace, with: Set(running.compactMap(\.artifact)))
        let permitted = state.fold.activeDeployments(
            in: snapshot.environment, of: snapshot.namespace, at: now)
        return Set(named).union(known.values.joined()).union(permitted.map(\.version))
    }

    /// Refuses a statement that is not the word of an agent of the namespace.
    private func requireEntitled(
        _ snapshot: EnvironmentSnapshot, _ keys: Set<KeyID>, _ chain: TrustChain,
        _ now: Timestamp
    ) throws(Refusal) {
        let problems = snapshot.problems(
            origin: root.origin, keys: keys, chain: chain, at: now)
        guard problems.isEmpty else {
            throw Refusal(
                .unprocessable, "snapshot-not-entitled",
                "The statement does not count: " + problems.map(\.message).joined(separator: " "),
                findings: problems,
                hint: "Who holds the role agent in the namespace signs snapshots of it.",
                offence: .statementInvalid)
        }
    }

    private func requireBelievable(
        _ snapshot: EnvironmentSnapshot, _ keys: Set<KeyID>, _ state: Follower.Snapshot,
        _ db: borrowing Connection, _ now: Timestamp
    ) throws {
        let (_, chain) = try identities(db)
        try requireEntitled(snapshot, keys, chain, now)
        let last = state.fold.observation(of: snapshot.environment, in: snapshot.namespace)
        if last == nil,
            state.fold.observedEnvironments(of: snapshot.namespace) >= Self.mostEnvironments
        {
            throw Refusal(
                .unprocessable, "environments-too-many",
                "Agents look at \(Self.mostEnvironments) environments of \(snapshot.namespace), "
                    + "and \(snapshot.environment) is another.",
                hint: "Models of another namespace have environments of their own.")
        }
        if let last, snapshot.takenAt <= last.event.takenAt {
            throw Refusal(
                .conflict, "snapshot-not-later",
                "The last snapshot of \(snapshot.environment) was taken at \(last.event.takenAt), "
                    + "this one at \(snapshot.takenAt).",
                hint: "Take a new one: an older state is not put over a later one.")
        }
    }

    /// What may run there, by the log.
    private func permitted(
        by snapshot: EnvironmentSnapshot, _ state: Follower.Snapshot, _ db: borrowing Connection,
        _ now: Timestamp
    ) throws -> [EnvironmentComparison.Permitted] {
        let deployments = state.fold.activeDeployments(
            in: snapshot.environment, of: snapshot.namespace, at: now)
        let submissions = Dictionary(
            deployments.compactMap { deployment in
                state.record.submission(of: deployment.version).map {
                    (deployment.version, $0.event)
                }
            }
        ) { first, _ in first }
        let files = try filesForImages(of: snapshot, submissions, db)
        return deployments.compactMap { deployment in
            guard let artifact = submissions[deployment.version]?.artifact else { return nil }
            return EnvironmentComparison.Permitted(
                deployment: deployment.id, version: deployment.version,
                target: deployment.target, artifact: artifact,
                files: files[deployment.version] ?? [], permit: deployment.permit,
                runs: deployment.runs)
        }
    }

    /// The digests of artifacts' files, when something that runs is known by its images alone.
    private func filesForImages(
        of snapshot: EnvironmentSnapshot,
        _ submissions: [VersionReference: VersionSubmitted], _ db: borrowing Connection
    ) throws -> [VersionReference: Set<SHA256Digest>] {
        let isNeeded = snapshot.items.contains {
            $0.state == .running && $0.version == nil && $0.deployment == nil
                && $0.artifact == nil
        }
        guard isNeeded else { return [:] }
        guard submissions.count <= Self.mostManifests else {
            throw Refusal(
                .unprocessable, "snapshot-too-wide",
                "More than \(Self.mostManifests) versions may run in \(snapshot.environment): "
                    + "images alone are not compared with all their files.",
                hint: "Annotate what runs with imprimatur.dev/model.")
        }
        let documents = try Documents.load(submissions.values.map(\.manifestDocument), db)
        return submissions.compactMapValues { submission in
            guard let bytes = documents[submission.manifestDocument],
                let json = try? JSON(parsing: bytes),
                let manifest = try? ArtifactManifest(json: json),
                manifest.digest == submission.artifact
            else { return nil }
            return Set(manifest.files.map(\.sha256))
        }
    }

    /// The comparison that an entry stands for: also for a retry that finds the entry of its first try.
    private func comparison(of outcome: Outcome) async throws -> JSON {
        guard case .environmentObserved(let event) = outcome.recorded.entry.event else {
            throw Refusal(.conflict, "not-a-snapshot", "The entry is no snapshot.")
        }
        let documents = try await afterCommit {
            try await database.read { try Documents.load([event.comparison], $0) }
        }
        guard let record = documents[event.comparison] else {
            throw Refusal(.conflict, "document-missing", "The comparison is missing.")
        }
        return try JSON(parsing: record)
    }
}
