// What can be wrong with something signed: one code a kind, for programs; a sentence, for people.

/// One reason why an envelope, a bundle, a manifest or a permit is not believed.
package struct AttestationFinding: Sendable, Hashable, CustomStringConvertible {
    /// The kind of fault; stable, for programs.
    package enum Code: String, Sendable, Hashable, CaseIterable {
        // The bytes
        /// Not the JSON document that the format asks for.
        case malformed = "malformed"
        /// Longer or more numerous than the limit.
        case tooLarge = "too-large"
        /// A bundle of a media type that we do not read.
        case mediaTypeUnsupported = "media-type-unsupported"
        /// An envelope whose payload is of another type.
        case payloadTypeMismatch = "payload-type-mismatch"
        /// A statement about something else than was asked.
        case predicateTypeMismatch = "predicate-type-mismatch"
        // The signature
        /// Not exactly one signature, where the format demands one.
        case signatureCount = "signature-count"
        /// No signature of the trusted key holds.
        case signatureInvalid = "signature-invalid"
        /// The bundle names another key than the trusted one.
        case keyMismatch = "key-mismatch"
        /// A signing method (certificate, sigstore) that is not verified here.
        case unsupportedMethod = "unsupported-method"
        /// The bundle was signed by another method than the one that is trusted here.
        case methodMismatch = "method-mismatch"
        // The certificate
        /// A certificate that cannot be read.
        case certificateMalformed = "certificate-malformed"
        /// No path leads from the certificate to an authority that is trusted here.
        case certificateUntrusted = "certificate-untrusted"
        /// Run out at the time of signing.
        case certificateExpired = "certificate-expired"
        /// Not valid yet at the time of signing.
        case certificateNotYetValid = "certificate-not-yet-valid"
        /// An issuer on the path is no authority.
        case issuerNoAuthority = "issuer-no-authority"
        /// More authorities on the path than one of them allows.
        case certificatePathLength = "certificate-path-length"
        /// A key or hash that is too weak, or a key of an algorithm that is not used here.
        case certificateWeak = "certificate-weak"
        /// Something on the path that RFC 5280 forbids.
        case certificatePathInvalid = "certificate-path-invalid"
        /// The bundle carries an anchor of trust, which only the verifier may bring.
        case anchorInBundle = "anchor-in-bundle"
        /// The signer's certificate is that of an authority.
        case signerIsAuthority = "signer-is-authority"
        /// The signer's key may not sign, or may do more than sign.
        case certificateUsage = "certificate-usage"
        /// The certificate is not, or not only, for signing code.
        case certificatePurpose = "certificate-purpose"
        /// Taken back before the signature was made, as far as anybody can show.
        case certificateRevoked = "certificate-revoked"
        /// A revocation list was asked for, and none speaks about this certificate.
        case revocationUnknown = "revocation-unknown"
        /// The certificate names somebody else.
        case identityMismatch = "identity-mismatch"
        /// Somebody else confirmed the identity.
        case issuerMismatch = "issuer-mismatch"
        /// A time stamp that does not hold, or is nobody's who is trusted here.
        case timestampInvalid = "timestamp-invalid"
        /// Nothing shows when the signature was made.
        case timeMissing = "time-missing"
        /// The certificate does not show that it was published.
        case sctMissing = "sct-missing"
        /// The proof that the certificate was published does not hold.
        case sctInvalid = "sct-invalid"
        /// Too few of the trusted keys have signed.
        case tooFewSigners = "too-few-signers"
        // The manifest
        /// A path that could lead out of the artifact, or that has no unique spelling.
        case pathUnsafe = "path-unsafe"
        /// The same file named twice.
        case duplicateResource = "duplicate-resource"
        /// A manifest without a file.
        case emptyModel = "empty-model"
        /// The digest of the whole does not follow from the digests of the parts.
        case rootDigestMismatch = "root-digest-mismatch"
        /// A digest algorithm or serialization that is not verified here.
        case unsupportedSerialization = "unsupported-serialization"
        /// The shards of a file leave a gap, overlap, or end elsewhere than the file.
        case shardCoverage = "shard-coverage"
        /// The manifest is by shards, and the digests of the shards were not supplied.
        case shardsNeedDigests = "shards-need-digests"
        // The files
        /// Signed, but not there.
        case fileMissing = "file-missing"
        /// There, but not signed.
        case fileExtra = "file-extra"
        /// Signed, but with other contents.
        case fileAltered = "file-altered"
        // The permit
        /// The permit is for other bytes.
        case artifactMismatch = "artifact-mismatch"
        /// The permit comes from another log.
        case originMismatch = "origin-mismatch"
        /// The permit is for another model or version.
        case modelMismatch = "model-mismatch"
        /// The permit is for another environment.
        case environmentMismatch = "environment-mismatch"
        /// The permit is for another target.
        case targetMismatch = "target-mismatch"
        /// The permit is for another use.
        case useMismatch = "use-mismatch"
        /// The permit is for another deployment.
        case deploymentMismatch = "deployment-mismatch"
        /// The permit was decided under a trust root that is not the checker's.
        case rootMismatch = "root-mismatch"
        /// The permit is of another kind (deploy, run).
        case kindMismatch = "kind-mismatch"
        /// The verification summary says FAILED.
        case resultNotPassed = "result-not-passed"
        /// Used before its time.
        case notYetValid = "not-yet-valid"
        /// Used after its time.
        case expired = "expired"
        /// Made under a development root, which the checker does not accept.
        case development = "development"
        // The log
        /// The entry is not proven to be in the tree that the checkpoint states.
        case notInLog = "not-in-log"
        /// The bundle has no log entry, or more than one.
        case logEntryCount = "log-entry-count"
        /// The log is none that was trusted at that time.
        case logUntrusted = "log-untrusted"
        /// The log has not signed the checkpoint.
        case checkpointInvalid = "checkpoint-invalid"
        /// The log's promise does not hold.
        case promiseInvalid = "promise-invalid"
        /// The log entry is of another signature, certificate or payload.
        case logEntryMismatch = "log-entry-mismatch"
    }

    /// The kind of fault.
    package let code: Code
    /// The file it concerns, relative to the artifact; nil when it concerns the whole.
    package let path: String?
    /// A sentence for people.
    package let message: String

    package init(_ code: Code, path: String? = nil, _ message: String) {
        self.code = code
        self.path = path
        self.message = message
    }

    package var description: String {
        guard let path else { return "\(code.rawValue): \(message)" }
        return "\(code.rawValue): \(path): \(message)"
    }

    /// Byte for byte: Swift's own String equality would merge differently encoded names.
    package static func == (left: Self, right: Self) -> Bool {
        left.code == right.code && left.message == right.message
            && left.path.map { Array($0.utf8) } == right.path.map { Array($0.utf8) }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(code)
    }
}

/// Bytes that are not what they should be, or a request that cannot be fulfilled.
package struct AttestationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// All reasons; never empty.
    package let findings: [AttestationFinding]

    package init(_ findings: [AttestationFinding]) {
        precondition(!findings.isEmpty, "An error without a reason explains nothing.")
        self.findings = findings
    }

    package init(_ code: AttestationFinding.Code, path: String? = nil, _ message: String) {
        self.init([AttestationFinding(code, path: path, message)])
    }

    package var description: String {
        findings.map(\.description).joined(separator: "; ")
    }
}
