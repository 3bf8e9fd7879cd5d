import Testing

@testable import Cryptography

@Suite struct `Sealing with AES-256-GCM` {
    static let key = [UInt8](repeating: 7, count: 32)

    struct Vector: CustomTestStringConvertible {
        let name: String
        let key: String
        let nonce: String
        let associatedData: String
        let plaintext: String
        let ciphertext: String
        let tag: String
        var testDescription: String { name }
    }

    static let zeros = String(repeating: "0", count: 64)

    /// McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13, 14 and 16.
    @Test(arguments: [
        Vector(
            name: "case 13", key: zeros, nonce: "000000000000000000000000", associatedData: "",
            plaintext: "", ciphertext: "", tag: "530f8afbc74536b9a963b4f1c4cb738b"),
        Vector(
            name: "case 14", key: zeros, nonce: "000000000000000000000000", associatedData: "",
            plaintext: "00000000000000000000000000000000",
            ciphertext: "cea7403d4d606b6e074ec5d3baf39d18",
            tag: "d0d1c8a799996bf0265b98b5d48ab919"),
        Vector(
            name: "case 16",
            key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
            nonce: "cafebabefacedbaddecaf888",
            associatedData: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            plaintext: """
                d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
                1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39
                """,
            ciphertext: """
                522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
                8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662
                """,
            tag: "76fc6ece0f4e1768cddf8853bb2d551b"),
    ])
    func `published vectors hold`(vector: Vector) throws {
        let sealed = try AuthenticatedEncryption.seal(
            vector.plaintext.hexBytes, key: vector.key.hexBytes,
            associatedData: vector.associatedData.hexBytes, nonce: vector.nonce.hexBytes)
        let expected = vector.nonce + vector.ciphertext + vector.tag
        #expect(sealed == expected.hexBytes)
        let opened = try AuthenticatedEncryption.open(
            sealed, key: vector.key.hexBytes, associatedData: vector.associatedData.hexBytes)
        #expect(opened == vector.plaintext.hexBytes)
    }

    @Test func `what is sealed twice looks different each time`() throws {
        let once = try AuthenticatedEncryption.seal([1, 2, 3], key: Self.key)
        let again = try AuthenticatedEncryption.seal([1, 2, 3], key: Self.key)
        #expect(once != again)
        #expect(once.count == 12 + 3 + 16)
        #expect(try AuthenticatedEncryption.open(once, key: Self.key) == [1, 2, 3])
    }

    @Test func `no bit can be altered`() throws {
        let sealed = try AuthenticatedEncryption.seal(
            [1, 2, 3], key: Self.key, associatedData: [9])
        for bit in 0..<sealed.count * 8 {
            var altered = sealed
            altered[bit / 8] ^= 1 << (bit % 8)
            let error = #expect(throws: CryptographyError.self) {
                try AuthenticatedEncryption.open(altered, key: Self.key, associatedData: [9])
            }
            #expect(error?.code == .notAuthentic)
        }
        #expect(ErrorQueue.drain().isEmpty)
    }

    @Test func `another key, other associated data or a shorter text do not open`() throws {
        let sealed = try AuthenticatedEncryption.seal(
            [1, 2, 3], key: Self.key, associatedData: [9])
        let otherKey = [UInt8](repeating: 8, count: 32)
        let attempts: [([UInt8], [UInt8], [UInt8], CryptographyError.Code)] = [
            (sealed, otherKey, [9], .notAuthentic), (sealed, Self.key, [8], .notAuthentic),
            (sealed, Self.key, [], .notAuthentic),
            (sealed.dropLast(), Self.key, [9], .notAuthentic),
            (Array(sealed.prefix(27)), Self.key, [9], .badInput), ([], Self.key, [9], .badInput),
            (sealed, Array(Self.key.dropLast()), [9], .badInput),
        ]
        for (text, key, data, code) in attempts {
            let error = #expect(throws: CryptographyError.self) {
                try AuthenticatedEncryption.open(text, key: key, associatedData: data)
            }
            #expect(error?.code == code)
        }
    }
}
