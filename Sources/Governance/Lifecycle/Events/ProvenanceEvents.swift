// How a version was built, as its builder says.

package import CanonicalJSON
package import Cryptography

/// A builder's signed statement of how a version was built was recorded.
package struct ProvenanceRecorded: EventPayload {
    package static let kind = "provenance.recorded"
    package let version: VersionReference
    package let predicateType: String
    /// Digest of the statement's payload.
    package let statement: SHA256Digest
    /// Digest of the envelope as stored.
    package let document: SHA256Digest
    /// What of the version the statement names: the artifact digest, or the SHA-256 of one of its files.
    package let subject: SHA256Digest
    /// The file; empty for the whole artifact.
    package let file: String
    package let signer: KeyID
    /// Who held that key.
    package let principal: PrincipalID
    /// Who built it, as the statement says.
    package let builder: String
    package let buildType: String
    /// How many materials the statement names.
    package let materials: Int64
    /// The first of them, as many as an entry holds.
    package let lineage: [LineageLink]

    package init(
        version: VersionReference, predicateType: String, statement: SHA256Digest,
        document: SHA256Digest, subject: SHA256Digest, file: String, signer: KeyID,
        principal: PrincipalID, builder: String, buildType: String, materials: Int64,
        lineage: [LineageLink]
    ) {
        self.version = version
        self.predicateType = predicateType
        self.statement = statement
        self.document = document
        self.subject = subject
        self.file = file
        self.signer = signer
        self.principal = principal
        self.builder = builder
        self.buildType = buildType
        self.materials = materials
        self.lineage = lineage
    }

    package init?(_ reader: inout EventReader) {
        guard let version = reader.version("version"),
            let predicateType = reader.string("predicateType"),
            let statement = reader.digest("statement"),
            let document = reader.digest("document"),
            let subject = reader.digest("subject"),
            let file = reader.string("file"),
            let signer = reader.keyID("signer"),
            let principal = reader.principal("principal"),
            let builder = reader.string("builder"),
            let buildType = reader.string("buildType"),
            let materials = reader.count("materials"),
            let lineage = reader.value("lineage", { LineageLink.list($0) })
        else { return nil }
        self.init(
            version: version, predicateType: predicateType, statement: statement,
            document: document, subject: subject, file: file, signer: signer,
            principal: principal, builder: builder, buildType: buildType, materials: materials,
            lineage: lineage)
    }

    package var members: [String: JSON] {
        [
            "version": .text(version), "predicateType": .string(predicateType),
            "statement": .digest(statement), "document": .digest(document),
            "subject": .digest(subject), "file": .string(file), "signer": .string(signer.hex),
            "principal": .text(principal), "builder": .string(builder),
            "buildType": .string(buildType), "materials": .integer(materials),
            "lineage": .array(lineage.map(\.json)),
        ]
    }
}
