// "May this go on?": permits to start a deployment again while the service cannot be asked.
//
// A deploy permit is used once and lasts for minutes. A pod that restarts at night needs another word:
// a run permit, for a deployment that is confirmed to run, for the bytes, environment, target and use
// that it was permitted for. It is decided by the deploy gate against the state of now, each time anew, so
// nothing that is suspended, retired, on hold or no longer covered by approvals is renewed. Which
// deployment runs, where, and as what, is read from the log, not from rows.

internal import Attestation
internal import CanonicalJSON
package import Cryptography
internal import Database
internal import Governance

extension Registry {
    /// Decides whether a deployment may be started again, and signs the permit if so.
    ///
    /// - Parameter artifact: digest of the bytes on the caller's disk.
    package func permitRun(
        _ id: String, artifact: SHA256Digest, _ request: Request
    ) async throws -> GateAnswer {
        let caller = try caller(of: request)
        let unknown = Refusal(.notFound, "deployment-unknown", "There is no deployment \(id).")
        let name = try await database.read { db in
            try db.oneOrNil(
                "SELECT version FROM registry.deployment WHERE id = \(id)", as: String.self)
        }
        guard let version = name.flatMap({ VersionReference($0) }) else { throw unknown }
        let subjects = Subjects(
            written: [Subjects.version(version)],
            read: [Subjects.principal(caller.principal), Subjects.policy])
        let outcome = try await record(request, subjects, alone: true) { db, now in
            // Of snapshots the gate is told one, of where the deployment runs; the fold names it.
            let dossier = try dossier(of: version, db, now: now) { fold in
                fold.activeDeployments(of: version, at: now).first { $0.id == id }.flatMap {
                    fold.observation(of: $0.environment, in: version.model.namespace)
                }.map { [$0] } ?? []
            }
            let deployment = try running(id, in: dossier, db)
            let lifetime = dossier.pack.pack.runLifetimeHours[dossier.tier]
            guard let lifetime else {
                throw Refusal(
                    .conflict, "no-run-permits", "The policy pack in force gives no run permits.",
                    hint: "Its permits.yaml states their lifetimes by tier under `run`.")
            }
            let facts = dossier.deployFacts(
                presented: artifact, environment: deployment.environment,
                target: deployment.target, use: deployment.use,
                requester: holder(caller, in: version.model.namespace, dossier.chain, at: now),
                fold: foldFact(dossier.snapshot, now: now)
            ).json
            let decision = dossier.pack.pack.decide(
                gate: .deploy, subject: .version(version), facts: facts, now: now)
            var documents = [decision.document.canonicalBytes, facts.canonicalBytes]
            var given: (envelope: Envelope, notAfter: Timestamp)?
            if decision.verdict == .allow {
                let permit = PermitTerms(
                    kind: .run, version: version, environment: deployment.environment,
                    target: deployment.target, use: deployment.use, deployment: id,
                    notAfter: decision.permitEnd(afterSeconds: lifetime * 3_600))
                let envelope = try sign(permit, dossier, decision, now)
                documents.append(envelope.canonicalBytes)
                given = (envelope, permit.notAfter)
            }
            return Act(
                .runDecided(
                    RunDecided(
                        DeploymentDecided(
                            version: version, environment: deployment.environment,
                            target: deployment.target, use: deployment.use,
                            verdict: decision.verdict, artifact: artifact,
                            decision: SHA256.hash(documents[0]), facts: SHA256.hash(documents[1]),
                            trustRoot: root.digest, trustRootVersion: root.version,
                            deployment: id, permit: given?.envelope.payloadDigest,
                            permitDocument: given.map { SHA256.hash($0.envelope.canonicalBytes) },
                            notAfter: given?.notAfter))),
                documents: documents, policy: decision.policyDigest)
        }
        return try await answer(outcome)
    }

    /// The deployment, if rows and log say that it runs: what either knows of its end counts.
    private func running(
        _ id: String, in dossier: Dossier, _ db: borrowing Connection
    ) throws -> RestrictiveFold.Deployment {
        let state = try db.oneOrNil(
            "SELECT state FROM registry.deployment WHERE id = \(id)", as: String.self)
        let known = dossier.snapshot.fold.activeDeployments(
            of: dossier.row.reference, at: dossier.now
        ).first { $0.id == id }
        guard state == "active", let known, known.runs else {
            throw Refusal(
                .conflict, "deployment-not-running",
                "Deployment \(id) is not confirmed to run (\(state ?? "unknown")).",
                hint: "A deploy permit brings it in, and a confirmation says that it runs.")
        }
        return known
    }

    /// What a permit is to say.
    struct PermitTerms {
        let kind: Permit.Kind
        let version: VersionReference
        let environment: EnvironmentName
        let target: String
        let use: UseName?
        let deployment: String
        let notAfter: Timestamp
    }

    /// Signs a permit over what a decision allowed.
    func sign(
        _ terms: PermitTerms, _ dossier: Dossier, _ decision: Decision, _ now: Timestamp
    ) throws -> Envelope {
        guard let manifest = dossier.manifest else {
            throw Refusal(.conflict, "manifest-missing", "The artifact's file list is missing.")
        }
        guard root.permitKeys(at: now).contains(permitKey.publicKey) else {
            throw Refusal(
                .conflict, "permit-key-expired",
                "The permit key is not certified by the trust root at this time.",
                hint: "Custodians rotate it with a new version of the trust root.")
        }
        let statements =
            dossier.approvals.map(\.digest) + dossier.evaluations.map(\.digest) + [dossier.row.card]
        let pack = dossier.pack.pack
        return try Permit(
            origin: root.origin, model: terms.version.description,
            environment: terms.environment.description, target: terms.target,
            use: terms.use?.description ?? "", kind: terms.kind, deployment: terms.deployment,
            notBefore: now.description, notAfter: terms.notAfter.description,
            nonce: Hex.encode(Random.bytes(16)), manifest: manifest,
            decision: SHA256.hash(decision.document.canonicalBytes),
            root: .init(version: root.version, digest: root.digest), development: root.development,
            verifierID: "imprimatur:\(root.origin)", timeVerified: now.description,
            policy: .init(
                uri: "imprimatur:policy/\(pack.name)@\(pack.version)", sha256: pack.digest),
            inputs: statements.map { .init(uri: "imprimatur:statement/\($0.hex)", sha256: $0) },
            verifiedLevels: ["IMPRIMATUR_TIER_\(dossier.tier.rawValue)"]
        ).statement().sign(with: [permitKey])
    }
}
