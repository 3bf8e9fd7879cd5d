import Testing

@testable import Cryptography

@Suite struct `SHA-256` {
    /// FIPS 180-4 and the NIST examples.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            String(repeating: "a", count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ])
    func `published digests are found`(text: String, hex: String) {
        #expect(SHA256.hash(text).hex == hex)
        #expect(SHA256.hash(Array(text.utf8)).hex == hex)
        #expect(SHA256.hash(Array("x\(text)".utf8).dropFirst()).hex == hex)
        var hasher = SHA256Hasher()
        hasher.update(Array(text.utf8))
        #expect(hasher.finalize().hex == hex)
    }

    @Test func `it does not matter how a stream is cut`() {
        let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for cut in [0, 1, 55, 56, 63, 64, 65, 127, 128, 999, 1_000] {
            var hasher = SHA256Hasher()
            hasher.update(bytes[..<cut])
            hasher.update([])
            hasher.update(bytes[cut...])
            #expect(hasher.finalize() == SHA256.hash(bytes))
        }
        #expect(
            SHA256.hash(concatenating: Array(bytes[..<10]), [], Array(bytes[10...]))
                == SHA256.hash(bytes))
    }

    @Test func `a tag is one byte before the rest`() {
        let left = SHA256.hash("left")
        let right = SHA256.hash("right")
        #expect(SHA256.hash(tag: 0, Array("abc".utf8)) == SHA256.hash([0] + Array("abc".utf8)))
        #expect(SHA256.hash(tag: 7, []) == SHA256.hash([7]))
        #expect(SHA256.hash(tag: 1, left, right) == SHA256.hash([1] + left.bytes + right.bytes))
    }

    @Test func `digests are read from 32 bytes or 64 lowercase digits only`() {
        let digest = SHA256.hash("abc")
        #expect(SHA256Digest(bytes: digest.bytes) == digest)
        #expect(SHA256Digest(hex: digest.hex) == digest)
        #expect("\(digest)" == digest.hex)
        #expect(SHA256Digest(bytes: Array(digest.bytes.dropLast())) == nil)
        #expect(SHA256Digest(bytes: digest.bytes + [0]) == nil)
        #expect(SHA256Digest(hex: digest.hex.uppercased()) == nil)
        #expect(SHA256Digest(hex: String(digest.hex.dropLast(2))) == nil)
        #expect(SHA256Digest(hex: digest.hex + "00") == nil)
        #expect(SHA256Digest(hex: digest.hex.dropLast() + "g") == nil)
    }

    @Test func `digests are ordered as their bytes`() {
        let digests = (0..<200).map { SHA256.hash("\($0)") }
        let sorted = digests.sorted()
        #expect(sorted.map(\.hex) == digests.map(\.hex).sorted())
        #expect(Set(digests).count == 200)
        #expect(SHA256Digest.zero.bytes == [UInt8](repeating: 0, count: 32))
        #expect(!(sorted[0] < sorted[0]))
    }
}
