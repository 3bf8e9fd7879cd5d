import Testing

@testable import Cryptography

@Suite struct `Keys` {
    @Test(arguments: KeyAlgorithm.allCases.filter(\.canSign))
    func `a public key comes back from both of its forms`(algorithm: KeyAlgorithm) throws {
        let key = try PrivateKey.generate(algorithm).publicKey
        #expect(key.algorithm == algorithm)
        #expect(key.id.hex == SHA256.hash(key.spki).hex)
        #expect(try PublicKey(spki: key.spki) == key)
        #expect(try PublicKey(pem: Array(key.pem.utf8)) == key)
        #expect(key.pem.hasPrefix("-----BEGIN PUBLIC KEY-----\n"))
        #expect(key.pem.hasSuffix("\n-----END PUBLIC KEY-----\n"))
        #expect(key.pem.split(separator: "\n").allSatisfy { $0.utf8.count <= 64 })
        #expect(KeyID(hex: key.id.hex) == key.id)
        #expect((key.rawEd25519?.count == 32) == (algorithm == .ed25519))
    }

    @Test(arguments: KeyAlgorithm.allCases.filter(\.canSign))
    func `a private key comes back from PEM`(algorithm: KeyAlgorithm) throws {
        let key = try PrivateKey.generate(algorithm)
        let again = try PrivateKey(pem: try key.pem())
        #expect(again.publicKey == key.publicKey)
        #expect(key.publicKey.verify(try again.sign([1]), over: [1]))
    }

    @Test func `an encrypted key opens with its passphrase only`() throws {
        let key = try PrivateKey.generate(.ed25519)
        let passphrase: [UInt8] = Array("käse".utf8) + [0] + Array("brot".utf8)
        let pem = try key.pem(passphrase: passphrase)
        #expect(String(decoding: pem, as: UTF8.self).hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY"))
        #expect(try PrivateKey(pem: pem, passphrase: passphrase).publicKey == key.publicKey)
        let wrong: [([UInt8]?, CryptographyError.Code)] = [
            (nil, .passphraseNeeded), (Array("käse".utf8), .wrongPassphrase), ([], .badInput),
            ([UInt8](repeating: 1, count: 1_025), .badInput),
        ]
        for (passphrase, code) in wrong {
            let error = #expect(throws: CryptographyError.self) {
                try PrivateKey(pem: pem, passphrase: passphrase)
            }
            #expect(error?.code == code)
        }
        #expect(ErrorQueue.drain().isEmpty)
    }

    @Test func `RSA keys are not made here`() {
        let error = #expect(throws: CryptographyError.self) { try PrivateKey.generate(.rsa) }
        #expect(error?.code == .unsupportedKey)
    }

    @Test func `seeds and raw keys have 32 bytes`() {
        for count in [0, 31, 33, 64] {
            let bytes = [UInt8](repeating: 9, count: count)
            #expect(throws: CryptographyError.self) { try PrivateKey(ed25519Seed: bytes) }
            #expect(throws: CryptographyError.self) { try PublicKey(ed25519: bytes) }
        }
    }

    @Test(arguments: [
        ("y = 0", String(repeating: "00", count: 32)),
        ("y = 1", "01" + String(repeating: "00", count: 31)),
        ("y = 1, sign", "01" + String(repeating: "00", count: 30) + "80"),
        ("y = -1", "ec" + String(repeating: "ff", count: 30) + "7f"),
        ("order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        ("order 8, sign", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
        ("order 8", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
        ("y = p", "ed" + String(repeating: "ff", count: 30) + "7f"),
        ("y = 2^255 - 1", String(repeating: "ff", count: 32)),
    ])
    func `Ed25519 keys that prove nothing are refused`(name: String, hex: String) {
        #expect(throws: CryptographyError.self) { try PublicKey(ed25519: hex.hexBytes) }
    }

    @Test func `altered public keys are refused`() throws {
        for algorithm in KeyAlgorithm.allCases where algorithm.canSign {
            let spki = try PrivateKey.generate(algorithm).publicKey.spki
            for count in 0..<spki.count {
                #expect(throws: CryptographyError.self) {
                    try PublicKey(spki: Array(spki.prefix(count)))
                }
            }
            #expect(throws: CryptographyError.self) { try PublicKey(spki: spki + [0]) }
            for index in 0..<(algorithm.spkiPrefix?.count ?? 0) {
                var altered = spki
                altered[index] ^= 0x20
                #expect(throws: CryptographyError.self) { try PublicKey(spki: altered) }
            }
        }
        #expect(ErrorQueue.drain().isEmpty)
    }

    @Test func `a point beside the curve is refused`() throws {
        var spki = try PrivateKey.generate(.ecdsaP256).publicKey.spki
        spki[spki.count - 1] ^= 1
        let error = #expect(throws: CryptographyError.self) { try PublicKey(spki: spki) }
        #expect(error?.code == .malformedKey)
        #expect(error?.causes.isEmpty == false)
    }

    @Test func `a file is one key and nothing else`() throws {
        let pem = try PrivateKey.generate(.ed25519).publicKey.pem
        let secret = try PrivateKey.generate(.ed25519).pem()
        let good = [pem, "\n\n" + pem + "\n \n", pem.replacing("\n", with: "\r\n")]
        for text in good { _ = try PublicKey(pem: Array(text.utf8)) }
        let bad = [
            "", "\n", pem + pem, "key:\n" + pem, pem + "x", String(pem.dropLast(30)),
            pem.replacing("PUBLIC", with: "PRIVATE"),
            pem.replacing("-----BEGIN", with: "----BEGIN"),
            "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
            pem.replacing("MCow", with: "MC=w"), pem.replacing("MCow", with: " MCow"),
            String(decoding: secret, as: UTF8.self), String(repeating: "A", count: 100_000),
        ]
        for text in bad {
            let error = #expect(throws: CryptographyError.self) {
                try PublicKey(pem: Array(text.utf8))
            }
            #expect(error?.code == .malformedKey, "\(text.prefix(80))")
        }
    }

    @Test func `other files are no private keys`() throws {
        let publicKey = try PrivateKey.generate(.ecdsaP256).publicKey.pem
        let texts = [
            "", "x", publicKey, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        ]
        for text in texts {
            let error = #expect(throws: CryptographyError.self) {
                try PrivateKey(pem: Array(text.utf8))
            }
            #expect(error?.code == .malformedKey)
        }
        let tooLong = [UInt8](repeating: 0x2D, count: 100_000)
        #expect(throws: CryptographyError.self) { try PrivateKey(pem: tooLong) }
    }

    @Test func `an error says what OpenSSL said and nothing of the key`() {
        let error = CryptographyError(
            .library, "It failed.", causes: [.init(number: 1, reason: "bad decrypt")])
        #expect("\(error)" == "It failed. (bad decrypt)")
        #expect("\(CryptographyError(.badInput, "Too short."))" == "Too short.")
    }
}
