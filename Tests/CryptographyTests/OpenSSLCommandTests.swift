// Interoperability with the openssl command, where there is one.

import Foundation
import Testing

@testable import Cryptography

@Suite(.enabled(if: OpenSSLCommand.isThere, "there is no openssl command"))
struct `With the openssl command` {
    struct Kind: Sendable, CustomTestStringConvertible {
        let algorithm: KeyAlgorithm
        let generate: [String]
        let sign: [String]
        var testDescription: String { algorithm.rawValue }
    }

    static let kinds = [
        Kind(algorithm: .ecdsaP256, generate: ec("P-256"), sign: ["dgst", "-sha256"]),
        Kind(algorithm: .ecdsaP384, generate: ec("P-384"), sign: ["dgst", "-sha384"]),
        Kind(algorithm: .ecdsaP521, generate: ec("P-521"), sign: ["dgst", "-sha512"]),
        Kind(
            algorithm: .ed25519, generate: ["genpkey", "-algorithm", "ed25519"],
            sign: ["pkeyutl", "-rawin"]),
    ]

    static func ec(_ curve: String) -> [String] {
        ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:\(curve)"]
    }

    @Test(arguments: kinds)
    func `each verifies what the other signs`(kind: Kind) throws {
        let shell = try OpenSSLCommand()
        defer { shell.clear() }
        try shell.run(kind.generate + ["-out", "k.pem"])
        try shell.run(["pkey", "-in", "k.pem", "-pubout", "-out", "k.pub"])
        let message = Random.bytes(1_000)
        try shell.write("message", message)
        let key = try PrivateKey(pem: try shell.read("k.pem"))
        let publicKey = try PublicKey(pem: try shell.read("k.pub"))
        #expect(key.publicKey == publicKey)
        #expect(publicKey.algorithm == kind.algorithm)
        #expect(Array(publicKey.pem.utf8) == (try shell.read("k.pub")))

        try shell.sign(kind.sign, key: "k.pem")
        #expect(publicKey.verify(try shell.read("signature"), over: message))
        try shell.write("signature", try key.sign(message))
        #expect(try shell.verifies(kind.sign, key: "k.pub"))
        try shell.write("message", message + [0])
        #expect(try !shell.verifies(kind.sign, key: "k.pub"))
    }

    @Test(arguments: kinds)
    func `each opens the encrypted keys of the other`(kind: Kind) throws {
        let shell = try OpenSSLCommand()
        defer { shell.clear() }
        let key = try PrivateKey.generate(kind.algorithm)
        try shell.write("ours.pem", try key.pem(passphrase: Array("secret".utf8)))
        try shell.run(
            ["pkey", "-in", "ours.pem", "-passin", "pass:secret", "-pubout", "-out", "ours.pub"])
        #expect(try PublicKey(pem: try shell.read("ours.pub")) == key.publicKey)
        try shell.run(
            ["pkcs8", "-topk8", "-in", "ours.pem", "-passin", "pass:secret", "-v2", "aes-256-cbc"]
                + ["-passout", "pass:other", "-out", "theirs.pem"])
        let theirs = try PrivateKey(
            pem: try shell.read("theirs.pem"), passphrase: Array("other".utf8))
        #expect(theirs.publicKey == key.publicKey)
    }

