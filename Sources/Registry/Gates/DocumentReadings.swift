// What the documents of a version say by themselves, before anybody asks what they are worth.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import Schema

/// A document's bytes under their digest.
struct StoredDocument {
    let digest: SHA256Digest
    let bytes: [UInt8]

    /// Bytes that were loaded under this digest and hash to it.
    init(_ bytes: [UInt8], digest: SHA256Digest) {
        self.digest = digest
        self.bytes = bytes
    }

    /// Bytes that nobody has hashed yet.
    init(_ bytes: [UInt8]) {
        self.init(bytes, digest: SHA256.hash(bytes))
    }
}

/// An evaluation statement, with every rate computed again from its counts.
struct EvaluationReading: Sendable {
    let envelope: Envelope
    /// Digest of the payload.
    let digest: SHA256Digest
    /// The artifact that it is of.
    let subject: SHA256Digest
    /// Nil when it does not follow from its counts.
    let predicate: FairnessPredicate?
    let problems: [String]

    init?(_ document: [UInt8]) {
        guard let envelope = try? Envelope(parsing: document),
            let statement = try? Statement(parsing: envelope.payload),
            statement.predicateType == FairnessPredicate.type,
            let subject = statement.subjects.first?.sha256
        else { return nil }
        self.envelope = envelope
        digest = envelope.payloadDigest
        self.subject = subject
        do throws(JSONFindings) {
            predicate = try FairnessPredicate(recomputing: statement.predicate)
            problems = []
        } catch {
            predicate = nil
            problems = error.findings.map { "\($0.code):\($0.pointer)" }
        }
    }
}

/// An approval statement in its envelope.
struct ApprovalReading: Sendable {
    let envelope: Envelope
    /// Digest of the payload.
    let digest: SHA256Digest
    let approval: ApprovalStatement

    init?(_ document: [UInt8]) {
        guard let envelope = try? Envelope(parsing: document),
            let statement = try? Statement(parsing: envelope.payload),
            let approval = try? ApprovalStatement(reading: statement)
        else { return nil }
        self.envelope = envelope
        digest = envelope.payloadDigest
        self.approval = approval
    }
}

/// A signed card in its envelope.
struct CardReading: Sendable {
    let envelope: Envelope
    /// Digest of the payload.
    let digest: SHA256Digest
    let card: CardStatement

    init?(_ document: [UInt8], _ schema: JSONSchema) {
        guard let envelope = try? Envelope(parsing: document),
            let statement = try? Statement(parsing: envelope.payload),
            let card = try? CardStatement(reading: statement, schema: schema)
        else { return nil }
        self.envelope = envelope
        digest = envelope.payloadDigest
        self.card = card
    }
}

/// An import of legacy in its envelope.
struct ImportReading: Sendable {
    let envelope: Envelope
    /// Digest of the payload.
    let digest: SHA256Digest
    let imported: LegacyImport

    init?(_ document: [UInt8]) {
        guard let envelope = try? Envelope(parsing: document),
            envelope.payloadType == Statement.payloadType,
            let statement = try? Statement(parsing: envelope.payload),
            let imported = try? LegacyImport(reading: statement)
        else { return nil }
        self.envelope = envelope
        digest = envelope.payloadDigest
        self.imported = imported
    }
}

/// A snapshot of an environment in its envelope.
struct SnapshotReading: Sendable {
    let envelope: Envelope
    /// Digest of the payload.
    let digest: SHA256Digest
    let snapshot: EnvironmentSnapshot

    init?(_ document: [UInt8]) {
        guard let envelope = try? Envelope(parsing: document),
            envelope.payloadType == Statement.payloadType,
            let statement = try? Statement(parsing: envelope.payload),
            let snapshot = try? EnvironmentSnapshot(reading: statement)
        else { return nil }
        self.envelope = envelope
        digest = envelope.payloadDigest
        self.snapshot = snapshot
    }
}
