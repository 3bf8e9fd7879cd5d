// One bit turned anywhere: in a file, in the bundle, in a certificate. Each must be refused, with a
// reason; and random breakage of bundles and envelopes ends in an answer, never in a crash.

import Attestation
import CanonicalJSON
import Cryptography
import TestSupport
import Testing

@testable import Artifacts

@Suite struct `One turned bit` {
    static let files = ["config.json": #"{"arch":"tiny"}"#, "weights/a.bin": "weights\n"]

    @Test func `in any byte of any file is refused, and the file named`() throws {
        let folder = try ScratchFolder()
        let model = try folder.write(Self.files)
        let key = try PrivateKey.generate(.ecdsaP256)
        let bundle = try ArtifactScan.scan(model).sign(with: key)
        var random = SplitMix(state: 1)
        for (name, text) in Self.files {
            for place in 0..<text.utf8.count {
                var bytes = Array(text.utf8)
                bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                try WholeFile.write(bytes, to: "\(model)/\(name)")
                let verdict = try ArtifactScan.scan(model).verify(
                    bundle: bundle, key: key.publicKey)
                #expect(verdict.findings.map(\.code) == [.fileAltered])
                #expect(verdict.findings.first?.path == name)
            }
            try WholeFile.write(Array(text.utf8), to: "\(model)/\(name)")
        }
        #expect(try ArtifactScan.scan(model).verify(bundle: bundle, key: key.publicKey).isValid)
    }

    /// Every bundle with one bit turned, that verifies all the same.
    static func survivors(
        of bundle: [UInt8], bits: [UInt8], _ verify: ([UInt8]) throws -> ModelSignatureVerdict
    ) throws -> [String] {
        #expect(try verify(bundle).isValid)
        var survivors: [String] = []
        for place in bundle.indices {
            for bit in bits {
                var bytes = bundle
                bytes[place] ^= 1 << bit
                let verdict = try verify(bytes)
                if verdict.isValid {
                    let around = bundle[max(0, place - 24)..<min(bundle.count, place + 8)]
                    survivors.append("\(place).\(bit): \(String(decoding: around, as: UTF8.self))")
                } else if verdict.findings.isEmpty || verdict.findings[0].message.isEmpty {
                    survivors.append("\(place).\(bit) without a reason")
                }
            }
        }
        return survivors
    }

    @Test func `in any byte of a bundle by key is refused, with the reason`() throws {
        let folder = try ScratchFolder()
        let model = try folder.write(Self.files)
        let key = try PrivateKey.generate(.ecdsaP256)
        let scan = try ArtifactScan.scan(model)
        let survivors = try Self.survivors(of: scan.sign(with: key), bits: Array(0..<8)) {
            try scan.verify(bundle: $0, key: key.publicKey)
        }
        #expect(survivors == [])
    }

    @Test func `in any byte of a bundle with certificates is refused, with the reason`() throws {
        let folder = try ScratchFolder()
        let model = try folder.write(Self.files)
        let workshop = try CertificateWorkshop()
        try workshop.issue("root", CertificateWorkshop.authority)
        try workshop.issue("signer", by: "root", CertificateWorkshop.signer)
        let chain = try Certificate.all(pem: workshop.bytes("signer.crt"))
        let trust = SignerTrust.certificate(
            CertificateTrust(
                anchors: try Certificate.all(pem: workshop.bytes("root.crt")),
                identity: "release@example.org",
                now: try #require(UTCTime.seconds("2026-11-21T12:00:00Z"))))
        let scan = try ArtifactScan.scan(model)
        let bundle = try scan.sign(
            with: PrivateKey(pem: workshop.bytes("signer.key")), certificates: chain)
        let survivors = try Self.survivors(of: bundle, bits: [0, 5]) {
            try scan.verify(bundle: $0, trust: trust)
        }
        #expect(survivors == [])
    }
}

@Suite struct `A broken bundle` {
    static func broken(_ bytes: [UInt8], _ random: inout SplitMix) -> [UInt8] {
        var bytes = bytes
        for _ in 0...Int.random(in: 0..<3, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.removeLast(bytes.count - place)
            case 2: bytes.insert(contentsOf: bytes[place...].prefix(20), at: place)
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + 9))
            default:
                let telling = [
                    "{", "}", "[", "]", "\"", ":", ",", "null", "\\u0000", "1e999", "-1", "A",
                ]
                bytes.insert(
                    contentsOf: Array((telling.randomElement(using: &random) ?? "").utf8),
                    at: place)
            }
        }
        return bytes
    }

    static func corpus(_ name: String) throws -> [UInt8] {
        try WholeFile.read("\(Peers.repository)/Tests/Corpus/bundles/\(name)")
    }

    static let bundles = ["key.json", "certificate.json", "shards.json"]

    @Test(arguments: bundles)
    func `is refused, and no reader crashes on it`(name: String) throws {
        let whole = try Self.corpus(name)
        let key = try PrivateKey.generate(.ecdsaP256).publicKey
        let envelope = try SigstoreBundle(parsing: whole).envelope.canonicalBytes
        var random = SplitMix(state: UInt64(whole.count))
        for _ in 0..<2_000 {
            let bundle = Self.broken(whole, &random)
            let verdict = ModelSignature.verify(
                bundle: bundle, key: key, model: ObservedModel(files: []))
            #expect(!verdict.isValid && !verdict.findings.isEmpty)
            _ = try? SignatureClaims(bundle: bundle)
            _ = try? Envelope(parsing: Self.broken(envelope, &random))
        }
    }

    @Test func `certificate is refused or read, with every name in it in bounds`() throws {
        let bundle = try SigstoreBundle(parsing: Self.corpus("certificate.json"))
        guard case .certificateChain(let chain) = bundle.material, let leaf = chain.first else {
            Issue.record("the corpus has no chain")
            return
        }
        var random = SplitMix(state: 9)
        var read = 0
        for _ in 0..<4_000 {
            guard let certificate = try? Certificate(der: Self.broken(leaf, &random)) else {
                continue
            }
            read += 1
            for name in certificate.names { #expect(name.value.utf8.count <= leaf.count * 2) }
            #expect(certificate.subject.utf8.count <= leaf.count * 8)
        }
        #expect(read > 0)
    }
}
