// Signatures of model-signing 0.2, before the format had a version: verified, never made.
//
// Specification, from that program's behaviour. The statement has a subject for each file, named by
// its path, with "digest": {"sha256": …}; predicateType https://model_signing/Digests/v0.1; the
// predicate says nothing. What was signed is not the encoding of DSSE but this text:
//   "DSSEV1 28 application/vnd.in-toto+json " LEN(payload) " " repr(payload)
// where repr is Python's notation of bytes: b'…', with \t \n \r \\ and the quotation mark escaped,
// \xNN for every other byte outside of 20…7E, and b"…" when the bytes hold ' and no ". The hash is
// SHA-256 for every curve.
//
// Example: the payload {"a":'b'} and a newline gives b'{"a":\'b\'}\n'.

import Cryptography

enum LegacySignature {
    static let predicateType = "https://model_signing/Digests/v0.1"

    /// The bytes that were signed.
    static func encoding(of payload: [UInt8]) -> [UInt8] {
        Array("DSSEV1 28 application/vnd.in-toto+json \(payload.count) ".utf8) + notation(payload)
    }

    private static func notation(_ bytes: [UInt8]) -> [UInt8] {
        let single = UInt8(ascii: "'")
        let double = UInt8(ascii: "\"")
        let quote = bytes.contains(single) && !bytes.contains(double) ? double : single
        var text: [UInt8] = [UInt8(ascii: "b"), quote]
        for byte in bytes {
            switch byte {
            case quote, UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case 0x09: text += "\\t".utf8
            case 0x0A: text += "\\n".utf8
            case 0x0D: text += "\\r".utf8
            case 0x20...0x7E: text.append(byte)
            default: text += Array("\\x\(Hex.encode([byte]))".utf8)
            }
        }
        return text + [quote]
    }

    /// Whether the payload says that it is of that time.
    static func isLegacy(_ envelope: Envelope, limits: AttestationLimits) -> Bool {
        let statement = try? Statement(
            parsing: envelope.payload, limits: limits, openSubjects: true)
        return statement?.predicateType == predicateType
    }

    /// Whether the envelope's only signature is this key's, in the way of that time.
    static func isSigned(_ envelope: Envelope, by key: PublicKey) -> Bool {
        envelope.signatures.count == 1
            && key.verifySHA256(
                envelope.signatures[0].bytes, over: encoding(of: envelope.payload))
    }
}

extension ModelManifest {
    /// The files that a statement of that time names.
    init(legacy statement: Statement, limits: AttestationLimits) throws(AttestationError) {
        var resources: [Resource] = []
        var findings: [AttestationFinding] = []
        var names: Set<ResourcePath> = []
        for subject in statement.subjects {
            guard let digest = subject.sha256 else {
                throw AttestationError(
                    .malformed, path: subject.name, "The digest is not 64 hexadecimal digits.")
            }
            if subject.name != "." || statement.subjects.count > 1,
                let fault = ResourcePath(subject.name).fault(limits: limits)
            {
                findings.append(AttestationFinding(.pathUnsafe, path: subject.name, fault))
            }
            if !names.insert(ResourcePath(subject.name)).inserted {
                findings.append(
                    AttestationFinding(
                        .duplicateResource, path: subject.name, "The signature names it twice."))
            }
            resources.append(Resource(extent: .file(path: subject.name), digest: digest.bytes))
        }
        guard findings.isEmpty else { throw AttestationError(findings) }
        self.init(
            resources: resources, isSingleFile: statement.subjects.map(\.name) == ["."])
    }
}
