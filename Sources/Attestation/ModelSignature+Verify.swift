// Signatures over models: checking one against a trusted key and the files that are there.
//
// All faults are reported, not the first. The signed list is compared with the files as they are:
// signed and absent, there and unsigned, there and different. What the signature does not cover
// (ignored paths, files without a byte under "shards") is no fault of the signature, and is listed
// apart: who deploys decides whether it may be there.

package import Cryptography

/// A file of which only parts have been hashed.
package struct ListedFile: Sendable, Hashable {
    package let path: String
    package let size: Int64

    package init(path: String, size: Int64) {
        self.path = path
        self.size = size
    }

    /// Byte for byte in the name too.
    package static func == (left: Self, right: Self) -> Bool {
        left.size == right.size && ResourcePath(left.path) == ResourcePath(right.path)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(ResourcePath(path)) }
}

/// The files of a model as found, everything except signature files.
package struct ObservedModel: Sendable, Hashable {
    /// Every file with its digest, but those in parts.
    package let files: [FileRecord]
    /// The files of which `digests` has parts and nobody has the digest of the whole.
    package let inParts: [ListedFile]
    /// Whether the model is one file, not a directory.
    package let isSingleFile: Bool
    /// Digests of parts of files; see `ModelSignature.digestsNeeded`.
    package let digests: [FileShard: [UInt8]]?
    /// What the verifier does not ask a signature for, each with everything below it.
    package var ignoredPaths: [String] = []
    /// Whether files that nobody signed may be there.
    package var allowsUnsigned = false

    package init(
        files: [FileRecord], isSingleFile: Bool = false, digests: [FileShard: [UInt8]]? = nil,
        inParts: [ListedFile] = []
    ) {
        self.files = files
        self.inParts = inParts
        self.isSingleFile = isSingleFile
        self.digests = digests
    }
}

/// Whom a verifier believes.
package enum SignerTrust: Sendable {
    /// Whoever holds this key.
    case key(PublicKey)
    /// Somebody certified.
    case certificate(CertificateTrust)
    /// Somebody whom a sigstore instance has certified.
    case sigstore(SigstoreTrust)
    /// Whoever holds this key and shows a certificate for it: who that is was judged elsewhere, and
    /// is on record.
    case judgedElsewhere(KeyID)
}

/// A model signature that holds, over files that are as signed.
///
/// Only verification makes one.
package struct VerifiedModelSignature: Sendable, Hashable {
    /// What was signed, by whom.
    package let statement: VerifiedStatement
    /// The key that signed.
    package let signer: KeyID
    /// Who that is, when a certificate says so.
    package let certified: CertifiedSigner?
    /// The name that the signer gave the model; proves nothing about which model it is.
    package let name: String
    /// The files that the signature covers, by path; those in parts stand apart.
    package let files: [FileRecord]
    /// The files that it covers and that were compared in parts, by path.
    package let inParts: [ListedFile]

    /// How many files the signature covers.
    package var count: Int { files.count + inParts.count }
}

/// The answer to "is this model as its signer left it?".
package struct ModelSignatureVerdict: Sendable, Hashable {
    /// All reasons why not; empty when it is.
    package let findings: [AttestationFinding]
    /// Files that are there and that the signature does not speak of, by path.
    package let uncovered: [String]
    /// The SHA-256 of the signed payload, when a payload could be read; believed only if valid.
    package let payloadDigest: SHA256Digest?
    /// What may be believed; nil when there is a finding.
    package let signature: VerifiedModelSignature?

    /// Whether the signature holds and every covered file is as signed.
    package var isValid: Bool { signature != nil }

    init(
        findings: [AttestationFinding], uncovered: [String] = [],
        payloadDigest: SHA256Digest? = nil, signature: VerifiedModelSignature? = nil
    ) {
        self.findings = findings
        self.uncovered = uncovered
        self.payloadDigest = payloadDigest
        self.signature = findings.isEmpty ? signature : nil
    }
}

extension ModelSignature {
    /// What a caller must hash before `verify`, by what the bundle lists; unbelieved.
    ///
    /// Nil when a scan has it all, or when the bundle cannot be read (which `verify` will report).
    package static func digestsNeeded(
        by bundle: [UInt8], limits: AttestationLimits = .default
    ) -> DigestsNeeded? {
        do {
            let payload = try SigstoreBundle(parsing: bundle, limits: limits).envelope.payload
            let statement = try Statement(parsing: payload, limits: limits, openSubjects: true)
            return try manifest(of: statement, limits: limits).needed
        } catch {
            return nil
        }
    }

    /// Checks the bundle with the one trusted key against the files that are there.
    package static func verify(
        bundle bytes: [UInt8],
        key: PublicKey,
        model: ObservedModel,
        limits: AttestationLimits = .default
    ) -> ModelSignatureVerdict {
        verify(bundle: bytes, trust: .key(key), model: model, limits: limits)
    }

    /// Checks the bundle with whom the caller trusts against the files that are there.
    package static func verify(
        bundle bytes: [UInt8],
        trust: SignerTrust,
        model: ObservedModel,
        limits: AttestationLimits = .default
    ) -> ModelSignatureVerdict {
        do {
            let bundle = try SigstoreBundle(parsing: bytes, limits: limits)
            return verify(bundle, trust: trust, model: model, limits: limits)
        } catch {
            return ModelSignatureVerdict(findings: error.findings)
        }
    }

    private static func verify(
        _ bundle: SigstoreBundle, trust: SignerTrust, model: ObservedModel,
        limits: AttestationLimits
    ) -> ModelSignatureVerdict {
        let envelope = bundle.envelope
        let digest = envelope.payloadDigest
        let examination = ModelSigner.examine(bundle, trust)
        var findings = examination.findings
        do {
            let statement = try Statement(
                parsing: envelope.payload, limits: limits, openSubjects: true)
            let manifest = try manifest(of: statement, limits: limits)
            let comparison = FileComparison(manifest: manifest, model: model)
            findings += comparison.findings
            guard findings.isEmpty, let key = examination.key else {
                return ModelSignatureVerdict(
                    findings: findings, uncovered: comparison.uncovered, payloadDigest: digest)
            }
            let verified = VerifiedStatement(
                statement: statement, payloadDigest: digest, signers: [key.id])
            return ModelSignatureVerdict(
                findings: [], uncovered: comparison.uncovered, payloadDigest: digest,
                signature: VerifiedModelSignature(
                    statement: verified, signer: key.id, certified: examination.signer,
                    name: statement.subjects[0].name,
                    files: comparison.covered, inParts: comparison.coveredInParts))
        } catch {
            return ModelSignatureVerdict(
                findings: findings + error.findings, payloadDigest: digest)
        }
    }

    static func manifest(
        of statement: Statement, limits: AttestationLimits
    ) throws(AttestationError) -> ModelManifest {
        if statement.predicateType == LegacySignature.predicateType {
            return try ModelManifest(legacy: statement, limits: limits)
        }
        guard statement.predicateType == predicateType else {
            throw AttestationError(
                .predicateTypeMismatch, "The statement is no model signature v1.0.")
        }
        let manifest = try ModelManifest(predicate: statement.predicate, limits: limits)
        guard statement.subjects.count == 1 else {
            throw AttestationError(.malformed, "The statement has not exactly one subject.")
        }
        let root = SHA256.hash(manifest.resources.flatMap(\.digest))
        guard !statement.subjects[0].name.isEmpty, statement.subjects[0].sha256 == root else {
            throw AttestationError(
                .rootDigestMismatch, "The subject's digest is not that of the listed resources.")
        }
        return manifest
    }
}
