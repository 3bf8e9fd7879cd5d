// A builder's statement as evidence of where a version comes from.
//
// Specification: an in-toto statement (v1 or v0.1) with SLSA provenance v1 or v0.2 (Provenance.swift) in a
// DSSE envelope. It is about a version when one of its subjects has, as SHA-256, the version's artifact
// digest, or else the SHA-256 of one of the version's files, the first in order of the files. Names of
// subjects prove nothing. Each material is a source that the version was built from; an entry holds the
// first of them, at most 64 and 20,000 bytes of text, and how many there are.

package import Attestation
package import Cryptography

/// What a builder says of how something was built.
package struct ProvenanceEvidence: Sendable {
    package let statement: Statement
    package let provenance: Provenance
    private let payload: SHA256Digest

    private static let linkLimit = 64
    private static let textLimit = 20_000

    /// Reads an envelope; its signatures are the caller's to check.
    package init(reading envelope: Envelope) throws(AttestationError) {
        guard envelope.payloadType == Statement.payloadType else {
            throw AttestationError(.payloadTypeMismatch, "The payload is no in-toto statement.")
        }
        statement = try Statement(foreign: envelope.payload)
        guard let provenance = try Provenance(statement) else {
            throw AttestationError(
                .predicateTypeMismatch,
                "The statement is no SLSA provenance v1 or v0.2, but "
                    + "\(statement.predicateType.prefix(200)).")
        }
        self.provenance = provenance
        payload = envelope.payloadDigest
    }

    /// What of an artifact the statement names: all of it, with an empty path, or a file; nil for nothing.
    package func subject(
        artifact: SHA256Digest, files: [FileRecord]
    ) -> (digest: SHA256Digest, file: String)? {
        let named = Set(statement.subjects.compactMap(\.sha256))
        if named.contains(artifact) { return (artifact, "") }
        return files.first { named.contains($0.sha256) }.map { ($0.sha256, $0.path) }
    }

    /// Whether a subject has this digest.
    package func names(_ digest: SHA256Digest) -> Bool {
        statement.subjects.contains { $0.sha256 == digest }
    }

    /// The materials as the log holds them.
    package var links: [LineageLink] {
        var links: [LineageLink] = []
        var text = 0
        for material in provenance.materials.prefix(Self.linkLimit) {
            text += material.name.utf8.count + material.digest.utf8.count
            guard text <= Self.textLimit else { break }
            links.append(
                LineageLink(
                    kind: LineageKind.builtFrom.rawValue, label: "", name: material.name,
                    digest: material.digest))
        }
        return links
    }

    /// The event that records it.
    package func event(
        of version: VersionReference, document: SHA256Digest, subject: SHA256Digest, file: String,
        signer: KeyID, principal: PrincipalID
    ) -> ProvenanceRecorded {
        ProvenanceRecorded(
            version: version, predicateType: provenance.predicateType, statement: payload,
            document: document, subject: subject, file: file, signer: signer,
            principal: principal, builder: provenance.builder, buildType: provenance.buildType,
            materials: Int64(provenance.materials.count), lineage: links)
    }
}
