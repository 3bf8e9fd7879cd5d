// Addresses of keys in tokens, and keys in tokens of SoftHSM.

import Cryptography
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite struct `The address of a key in a token` {
    private static let query = "?module-path=/usr/lib/token.so&pin-source=file:/etc/pin"

    @Test func `is read with its percent signs decoded`() throws {
        let address = try TokenAddress(
            parsing: Array(
                ("pkcs11:token=the%20bank;object=log;id=%0a%FF;serial=01;type=private"
                    + "?pin-source=file:///etc/pin&module-path=/usr/lib/token.so\n").utf8))
        #expect(address.token == "the bank" && address.object == "log" && address.serial == "01")
        #expect(address.id == [10, 255])
        #expect(address.module == "/usr/lib/token.so" && address.pinFile == "/etc/pin")
    }

    @Test(arguments: [
        "token=t;object=o\(query)", "pkcs11:object=o\(query)", "pkcs11:token=t\(query)",
        "pkcs11:token=t;object=o", "pkcs11:token=t;object=o?module-path=/usr/lib/token.so",
        "pkcs11:token=t;object=o?pin-source=file:/etc/pin",
        "pkcs11:token=t;object=o?module-path=token.so&pin-source=file:/etc/pin",
        "pkcs11:token=t;object=o?module-path=/t.so&pin-source=/etc/pin",
        "pkcs11:token=t;object=o?module-path=/t.so&pin-source=|cat",
        "pkcs11:token=t;object=o\(query)&pin-value=1234",
        "pkcs11:token=t;token=u;object=o\(query)", "pkcs11:token=t;object=%2\(query)",
        "pkcs11:token=t;object=%zz\(query)", "pkcs11:token=t;object=o;type=cert\(query)",
        "pkcs11:token=t;object=o;slot-id=1\(query)", "pkcs11:token=t;object=%ff\(query)",
        "pkcs11:token=t;object=a%00b\(query)", "pkcs11:token=t;object=o o\(query)",
        "pkcs11:token=t;object=o\(query)\nmore", "pkcs11:token;object=o\(query)", "pkcs11:",
    ])
    func `is refused when it is another one`(_ text: String) {
        #expect(throws: CryptographyError.self) { try TokenAddress(parsing: Array(text.utf8)) }
    }

    @Test func `is refused without repeating the PIN in it`() {
        let text = "pkcs11:token=t;object=o\(Self.query)&pin-value=24681357"
        #expect {
            try TokenAddress(parsing: Array(text.utf8))
        } throws: { !"\($0)".contains("24681357") }
    }
}

@Suite(.serialized, .enabled(if: SoftToken.isThere, SoftToken.hint))
struct `A key in a token` {
    private func open(_ address: String, pin: String = SoftToken.pin) throws -> PrivateKey {
        try PrivateKey(token: TokenAddress(parsing: Array(address.utf8))) { Array(pin.utf8) }
    }

    /// The error of opening, which never tells the PIN.
    private func refusal(_ address: String, pin: String = SoftToken.pin) -> CryptographyError? {
        do {
            _ = try open(address, pin: pin)
            return nil
        } catch let error as CryptographyError {
            #expect(!error.description.contains(pin))
            return error
        } catch {
            Issue.record("\(error)")
            return nil
        }
    }

    @Test func `signs what its public half verifies, and stays where it is`() throws {
        let token = try SoftToken.shared()
        let key = try open(token.address())
        #expect(key.publicKey == token.key.publicKey)
        for count in [0, 1, 64, 5_000] {
            let message = [UInt8](repeating: 7, count: count)
            let signature = try key.sign(message)
            #expect(key.publicKey.verify(signature, over: message))
            #expect(!key.publicKey.verify(signature, over: message + [0]))
            // Ed25519 is deterministic: the token's signature is the one that OpenSSL makes.
            #expect(try signature == token.key.sign(message))
        }
        #expect(throws: CryptographyError.self) { try key.pem() }
    }

