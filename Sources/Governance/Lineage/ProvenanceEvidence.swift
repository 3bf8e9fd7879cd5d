// A builder's statement as evidence of where a version comes from.
//
// Specification: an in-toto statement (v1 or v0.1) with SLSA provenance v1 or v0.2 (Provenance.swift) in a
// DSSE envelope. It is about a version when one of its subjects has, as SHA-256, the version's artifact
// digest, or else the SHA-256 of one of the version's files, the first in order of the files. Names of
// subjects prove nothing. Each material is a source that the version was built from; an entry holds the
// first of them, at most 64 and 20,000 bytes of text, and how many there are.
//
// What is put on record stays there for ever, so more is asked of it than of what is only read: one
// signature, at most 128 KiB, SHA-1 and SHA-2 digests of their lengths, and no address with a user or a
// password in it (the account "git", which ssh wants, is none).

package import Attestation
package import Cryptography

/// What a builder says of how something was built.
package struct ProvenanceEvidence: Sendable {
    package let statement: Statement
    package let provenance: Provenance
    private let payload: SHA256Digest

    private static let envelopeLimit = 128 << 10
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

    /// Reads an envelope that is to be put on record.
    package init(taking envelope: Envelope) throws(AttestationError) {
        guard envelope.canonicalBytes.count <= Self.envelopeLimit else {
            throw AttestationError(
                .tooLarge, "The envelope is longer than \(Self.envelopeLimit) bytes.")
        }
        guard envelope.signatures.count == 1 else {
            throw AttestationError(
                .signatureCount,
                "The envelope has \(envelope.signatures.count) signatures, not exactly one.")
        }
        try self.init(reading: envelope)
        let said = [provenance.builder, provenance.buildType] + provenance.materials.map(\.name)
        guard !said.contains(where: Self.namesAccount) else {
            // The address is not repeated: messages are logged.
            throw AttestationError(
                .malformed,
                "An address names a user or a password before '@': what is recorded stays for ever. "
                    + "Have the builder name the address without it.")
        }
        for material in provenance.materials {
            for (algorithm, hex) in material.digests {
                let lengths = Self.digestLengths[algorithm] ?? [hex.utf8.count]
                guard lengths.contains(hex.utf8.count) else {
                    throw AttestationError(
                        .malformed, "A material's \(algorithm) has \(hex.utf8.count) digits.")
                }
            }
        }
    }

    /// Hexadecimal digits by algorithm; a repository of git may be one of SHA-256.
    private static let digestLengths: [String: Set<Int>] = [
        "sha1": [40], "gitCommit": [40, 64], "sha256": [64], "sha384": [96], "sha512": [128],
    ]

    /// Whether an address in the text has a part before the host, which may be a secret.
    private static func namesAccount(_ text: String) -> Bool {
        var rest = text[...]
        while let mark = rest.firstRange(of: "://") {
            rest = rest[mark.upperBound...]
            let authority = rest.prefix { !"/?#\\".contains($0) }
            if let at = authority.lastIndex(of: "@"), authority[..<at] != "git" { return true }
        }
        return false
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
