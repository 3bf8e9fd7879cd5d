// Whether a log entry is about this signature: the step whose absence has been a vulnerability of
// several verifiers (CVE-2022-23649, CVE-2022-36056, CVE-2026-22703).
//
// Specification: the entry types of Rekor, as the log holds them, JSON:
// - dsse 0.0.1: spec.payloadHash, spec.signatures[{signature: base64, verifier: base64(PEM)}]
// - dsse 0.0.2: spec.dsseV002.payloadHash {algorithm, digest: base64},
//   .signatures[{content, verifier: {x509Certificate: {rawBytes}}}]
// - intoto 0.0.2: spec.content.payloadHash, .envelope.signatures[{sig: base64(base64),
//   publicKey: base64(PEM)}]
// - hashedrekord 0.0.1: spec.data.hash, spec.signature {content, publicKey: {content: base64(PEM)}}
// - hashedrekord 0.0.2: spec.hashedRekordV002.data {algorithm, digest: base64},
//   .signature {content, verifier: {x509Certificate: {rawBytes}}}; of an envelope it holds the
//   digest of the pre-authentication encoding.
// The body must be of the kind and version that the bundle states; every other kind is refused.

import CanonicalJSON
import Cryptography

/// What is signed: the payload of an envelope, a file, or a file by its digest.
enum SignedContent {
    case envelope(Envelope)
    case file([UInt8])
    /// A file of which nobody has more than this.
    case digest(SHA256Digest)

    /// The digest of the bytes over which the signature is made.
    var messageDigest: SHA256Digest {
        switch self {
        case .envelope(let envelope):
            SHA256.hash(
                Envelope.preAuthenticationEncoding(
                    type: envelope.payloadType, body: envelope.payload))
        case .file(let bytes): SHA256.hash(bytes)
        case .digest(let digest): digest
        }
    }
}

/// What one entry says was signed, by whom, with which result.
struct LogEntryBody {
    /// SHA-256 of the payload or of the message.
    private let digest: [UInt8]
    /// Whether `digest` is of the payload, not of the message.
    private let isOfPayload: Bool
    private let signature: [UInt8]
    private let certificate: [UInt8]

    /// Reads the entry's body; nil when it is of a kind that is not known here.
    init?(_ entry: TransparencyLogEntry, limits: AttestationLimits) {
        guard let body = try? parseJSON(entry.canonicalizedBody, "log entry", limits),
            body["kind"]?.string == entry.kind, body["apiVersion"]?.string == entry.version,
            let spec = body["spec"]
        else { return nil }
        switch (entry.kind, entry.version) {
        case ("dsse", "0.0.1"):
            self.init(
                sha256: spec["payloadHash"], ofPayload: true,
                signature: Self.only(spec["signatures"])?["signature"]?.string,
                pem: Self.only(spec["signatures"])?["verifier"]?.string)
        case ("intoto", "0.0.2"):
            let signature = Self.only(spec["content"]?["envelope"]?["signatures"])
            let inner = signature?["sig"]?.string.flatMap(Base64.decodeLenient)
            self.init(
                sha256: spec["content"]?["payloadHash"], ofPayload: true,
                signature: inner.map { String(decoding: $0, as: UTF8.self) },
                pem: signature?["publicKey"]?.string)
        case ("hashedrekord", "0.0.1"):
            self.init(
                sha256: spec["data"]?["hash"], ofPayload: false,
                signature: spec["signature"]?["content"]?.string,
                pem: spec["signature"]?["publicKey"]?["content"]?.string)
        case ("hashedrekord", "0.0.2"):
            let record = spec["hashedRekordV002"]
            self.init(
                hash: record?["data"], ofPayload: false, signature: record?["signature"])
        case ("dsse", "0.0.2"):
            let record = spec["dsseV002"]
            self.init(
                hash: record?["payloadHash"], ofPayload: true,
                signature: Self.only(record?["signatures"]))
        default: return nil
        }
    }

    /// The first version's members.
    private init?(sha256: JSON?, ofPayload: Bool, signature: String?, pem: String?) {
        guard sha256?["algorithm"]?.string == "sha256",
            let digest = sha256?["value"]?.string.flatMap(SHA256Digest.init(hex:)),
            let signature = signature.flatMap(Base64.decodeLenient),
            let pem = pem.flatMap(Base64.decodeLenient),
            let certificate = try? Certificate.all(pem: pem, atMost: 1)
        else { return nil }
        self.digest = digest.bytes
        isOfPayload = ofPayload
        self.signature = signature
        self.certificate = certificate[0].der
    }

    /// The second version's members.
    private init?(hash: JSON?, ofPayload: Bool, signature: JSON?) {
        guard hash?["algorithm"]?.string == "SHA2_256",
            let digest = hash?["digest"]?.string.flatMap(Base64.decodeLenient),
            let content = signature?["content"]?.string.flatMap(Base64.decodeLenient),
            let raw = signature?["verifier"]?["x509Certificate"]?["rawBytes"]?.string,
            let certificate = Base64.decodeLenient(raw)
        else { return nil }
        self.digest = digest
        isOfPayload = ofPayload
        self.signature = content
        self.certificate = certificate
    }

    /// The only element of an array.
    private static func only(_ array: JSON?) -> JSON? {
        guard let elements = array?.array, elements.count == 1 else { return nil }
        return elements[0]
    }

    /// Whether the entry is about this signature by this certificate over this content.
    func isAbout(_ content: SignedContent, signature: [UInt8], by leaf: Certificate) -> Bool {
        guard self.signature == signature, certificate == leaf.der else { return false }
        if isOfPayload {
            guard case .envelope(let envelope) = content else { return false }
            return digest == envelope.payloadDigest.bytes
        }
        return digest == content.messageDigest.bytes
    }
}
