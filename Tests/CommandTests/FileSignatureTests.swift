// `artifact verify-file`: what counts as the signature of a file, by keys made here.

import Attestation
import CanonicalJSON
import Cryptography
import Registry
import TestSupport
import Testing

@Suite struct `A signed file` {
    private static let flaw = "https://openvex.dev/ns"
    private static let bytes = Array("weights".utf8)
    private let program: Program
    private let key: PrivateKey

    init() throws {
        program = try Program()
        key = try .generate(.ecdsaP256)
        try program.write("key.pub", key.publicKey.pem)
        try program.write("file", Self.bytes)
        try program.write("bare.json", Self.bare(by: key))
        let statement = Statement(
            subjects: [.init(name: "a", sha256: SHA256.hash(Self.bytes))],
            predicateType: Self.flaw, predicate: [:])
        let envelope = try statement.sign(with: [key])
        try program.write(
            "statement.json", SigstoreBundle(envelope: envelope, key: key.publicKey).bytes)
    }

    private static func bare(by key: PrivateKey) throws -> [UInt8] {
        bare(key.publicKey, try key.sign(bytes))
    }

    private static func bare(_ key: PublicKey, _ signature: [UInt8]) -> [UInt8] {
        let bundle: JSON = [
            "mediaType": .string(SigstoreBundle.mediaType),
            "verificationMaterial": [
                "publicKey": ["hint": .string(Base64.encode(key.id.digest.bytes))]
            ],
            "messageSignature": ["signature": .string(Base64.encode(signature))],
        ]
        return bundle.canonicalBytes
    }

    /// Keys of RSA are only verified with here; the program `openssl` signs.
    private func signByRSA() throws {
        func openssl(_ line: String) throws {
            let ran = try Peers.run(
                ["openssl"] + line.split(separator: " ").map(String.init), in: program.folder)
            guard ran.code == 0 else { throw ProgramError("openssl \(line): \(ran)") }
        }
        try openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out rsa.key")
        try openssl("pkey -in rsa.key -pubout -out signer.pub")
        try openssl("dgst -sha256 -sign rsa.key -out rsa.sig file")
        let key = try PublicKey(pem: File.read(program.folder + "/signer.pub", limit: 1 << 16))
        let signature = try File.read(program.folder + "/rsa.sig", limit: 1 << 16)
        try program.write("signed.json", Self.bare(key, signature))
    }

    private func verify(
        _ what: [String], _ bundle: String, _ more: [String] = [], key: String = "key.pub"
    ) throws -> Ran {
        try program.run(
            ["artifact", "verify-file"] + what + ["--bundle", bundle, "--public-key", key] + more)
    }

    private static func oci(_ text: String) -> String { SHA256.hash(text).oci }

    @Test func `is signed by a signature over it, and by a statement of the type asked for`() throws
    {
        #expect(try verify(["file"], "bare.json").code == 0)
        #expect(try verify(["file"], "bare.json", ["--predicate-type", Self.flaw]).code == 1)
        // Who reports a flaw in a file has not released it.
        #expect(try verify(["file"], "statement.json").code == 1)
        let other = ["--predicate-type", "https://slsa.dev/provenance/v1"]
        #expect(try verify(["file"], "statement.json", other).code == 1)
        let ran = try verify(["file"], "statement.json", ["--predicate-type", Self.flaw])
        #expect(ran.code == 0 && ran.output.contains("statement \(Self.flaw) about"), "\(ran)")
        let any = try verify(["file"], "statement.json", ["--any-predicate", "--json"])
        #expect(any.code == 0, "\(any)")
        #expect(try JSON(parsing: any.output)["predicateType"]?.string == Self.flaw)
        let both = ["--any-predicate", "--predicate-type", Self.flaw]
        #expect(try verify(["file"], "statement.json", both).code == 64)
    }

    @Test func `is another when only its name is a digest`() throws {
        let digest = Self.oci("weights")
        #expect(try verify(["--digest", digest], "bare.json").code == 0)
        #expect(try verify(["--digest", Self.oci("other")], "bare.json").code == 1)
        #expect(try verify(["--digest", "weights"], "bare.json").code == 64)
        #expect(try verify(["file", "--digest", digest], "bare.json").code == 64)
        #expect(try verify([], "bare.json").code == 64)
        #expect(try verify([digest], "bare.json").code == 2)
        try program.write(digest, "something else")
        #expect(try verify([digest], "bare.json").code == 1)
        try program.write(digest, Self.bytes)
        #expect(try verify([digest], "bare.json").code == 0)
    }

    @Test(arguments: [KeyAlgorithm.ecdsaP256, .rsa, .ecdsaP384, .ed25519])
    func `is known by its digest to keys that sign a SHA-256, and needed by others`(
        _ algorithm: KeyAlgorithm
    ) throws {
        if algorithm == .rsa {
            try signByRSA()
        } else {
            let signer = try PrivateKey.generate(algorithm)
            try program.write("signer.pub", signer.publicKey.pem)
            try program.write("signed.json", Self.bare(by: signer))
        }
        let suffices = algorithm == .ecdsaP256 || algorithm == .rsa
        #expect(try verify(["file"], "signed.json", key: "signer.pub").code == 0)
        let known = ["--digest", Self.oci("weights")]
        let ran = try verify(known, "signed.json", key: "signer.pub")
        #expect(ran.code == (suffices ? 0 : 2), "\(ran)")
        #expect(suffices || ran.errors.contains("the file itself is needed"))
        let other = ["--digest", Self.oci("other")]
        #expect(try verify(other, "signed.json", key: "signer.pub").code == (suffices ? 1 : 2))
        // The hint names another key; without it the signature is not that of the key.
        #expect(try verify(known, "signed.json").code == 1)
    }

    @Test func `is not spoken of in words that a terminal obeys`() throws {
        let hostile: JSON = ["\u{1B}[2Jok\nvalid: \u{202E}": 1, "mediaType": "x"]
        try program.write("hostile.json", hostile.canonicalBytes)
        let ran = try verify(["file"], "hostile.json")
        #expect(ran.code == 1, "\(ran)")
        #expect(ran.errors.contains("\u{FFFD}[2Jok\u{FFFD}valid: \u{FFFD}"), "\(ran)")
        #expect(!ran.errors.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{202E}" })
        #expect(!ran.errors.split(separator: "\n").contains { $0.hasPrefix("valid") })
    }
}
