import CanonicalJSON
import Cryptography
import Testing
import TransparencyLog

@testable import Attestation

@Suite struct `A sigstore bundle` {
    /// An entry that is the only one of its log.
    static func entry(body: [UInt8] = Array("entry".utf8)) -> TransparencyLogEntry {
        let root = MerkleTree.leafHash(of: body)
        return TransparencyLogEntry(
            logIndex: 0, logKeyID: [1, 2, 3, 4], kind: "imprimatur", version: "0.0.1",
            integratedTimeSeconds: 1_795_248_000,
            inclusionProof: .init(
                proof: InclusionProof(index: 0, treeSize: 1, hashes: []), rootHash: root,
                checkpoint: "log.example\n1\n\(Base64.encode(root.bytes))\n\n— log.example AAAA\n"),
            canonicalizedBody: body)
    }

    @Test func `survives being written and read, with its log entry`() throws {
        let key = try PrivateKey.generate(.ecdsaP256)
        let envelope = try Envelope.sign([1], with: [key])
        let bundle = SigstoreBundle(
            envelope: envelope, key: key.publicKey, logEntries: [Self.entry()])
        let read = try SigstoreBundle(parsing: bundle.bytes)
        #expect(read == bundle)
        let entry = try #require(bundle.json["verificationMaterial"]?["tlogEntries"]?[0])
        #expect(entry["logIndex"] == "0")
        #expect(entry["integratedTime"] == "1795248000")
        #expect(entry["inclusionProof"]?["treeSize"] == "1")
    }

    @Test func `names a key by the digest of its PEM text`() throws {
        let key = try PrivateKey.generate(.ecdsaP384).publicKey
        let hint = SigstoreBundle.hint(for: key)
        #expect(hint == SHA256.hash(Array(key.pem.utf8)).hex)
        #expect(key.pem.hasSuffix("-----END PUBLIC KEY-----\n"))
    }

    @Test func `proves that its entry is in the tree, or says that it does not`() {
        #expect(Self.entry().inclusionFindings() == [])
        let entry = Self.entry()
        let other = TransparencyLogEntry(
            logIndex: 0, logKeyID: [], kind: "", version: "", integratedTimeSeconds: nil,
            inclusionProof: entry.inclusionProof, canonicalizedBody: Array("other".utf8))
        #expect(other.inclusionFindings().codes == [.notInLog])
        let none = TransparencyLogEntry(
            logIndex: 0, logKeyID: [], kind: "", version: "", integratedTimeSeconds: nil,
            inclusionProof: nil, canonicalizedBody: [])
        #expect(none.inclusionFindings().codes == [.notInLog])
    }

    static let malformed: [(String, JSON, AttestationFinding.Code)] = [
        ("mediaType", "application/json", .mediaTypeUnsupported),
        ("mediaType", .null, .malformed),
        ("verificationMaterial", [:], .malformed),
        ("verificationMaterial", ["publicKey": [:]], .malformed),
        (
            "verificationMaterial",
            ["publicKey": ["hint": ""], "certificate": ["rawBytes": "AA=="]], .malformed
        ),
        ("verificationMaterial", ["x509CertificateChain": ["certificates": []]], .malformed),
        (
            "verificationMaterial",
            ["publicKey": ["hint": "x"], "tlogEntries": [["logIndex": "-1"]]], .malformed
        ),
        ("dsseEnvelope", .null, .malformed),
        ("messageSignature", [:], .malformed),
    ]

    @Test(arguments: malformed)
    func `is refused when malformed`(
        member: String, value: JSON, code: AttestationFinding.Code
    ) throws {
        let key = try PrivateKey.generate(.ed25519)
        let good = SigstoreBundle(envelope: try Envelope.sign([1], with: [key]), key: key.publicKey)
        _ = try SigstoreBundle(parsing: good.bytes)
        var members = try #require(good.json.object)
        members[member] = value
        let error = #expect(throws: AttestationError.self) {
            try SigstoreBundle(parsing: JSON.object(members).canonicalBytes)
        }
        #expect(error?.findings.codes == [code])
    }
}

