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
