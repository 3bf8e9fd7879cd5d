// Sigstore bundles: an envelope together with what is needed to verify it, in one file.
//
// Specification: dev.sigstore.bundle.v1.Bundle, media type
// application/vnd.dev.sigstore.bundle.v0.3+json, in proto3 JSON:
//   {"mediaType":…,"verificationMaterial":{"publicKey":{"hint":…},"tlogEntries":[…]},
//    "dsseEnvelope":{"payload":…,"payloadType":…,"signatures":[{"sig":…,"keyid":""}]}}
// - Material is one of publicKey {hint} (before 1.1 of model-signing: {rawBytes, keyDetails}),
//   x509CertificateChain {certificates:[{rawBytes}]}, certificate {rawBytes}; beside it tlogEntries
//   (empty for a mere key) and timestampVerificationData {rfc3161Timestamps:[{signedTimestamp}]}.
// - Read: v0.3 and the older spellings application/vnd.dev.sigstore.bundle+json;version=0.1|0.2|0.3.
// - Unknown members of bundle, material, key and envelope are refused; deeper ones are ignored.
// - Everything in a bundle is untrusted: the hint names a key, it does not supply one.

package import CanonicalJSON
package import Cryptography

/// A DSSE envelope with verification material; nothing of it checked yet.
package struct SigstoreBundle: Sendable, Hashable {
    /// How the signer presents himself.
    package enum Material: Sendable, Hashable {
        /// By a key that the verifier has; `rawBytes` only in bundles before 2025.
        case publicKey(hint: String?, rawBytes: [UInt8]?)
        /// By certificates, leaf first, in DER.
        case certificateChain([[UInt8]])
        /// By one short-lived certificate in DER (keyless signing).
        case certificate([UInt8])
    }

    /// The media type of the bundles we write.
    package static let mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"

    /// The media types of the bundles we read.
    package static let readableMediaTypes: Set<String> = [
        mediaType,
        "application/vnd.dev.sigstore.bundle+json;version=0.1",
        "application/vnd.dev.sigstore.bundle+json;version=0.2",
        "application/vnd.dev.sigstore.bundle+json;version=0.3",
    ]

    /// The media type that the bundle had or gets.
    package let mediaType: String
    /// How the signer presents himself.
    package let material: Material
    /// Proofs that the signature is in a log.
    package let logEntries: [TransparencyLogEntry]
    /// RFC 3161 responses over the signature, in DER.
    package let timestamps: [[UInt8]]
    /// What was signed, and the signatures.
    package let envelope: Envelope

    package init(
        envelope: Envelope,
        material: Material,
        logEntries: [TransparencyLogEntry] = [],
        timestamps: [[UInt8]] = []
    ) {
        self.mediaType = Self.mediaType
        self.material = material
        self.logEntries = logEntries
        self.timestamps = timestamps
        self.envelope = envelope
    }

    /// A bundle that names `key` by the digest of its PEM text, as `model-signing` does.
    package init(
        envelope: Envelope, key: PublicKey, logEntries: [TransparencyLogEntry] = []
    ) {
        self.init(
            envelope: envelope,
            material: .publicKey(hint: Self.hint(for: key), rawBytes: nil),
            logEntries: logEntries)
    }

    /// Lowercase hex SHA-256 of the PEM text that `openssl pkey -pubout` prints for the key.
    package static func hint(for key: PublicKey) -> String {
        SHA256.hash(Array(key.pem.utf8)).hex
    }
}

extension SigstoreBundle {
    /// Reads a bundle; throws `malformed`, `too-large` or `media-type-unsupported`.
    package init(
        parsing bytes: [UInt8], limits: AttestationLimits = .default
    ) throws(AttestationError) {
        let reader = try MemberReader(
            parseJSON(bytes, "bundle", limits), "bundle",
            allowing: ["mediaType", "verificationMaterial", "dsseEnvelope"])
        mediaType = try reader.string("mediaType")
        let parts = try Parts(reader, limits: limits)
        material = parts.material
        logEntries = parts.logEntries
        timestamps = parts.timestamps
        envelope = try Envelope(json: try reader.value("dsseEnvelope"), limits: limits)
    }

    /// What a bundle has beside its signature.
    struct Parts {
        let material: Material
        let logEntries: [TransparencyLogEntry]
        let timestamps: [[UInt8]]
    }

    /// What the bundle has beside its signature.
    var parts: Parts {
        Parts(material: material, logEntries: logEntries, timestamps: timestamps)
    }

