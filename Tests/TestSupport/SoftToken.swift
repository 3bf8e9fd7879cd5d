// Tokens in software, Debian's softhsm2, for tests of keys that do not leave their token.

package import Cryptography
internal import Foundation
package import Testing

/// A folder of tokens: `bank` with the keys that tests use, and whatever else is made in it.
package struct SoftToken: Sendable {
    /// The folder of the PIN, the configuration and the tokens' own files.
    package let folder: String
    /// The log's key outside of the token, to compare with.
    package let key: PrivateKey

    /// What a skipped test says.
    package static let hint: Comment = "skipped: softhsm2 is not installed"

    /// The library that programs load.
    package static let library = [
        "/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",
    ].first { FileManager.default.fileExists(atPath: $0) }

    private static let tool = "/usr/bin/softhsm2-util"

    /// Whether there is one, for `.enabled(if:)`.
    package static let isThere =
        library != nil && FileManager.default.fileExists(atPath: tool)

    /// The PIN of every token here.
    package static let pin = "24681357"

    private static let made = Result { () throws -> SoftToken in
        let token = try SoftToken(in: TestCluster.temporaryDirectory())
        for other in ["vault", "chest", "travelling"] {
            try token.makeToken(other, with: token.key)
        }
        // SoftHSM reads where its tokens are once per process.
        setenv("SOFTHSM2_CONF", token.configuration, 1)
        return token
    }

    /// The tokens of this process, made once.
    package static func shared() throws -> SoftToken { try made.get() }

    /// The file that SOFTHSM2_CONF names.
    package var configuration: String { folder + "/softhsm2.conf" }

    /// Where the tokens' own files are; without them they are gone.
    package var tokens: String { folder + "/tokens" }

    /// Makes the token `bank` in a folder: Ed25519 keys `the log` and `the service`, P-256 `permits`, P-521
    /// `large`, RSA `old`, secp256k1 `coin`.
    package init(in folder: String) throws {
        self.folder = folder
        key = try PrivateKey.generate(.ed25519)
        try FileManager.default.createDirectory(
            atPath: folder + "/tokens", withIntermediateDirectories: true)
        try "directories.tokendir = \(folder)/tokens\n".write(
            toFile: folder + "/softhsm2.conf", atomically: true, encoding: .utf8)
        try write("pin", Array((Self.pin + "\n").utf8))
        try makeToken("bank", with: key)
        try add("the service", id: "0b", key: PrivateKey.generate(.ed25519).pem())
        try add("permits", id: "0c", key: PrivateKey.generate(.ecdsaP256).pem())
        try add("large", id: "0d", key: PrivateKey.generate(.ecdsaP521).pem())
        try add("old", id: "0e", key: Self.foreign(["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]))
        try add(
            "coin", id: "0f", key: Self.foreign(["EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"]))
    }

    /// A key of a kind that we do not make.
    private static func foreign(_ kind: [String]) throws -> [UInt8] {
        let ran = try Peers.run(["openssl", "genpkey", "-quiet", "-algorithm"] + kind)
        guard ran.code == 0 else { throw SoftTokenError(description: "openssl: \(ran)") }
        return Array(ran.output.utf8)
    }

    /// Makes another token that holds this key as `the log`.
    package func makeToken(_ label: String, with key: PrivateKey) throws {
        try run([
            "--init-token", "--free", "--label", label, "--so-pin", "13572468", "--pin", Self.pin,
        ])
        try add("the log", id: "0a", key: key.pem(), token: label)
    }

    private func add(_ label: String, id: String, key: [UInt8], token: String = "bank") throws {
        try write("key.pem", key)
        defer { try? FileManager.default.removeItem(atPath: folder + "/key.pem") }
        try run([
            "--import", folder + "/key.pem", "--token", token, "--label", label, "--id", id,
            "--pin",
            Self.pin,
        ])
    }

    private func run(_ arguments: [String]) throws {
        let ran = try Peers.run(
            [Self.tool] + arguments, environment: ["SOFTHSM2_CONF": configuration])
        guard ran.code == 0 else { throw SoftTokenError(description: "softhsm2-util: \(ran)") }
    }

    /// Writes a secret file in the folder.
    package func write(_ name: String, _ bytes: [UInt8]) throws {
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        guard
            FileManager.default.createFile(
                atPath: "\(folder)/\(name)", contents: Data(bytes), attributes: attributes)
        else { throw SoftTokenError(description: "cannot write \(folder)/\(name)") }
    }

    /// The address of a key.
    package func address(
        token: String = "bank", object: String = "the%20log", pin: String = "pin"
    ) -> String {
        "pkcs11:token=\(token);object=\(object)?module-path=\(Self.library ?? "/nowhere")"
            + "&pin-source=file:\(folder)/\(pin)"
    }

    /// The folder of one token's files.
    package func files(of label: String) throws -> String {
        for name in try FileManager.default.contentsOfDirectory(atPath: tokens) {
            let object = try Data(
                contentsOf: URL(fileURLWithPath: "\(tokens)/\(name)/token.object"))
            if object.range(of: Data(label.utf8)) != nil { return "\(tokens)/\(name)" }
        }
        throw SoftTokenError(description: "there is no token \(label)")
    }
}

/// Why there is no token.
package struct SoftTokenError: Error, CustomStringConvertible {
    package let description: String
}
