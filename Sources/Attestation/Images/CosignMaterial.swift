// What cosign stores beside a signature, as annotations of the layer that holds what was signed.
//
// Specification: sigstore/cosign, specs/SIGNATURE_SPEC.md:
//   dev.cosignproject.cosign/signature       base64 of the signature over the layer's bytes
//   dev.sigstore.cosign/certificate          PEM of the signer's certificate
//   dev.sigstore.cosign/chain                PEM of the authorities
//   dev.sigstore.cosign/bundle               {"SignedEntryTimestamp":base64,"Payload":{"body":base64,
//                                             "integratedTime":N,"logIndex":N,"logID":hex}}
//   dev.sigstore.cosign/rfc3161timestamp     {"SignedRFC3161Timestamp":base64}
// An attestation is a layer that is itself a DSSE envelope; its signature annotation is empty. The log
// entry has the log's promise to include it and no proof that it did: the promise is what is checked.

internal import CanonicalJSON
internal import Cryptography

/// What came with a signature; nothing of it checked yet.
package struct CosignMaterial: Sendable, Hashable {
    /// Certificates in DER, the signer's first; empty when signed by a mere key.
    package let chain: [[UInt8]]
    package let logEntry: TransparencyLogEntry?
    /// RFC 3161 responses in DER.
    package let timestamps: [[UInt8]]

    package init(
        chain: [[UInt8]] = [], logEntry: TransparencyLogEntry? = nil, timestamps: [[UInt8]] = []
    ) {
        self.chain = chain
        self.logEntry = logEntry
        self.timestamps = timestamps
    }

    /// The annotation with the signature.
    static let signature = "dev.cosignproject.cosign/signature"

    init(annotations: [String: String], limits: AttestationLimits) throws(AttestationError) {
        try self.init(
            certificates: ["certificate", "chain"].compactMap {
                annotations["dev.sigstore.cosign/\($0)"].map { Array($0.utf8) }
            },
            logBundle: annotations["dev.sigstore.cosign/bundle"].map { Array($0.utf8) },
            timestamp: annotations["dev.sigstore.cosign/rfc3161timestamp"].map { Array($0.utf8) },
            limits: limits)
    }

    /// The same from files: PEM of certificates, the signer's first; and the two JSON documents.
    package init(
        certificates: [[UInt8]], logBundle: [UInt8]?, timestamp: [UInt8]?,
        limits: AttestationLimits = .default
    ) throws(AttestationError) {
        var chain: [[UInt8]] = []
        for pem in certificates where !pem.isEmpty {
            do {
                chain += try Certificate.all(pem: pem, atMost: limits.materials).map(\.der)
            } catch {
                throw AttestationError(.certificateMalformed, error.message)
            }
        }
        self.chain = chain
        logEntry =
            if let logBundle, !logBundle.isEmpty { try Self.entry(logBundle, limits) } else { nil }
        if let timestamp, !timestamp.isEmpty {
            let reader = try MemberReader(
                parseJSON(timestamp, "time stamp", limits), "time stamp")
            timestamps = [try reader.base64("SignedRFC3161Timestamp")]
        } else {
            timestamps = []
        }
    }

    private static func entry(
        _ bytes: [UInt8], _ limits: AttestationLimits
    ) throws(AttestationError) -> TransparencyLogEntry {
        let reader = try MemberReader(
            parseJSON(bytes, "log bundle", limits), "log bundle",
            allowing: ["SignedEntryTimestamp", "Payload"])
        let payload = try reader.object(
            "Payload", allowing: ["body", "integratedTime", "logIndex", "logID"])
        let body = try payload.base64("body")
        let json = try parseJSON(body, "log entry", limits)
        return TransparencyLogEntry(
            logIndex: try payload.natural("logIndex"),
            logKeyID: try payload.digest("logID").bytes,
            kind: json["kind"]?.string ?? "", version: json["apiVersion"]?.string ?? "",
            integratedTimeSeconds: try payload.natural("integratedTime"),
            signedEntryTimestamp: try reader.base64("SignedEntryTimestamp"),
            inclusionProof: nil, canonicalizedBody: body)
    }
}