    @Test func `SEC 1 files are read, with parameters before them and encrypted`() throws {
        let shell = try OpenSSLCommand()
        defer { shell.clear() }
        try shell.run(["ecparam", "-name", "prime256v1", "-genkey", "-out", "k.pem"])
        let key = try PrivateKey(pem: try shell.read("k.pem"))
        #expect(key.algorithm == .ecdsaP256)
        try shell.run(
            ["ec", "-in", "k.pem", "-aes256", "-passout", "pass:secret", "-out", "e.pem"])
        let pem = try shell.read("e.pem")
        #expect(
            try PrivateKey(pem: pem, passphrase: Array("secret".utf8)).publicKey == key.publicKey)
        let error = #expect(throws: CryptographyError.self) { try PrivateKey(pem: pem) }
        #expect(error?.code == .passphraseNeeded)
    }

    @Test func `RSA signatures are verified, PKCS 1 version 1.5 only`() throws {
        let shell = try OpenSSLCommand()
        defer { shell.clear() }
        try shell.run(["genrsa", "-out", "k.pem", "2048"])
        try shell.run(["pkey", "-in", "k.pem", "-pubout", "-out", "k.pub"])
        try shell.write("message", [1, 2, 3])
        let key = try PublicKey(pem: try shell.read("k.pub"))
        #expect(key.algorithm == .rsa)
        try shell.sign(["dgst", "-sha256"], key: "k.pem")
        #expect(key.verify(try shell.read("signature"), over: [1, 2, 3]))
        #expect(!key.verify(try shell.read("signature"), over: [1, 2, 4]))
        try shell.sign(["dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss"], key: "k.pem")
        #expect(!key.verify(try shell.read("signature"), over: [1, 2, 3]))
        let error = #expect(throws: CryptographyError.self) {
            try PrivateKey(pem: try shell.read("k.pem"))
        }
        #expect(error?.code == .unsupportedKey)
    }

    @Test(arguments: [
        ec("secp256k1"), ec("P-224"), ["genpkey", "-algorithm", "ed448"],
        ["genpkey", "-algorithm", "x25519"],
        ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
        ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_pubexp:3"],
        ["genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"],
        ec("P-256") + ["-pkeyopt", "ec_param_enc:explicit"],
    ])
    func `keys of other kinds are refused with a reason`(generate: [String]) throws {
        let shell = try OpenSSLCommand()
        defer { shell.clear() }
        try shell.run(generate + ["-out", "k.pem"])
        try shell.run(["pkey", "-in", "k.pem", "-pubout", "-out", "k.pub"])
        let error = #expect(throws: CryptographyError.self) {
            try PublicKey(pem: try shell.read("k.pub"))
        }
        #expect(error?.code == .unsupportedKey)
        let privateError = #expect(throws: CryptographyError.self) {
            try PrivateKey(pem: try shell.read("k.pem"))
        }
        #expect(privateError?.code == .unsupportedKey)
        #expect(ErrorQueue.drain().isEmpty)
    }

    @Test func `a compressed point is refused`() throws {
        let shell = try OpenSSLCommand()
        defer { shell.clear() }
        try shell.run(Self.ec("P-256") + ["-out", "k.pem"])
        try shell.run(
            ["ec", "-in", "k.pem", "-pubout", "-conv_form", "compressed", "-out", "k.pub"])
        let error = #expect(throws: CryptographyError.self) {
            try PublicKey(pem: try shell.read("k.pub"))
        }
        #expect(error?.code == .unsupportedKey)
    }
}

/// Runs openssl in a folder of its own.
struct OpenSSLCommand {
    static let isThere =
        (try? OpenSSLCommand()).map { shell in
            defer { shell.clear() }
            return (try? shell.run(["version"])) != nil
        } ?? false

    struct Failure: Error {
        let arguments: [String]
    }

    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("imprimatur-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    func clear() { try? FileManager.default.removeItem(at: folder) }

    func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appendingPathComponent(name)))
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: folder.appendingPathComponent(name))
    }

    func run(_ arguments: [String]) throws {
        guard try status(arguments) == 0 else { throw Failure(arguments: arguments) }
    }

    func sign(_ command: [String], key: String) throws {
        let isDigest = command[0] == "dgst"
        try run(
            command
                + (isDigest
                    ? ["-sign", key, "-out", "signature", "message"]
                    : ["-sign", "-inkey", key, "-in", "message", "-out", "signature"]))
    }

    func verifies(_ command: [String], key: String) throws -> Bool {
        let isDigest = command[0] == "dgst"
        return try status(
            command
                + (isDigest
                    ? ["-verify", key, "-signature", "signature", "message"]
                    : ["-verify", "-pubin", "-inkey", key, "-in", "message"]
                        + ["-sigfile", "signature"])) == 0
    }

    private func status(_ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