@Suite(.enabled(if: Fixtures.arePresent, "skipped: shared/fixtures is not there"))
struct `Signatures by model-signing 1.0 and 1.1` {
    static let present = [
        "v1.0.0-elliptic-key": ["signme-1"],
        "v1.1.0-elliptic-key": ["ignore-me", "signme-1", "signme-2"],
        "v1.0.0-certificate": ["signme-1", "signme-2"],
        "v1.1.0-certificate": ["ignore-me", "signme-1", "signme-2"],
        "v1.0.0-sigstore": ["signme-1", "signme-2"],
        "v1.1.0-sigstore": ["ignore-me", "signme-1", "signme-2"],
    ]

    static func model(_ name: String) -> ObservedModel {
        ObservedModel(
            files: (present[name] ?? []).map { Fixtures.record("oms/\(name)/\($0)", as: $0) },
            isSingleFile: name == "v1.0.0-elliptic-key")
    }

    @Test(arguments: [("v1.0.0-elliptic-key", [String]()), ("v1.1.0-elliptic-key", ["ignore-me"])])
    func `hold when made by key`(name: String, uncovered: [String]) throws {
        let verdict = ModelSignature.verify(
            bundle: Fixtures.bytes("oms/\(name)/model.sig"), key: try Fixtures.key(),
            model: Self.model(name))
        #expect(verdict.findings == [])
        #expect(verdict.uncovered == uncovered)
    }

    @Test(arguments: ["v1.0.0-elliptic-key", "v1.1.0-elliptic-key"])
    func `are refused over other files, or with another key`(name: String) throws {
        let bundle = Fixtures.bytes("oms/\(name)/model.sig")
        let model = Self.model(name)
        let altered = model.files.map {
            $0.path == "signme-1" ? record("signme-1", "other") : $0
        }
        #expect(
            ModelSignature.verify(
                bundle: bundle, key: try Fixtures.key(),
                model: ObservedModel(files: altered, isSingleFile: model.isSingleFile)
            ).findings.codes == [.fileAltered])
        let other = try PrivateKey.generate(.ecdsaP384).publicKey
        #expect(
            ModelSignature.verify(bundle: bundle, key: other, model: model).findings.codes
                == [.keyMismatch, .signatureInvalid])
    }

    @Test(
        arguments: [
            "v1.0.0-certificate", "v1.1.0-certificate", "v1.0.0-sigstore", "v1.1.0-sigstore",
        ])
    func `made by certificate or keyless are named as unsupported`(name: String) throws {
        let verdict = ModelSignature.verify(
            bundle: Fixtures.bytes("oms/\(name)/model.sig"), key: try Fixtures.key(),
            model: Self.model(name))
        #expect(verdict.findings.codes == [.unsupportedMethod])
    }
}

@Suite(.enabled(if: Fixtures.arePresent, "skipped: shared/fixtures is not there"))
struct `The vectors of the model signing specification` {
    static let folder = "oms-spec/test-vectors/v1.0"
    static let model = ObservedModel(
        files: ["signme-1", "signme-2"].map {
            Fixtures.record("oms/v1.1.0-elliptic-key/\($0)", as: $0)
        })

    static func codes(_ path: String) throws -> [AttestationFinding.Code] {
        ModelSignature.verify(
            bundle: Fixtures.bytes("\(folder)/\(path).bundle.json"), key: try Fixtures.key(),
            model: model
        ).findings.codes
    }

    @Test(
        arguments: [
            ("valid/key", [AttestationFinding.Code]()),
            ("invalid/empty", [.malformed]),
            ("invalid/missing-envelope", [.malformed]),
            ("invalid/missing-verification-material", [.malformed]),
        ])
    func `are judged as they should be`(path: String, codes: [AttestationFinding.Code]) throws {
        #expect(try Self.codes(path) == codes)
    }

    @Test(arguments: ["invalid/missing-tlog-entries", "valid/sigstore", "valid/certificate"])
    func `by certificate are named as unsupported`(path: String) throws {
        #expect(try Self.codes(path).contains(.unsupportedMethod))
    }

    @Test func `with a wrong predicate are refused for it`() throws {
        #expect(try Self.codes("invalid-payload/wrong-predicate").contains(.predicateTypeMismatch))
    }
}
