// Records what builders say of how a version was built: lineage with a signature under it.
//
// The builder is a service whose key is registered here, and so under the trust root; who hands the
// statement in needs a role, and is not believed about anything. Which service may call itself which
// builder is written down nowhere: what is on record is that this one signed it. A gate decides nothing
// by it.

package import Attestation
internal import CanonicalJSON
internal import Cryptography
package import Governance

extension Registry {
    /// Most statements on one version, and most of one builder: no other is kept from saying something.
    private static let mostProvenance = 200
    private static let mostProvenanceOfOne = 20

    /// Records a builder's statement on a version.
    package func attest(
        _ envelope: Envelope, of reference: VersionReference, _ request: Request
    ) async throws -> Outcome {
        let caller = try caller(of: request)
        try require([.owner, .validator], of: caller, in: reference.model.namespace)
        let evidence: ProvenanceEvidence
        do {
            evidence = try ProvenanceEvidence(taking: envelope)
        } catch {
            throw Refusal(
                .unprocessable, "provenance-malformed", "The statement is no provenance.",
                findings: error.findings.map { JSONFinding(.root, $0.code.rawValue, $0.message) },
                offence: .statementInvalid)
        }
        let document = envelope.canonicalBytes
        let subjects = Subjects(
            written: [Subjects.version(reference)],
            read: [Subjects.principal(caller.principal)])
        return try await record(request, subjects, alone: true) { db, now in
            let dossier = try dossier(of: reference, db, now: now)
            guard dossier.row.state != "retired" else {
                throw Refusal(.conflict, "version-closed", "\(reference) is retired.")
            }
            let (key, holder) = try builder(of: envelope, dossier, now)
            guard
                let subject = evidence.subject(
                    artifact: dossier.row.artifact, files: dossier.manifest?.files ?? [])
            else {
                throw Refusal(
                    .unprocessable, "provenance-of-other-artifact",
                    "No subject of the statement is the artifact \(dossier.row.artifact) or one of "
                        + "its files.")
            }
            // Asked of the log: rows that were taken away forget nothing.
            let recorded = dossier.snapshot.record.provenance(of: reference)
            guard
                !recorded.contains(where: {
                    $0.statement == envelope.payloadDigest && $0.signer == key
                })
            else {
                throw Refusal(
                    .conflict, "provenance-known", "This statement is on record already.")
            }
            let own = recorded.count(where: { $0.principal == holder.principal })
            guard own < Self.mostProvenanceOfOne, recorded.count < Self.mostProvenance else {
                throw Refusal(
                    .conflict, "provenance-too-much",
                    "\(reference) has \(own) such statements of \(holder.principal), and "
                        + "\(recorded.count) in all: no more are taken.")
            }
            return Act(
                .provenanceRecorded(
                    evidence.event(
                        of: reference, document: SHA256.hash(document), subject: subject.digest,
                        file: subject.file, signer: key, principal: holder.principal)),
                documents: [document])
        }
    }

    /// Who signed as the builder: a service, and not one of the person who submitted the version, since
    /// nobody confirms his own card.
    private func builder(
        of envelope: Envelope, _ dossier: Dossier, _ now: Timestamp
    ) throws(Refusal) -> (KeyID, TrustChain.Holder) {
        func refusal(_ why: String, hint: String) -> Refusal {
            Refusal(
                .unprocessable, "provenance-not-entitled", why, hint: hint,
                offence: .statementInvalid)
        }
        guard let key = dossier.snapshot.identities.signers(of: envelope).first,
            let holder = dossier.chain.holder(of: key, at: now)
        else {
            throw refusal(
                "Nobody who is registered here has signed the statement.",
                hint: "Register the builder: `imprimatur principal add --kind service`.")
        }
        guard holder.kind == .service else {
            throw refusal(
                "\(holder.principal) is a person: only a service speaks as a builder.",
                hint: "Register the builder: `imprimatur principal add --kind service`.")
        }
        guard dossier.chain.person(of: holder.principal) != dossier.submitter.person else {
            throw refusal(
                "\(holder.principal) and who submitted the version are the same.",
                hint: "Have the build service sign with a key of its own.")
        }
        return (key, holder)
    }

    /// What builders have said of a version, as the log has it.
    static func provenance(of dossier: Dossier) -> [JSON] {
        let shown: Set<String> = [
            "statement", "predicateType", "file", "principal", "builder", "buildType", "materials",
            "lineage",
        ]
        return dossier.snapshot.record.provenance(of: dossier.row.reference).map { event in
            .object(event.members.filter { shown.contains($0.key) })
        }
    }
}
