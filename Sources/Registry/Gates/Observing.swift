// What agents last said of environments, as far as gates may rely on it.
//
// That a snapshot shows something to run restricts, whoever signed it, as the log has it. That it is fresh,
// and that an agent computed a digest itself, permits: this counts only by the signed statement, of a
// signer who was entitled to it when the log took it and is not known to have lost that since (I6).

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance

/// The last snapshot of an environment, as far as it is about a version.
struct SeenEnvironment {
    /// What the log says of it.
    let event: EnvironmentObserved
    /// When the log took it.
    let recordedAt: Timestamp
    /// When the log last said that anything of the version came, went or may start there.
    let changedAt: Timestamp?
    /// What was signed; nil when it does not count, or cannot be had.
    let snapshot: EnvironmentSnapshot?
}

extension DossierSources {
    /// The observations, each with its statement if that counts.
    var seen: [SeenEnvironment] {
        observations.map { observation in
            SeenEnvironment(
                event: observation.event, recordedAt: observation.at,
                changedAt: snapshot.fold.lastChange(
                    of: row.reference, in: observation.event.environment),
                snapshot: believed(observation))
        }
    }

    private func believed(_ observation: RestrictiveFold.Observation) -> EnvironmentSnapshot? {
        let event = observation.event
        guard let bytes = documents[event.document],
            let reading = cache.snapshot(StoredDocument(bytes, digest: event.document)),
            reading.digest == event.statement
        else { return nil }
        let signed = reading.snapshot
        guard signed.namespace == event.namespace, signed.environment == event.environment,
            signed.takenAt == event.takenAt,
            signed.problems(
                origin: root.origin,
                keys: cache.signers(
                    of: reading.envelope, document: event.document, snapshot.identities),
                chain: chain, at: observation.at
            ).isEmpty
        else { return nil }
        return signed
    }
}

extension Dossier {
    /// How old a snapshot may be.
    private var maximumAgeHours: Int64 {
        pack.pack.snapshotMaximumAgeHours ?? PolicyPack.usualSnapshotAgeHours
    }

    private func fact(_ seen: SeenEnvironment) -> SnapshotFact {
        SnapshotFact(
            environment: seen.event.environment, takenAt: seen.snapshot?.takenAt,
            recordedAt: seen.recordedAt, changedAt: seen.changedAt,
            runs: seen.event.running.contains(row.reference), maximumAgeHours: maximumAgeHours,
            now: now)
    }

    /// What the retire gate is told of environments.
    var snapshotFacts: [SnapshotFact] { seen.map(fact) }

    /// The statement by which an agent says that it computed this digest of the bytes that somebody
    /// wants to use at a target; nil when none does. Who asks does not vouch for themselves, by
    /// whatever principal.
    func vouching(
        for presented: SHA256Digest, in environment: EnvironmentName, at target: String,
        to requester: PrincipalID
    ) -> SHA256Digest? {
        seen.first { seen in
            guard seen.event.environment == environment, let snapshot = seen.snapshot,
                !SnapshotFact.isOld(
                    snapshot.takenAt, maximumAgeHours: maximumAgeHours, at: now)
            else { return false }
            return snapshot.hasRecomputed(presented, at: target)
                && !chain.linked(to: snapshot.signer.principal).contains(requester)
        }?.event.statement
    }

    /// An environment in the status document of a version.
    func status(of seen: SeenEnvironment) -> JSON {
        let (event, fact) = (seen.event, fact(seen))
        return [
            "environment": .text(event.environment), "takenAt": .text(event.takenAt),
            "believed": .bool(seen.snapshot != nil), "overdue": .bool(fact.overdue),
            "runs": .bool(fact.runs), "comparison": .digest(event.comparison),
            "runningNotPermitted": .integer(event.runningNotPermitted),
            "permittedNotRunning": .integer(event.permittedNotRunning),
            "digestDiffers": .integer(event.digestDiffers),
        ]
    }
}
