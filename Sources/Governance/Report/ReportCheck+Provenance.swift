// Of step 8 of checking a report: what builders signed of how versions were built.
//
// The line must say what the statement says, the statement must be signed by a key that the principal
// held then, and what it names must be the version's artifact or one of its files, as they were
// submitted. Whether what a builder says is true is nobody's to check.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography

extension ReportCheck {
    mutating func check(
        _ event: ProvenanceRecorded, _ time: Timestamp, _ lines: [ReportLine],
        at place: JSONPointer
    ) {
        expect(
            isPartOfVersion(event, lines), place,
            "What the builder's statement names is nothing that was submitted as \(event.version).")
        guard let bytes = documents[event.document] else { return }
        guard let envelope = try? Envelope(parsing: bytes),
            let evidence = try? ProvenanceEvidence(reading: envelope)
        else {
            return find(place, "statement", "Document \(event.document) is no provenance.")
        }
        verdict.statements += 1
        expect(
            evidence.names(event.subject)
                && evidence.event(
                    of: event.version, document: event.document, subject: event.subject,
                    file: event.file, signer: event.signer, principal: event.principal) == event,
            place, "The builder's statement says something else than the line.")
        if !identities.signers(of: envelope).contains(event.signer)
            || identities.chain.holder(of: event.signer, at: time)?.principal != event.principal
        {
            find(
                place, "authority",
                "The statement is not signed by a key that \(event.principal) held.")
        }
    }

    /// Whether the digest is that of the version, or of the file that the line names in it.
    private func isPartOfVersion(_ event: ProvenanceRecorded, _ lines: [ReportLine]) -> Bool {
        let submitted = lines.lazy.compactMap { line -> VersionSubmitted? in
            guard case .versionSubmitted(let submitted) = line.entry.event,
                submitted.version == event.version
            else { return nil }
            return submitted
        }.first
        guard let submitted else { return false }
        guard !event.file.isEmpty else { return event.subject == submitted.artifact }
        // A list that is missing is a finding of its own; one that was disposed of cannot be asked.
        guard let list = documents[submitted.manifestDocument] else { return true }
        guard let json = try? JSON(parsing: list), let manifest = try? ArtifactManifest(json: json)
        else { return false }
        return manifest.files.contains { $0.path == event.file && $0.sha256 == event.subject }
    }
}