    static func material(
        _ reader: MemberReader, _ limits: AttestationLimits
    ) throws(AttestationError) -> Material {
        let names = ["publicKey", "x509CertificateChain", "certificate"]
        let present = names.filter { !reader.isNullOrAbsent($0) }
        guard present.count == 1 else {
            throw AttestationError(
                .malformed, "The bundle has \(present.count) kinds of key material, not one.")
        }
        switch present[0] {
        case "publicKey":
            let key = try reader.object("publicKey", allowing: ["hint", "rawBytes", "keyDetails"])
            let hint = try key.isNullOrAbsent("hint") ? nil : key.string("hint")
            let raw = try key.isNullOrAbsent("rawBytes") ? nil : key.base64("rawBytes")
            guard hint != nil || raw != nil else {
                throw AttestationError(.malformed, "The bundle's publicKey names no key.")
            }
            return .publicKey(hint: hint, rawBytes: raw)
        case "certificate":
            return .certificate(try reader.object("certificate").base64("rawBytes"))
        default:
            let chain = try reader.object("x509CertificateChain")
            var certificates: [[UInt8]] = []
            for element in try chain.array("certificates", atMost: limits.materials) {
                let certificate = try MemberReader(element, "certificate")
                certificates.append(try certificate.base64("rawBytes"))
            }
            guard !certificates.isEmpty else {
                throw AttestationError(.malformed, "The bundle's certificate chain is empty.")
            }
            return .certificateChain(certificates)
        }
    }

    static func timestamps(
        _ reader: MemberReader, _ limits: AttestationLimits
    ) throws(AttestationError) -> [[UInt8]] {
        guard !reader.isNullOrAbsent("timestampVerificationData") else { return [] }
        let data = try reader.object("timestampVerificationData")
        guard !data.isNullOrAbsent("rfc3161Timestamps") else { return [] }
        var timestamps: [[UInt8]] = []
        for element in try data.array("rfc3161Timestamps", atMost: limits.materials) {
            let timestamp = try MemberReader(element, "timestamp")
            timestamps.append(try timestamp.base64("signedTimestamp"))
        }
        return timestamps
    }

    /// The bundle as JSON.
    package var json: JSON {
        var members: [String: JSON] = ["tlogEntries": .array(logEntries.map(\.json))]
        switch material {
        case .publicKey(let hint, let rawBytes):
            var key: [String: JSON] = [:]
            if let hint { key["hint"] = .string(hint) }
            if let rawBytes { key["rawBytes"] = .string(Base64.encode(rawBytes)) }
            members["publicKey"] = .object(key)
        case .certificateChain(let certificates):
            members["x509CertificateChain"] = [
                "certificates": .array(
                    certificates.map { ["rawBytes": .string(Base64.encode($0))] })
            ]
        case .certificate(let certificate):
            members["certificate"] = ["rawBytes": .string(Base64.encode(certificate))]
        }
        if !timestamps.isEmpty {
            members["timestampVerificationData"] = [
                "rfc3161Timestamps": .array(
                    timestamps.map { ["signedTimestamp": .string(Base64.encode($0))] })
            ]
        }
        return [
            "mediaType": .string(mediaType),
            "verificationMaterial": .object(members),
            "dsseEnvelope": envelope.json,
        ]
    }

    /// The file's bytes: RFC 8785 form.
    package var bytes: [UInt8] { json.canonicalBytes }
}

extension SigstoreBundle.Parts {
    /// Reads media type and material of a bundle.
    init(_ reader: MemberReader, limits: AttestationLimits) throws(AttestationError) {
        guard SigstoreBundle.readableMediaTypes.contains(try reader.string("mediaType")) else {
            throw AttestationError(
                .mediaTypeUnsupported, "The bundle's media type is none that is read here.")
        }
        let material = try reader.object(
            "verificationMaterial",
            allowing: [
                "publicKey", "x509CertificateChain", "certificate", "tlogEntries",
                "timestampVerificationData",
            ])
        self.material = try SigstoreBundle.material(material, limits)
        var entries: [TransparencyLogEntry] = []
        if !material.isNullOrAbsent("tlogEntries") {
            for entry in try material.array("tlogEntries", atMost: limits.materials) {
                entries.append(try TransparencyLogEntry(json: entry, limits: limits))
            }
        }
        logEntries = entries
        timestamps = try SigstoreBundle.timestamps(material, limits)
    }
}