    @Test(arguments: [("permits", KeyAlgorithm.ecdsaP256), ("large", .ecdsaP521)])
    func `of ECDSA gives signatures in DER, hashed as its curve wants it`(
        _ label: String, _ algorithm: KeyAlgorithm
    ) throws {
        let key = try open(SoftToken.shared().address(object: label))
        #expect(key.algorithm == algorithm)
        // Often enough that r or s begins with a zero byte, or with one that looks negative.
        for number in 0..<300 {
            let message = Array("message \(number)".utf8)
            let signature = try key.sign(message)
            #expect(key.publicKey.verify(signature, over: message))
            #expect(!key.publicKey.verify(signature, over: message + [0]))
        }
    }

    @Test func `is found by its id as well, and only by the right one`() throws {
        let address = try SoftToken.shared().address()
        let byID = address.replacing("object=the%20log", with: "id=%0a")
        #expect(try open(byID).publicKey == open(address).publicKey)
        #expect(refusal(byID.replacing("%0a", with: "%aa"))?.code == .unsupportedKey)
        let both = address.replacing("object=the%20log", with: "object=the%20log;id=%0b")
        #expect(refusal(both)?.code == .unsupportedKey)
    }

    @Test func `signs for many at once`() async throws {
        let key = try open(SoftToken.shared().address())
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<64 {
                group.addTask {
                    let message = Array("\(number)".utf8)
                    return key.publicKey.verify(try key.sign(message), over: message)
                }
            }
            for try await holds in group { #expect(holds) }
        }
    }

    @Test func `is not opened by another PIN, and one that was refused is not tried again`() throws
    {
        let address = try SoftToken.shared().address(token: "vault")
        let refused = try #require(refusal(address, pin: "97531"))
        #expect(refused.code == .wrongPassphrase && refused.message.contains("PIN incorrect"))
        let key = try open(address)
        #expect(throws: Never.self) { try key.sign([1]) }
    }

    @Test(arguments: ["old", "coin", "nothing"])
    func `of a kind that is not used here, or none, is refused`(_ label: String) throws {
        let error = refusal(try SoftToken.shared().address(object: label))
        #expect([.unsupportedKey, .malformedKey].contains(error?.code))
    }

    @Test func `is refused when token or library is another one`() throws {
        let address = try SoftToken.shared().address()
        #expect(refusal(address.replacing("token=bank", with: "token=safe"))?.code == .token)
        let library = try #require(SoftToken.library)
        for other in ["/nowhere.so", "/bin/sh", "/etc/passwd"] {
            #expect(refusal(address.replacing(library, with: other))?.code == .token)
        }
    }

    @Test func `signs no more when its token is pulled out, and again when it is back`()
        async throws
    {
        let token = try SoftToken.shared()
        let other = try open(token.address())
        let pins = PINs()
        let address = try TokenAddress(parsing: Array(token.address(token: "chest").utf8))
        let forgetful = try PrivateKey(token: address) { pins.next() }
        let key = try open(token.address(token: "travelling"))
        _ = try key.sign([1])
        let files = try token.files(of: "travelling")
        let manager = FileManager.default
        try manager.moveItem(atPath: files, toPath: token.folder + "/pulled-out")
        #expect {
            try key.sign([2])
        } throws: { ($0 as? CryptographyError)?.code == .token }
        try manager.moveItem(atPath: token.folder + "/pulled-out", toPath: files)
        // The library is initialised anew once a second at most, so that it sees the token again.
        var signature: [UInt8]?
        var last: (any Error)?
        for _ in 0..<200 where signature == nil {
            do { signature = try key.sign([3]) } catch { last = error }
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(key.publicKey.verify(try #require(signature, "\(last as Any)"), over: [3]))
        // That ended the sessions of all keys: a PIN that is refused then is not tried a second time.
        for _ in 0..<3 {
            #expect {
                try forgetful.sign([5])
            } throws: { ($0 as? CryptographyError)?.code == .wrongPassphrase }
        }
        #expect(pins.asked == 2)
        #expect(try other.publicKey.verify(other.sign([4]), over: [4]))
    }
}

/// A file whose PIN is right once and wrong from then on.
private final class PINs: Sendable {
    private let count = Mutex(0)

    var asked: Int { count.withLock { $0 } }

    func next() -> [UInt8] {
        count.withLock {
            $0 += 1
            return Array(($0 == 1 ? SoftToken.pin : "97531").utf8)
        }
    }
}
