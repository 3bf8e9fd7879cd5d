import Testing

@testable import Cryptography

@Suite struct `Hexadecimal` {
    @Test func `every byte has two lowercase digits`() {
        let all = (0...255).map { UInt8($0) }
        #expect(Hex.encode([0x00, 0x9A, 0xFF]) == "009aff")
        #expect(Hex.decode(Hex.encode(all)) == all)
        #expect(Hex.decode("") == [])
    }

    @Test(arguments: ["0", "0g", "AB", "a b", "0x", " 00", "00\n", "é"])
    func `other texts are refused`(text: String) {
        #expect(Hex.decode(text) == nil)
    }
}

@Suite struct `Base64 text` {
    /// RFC 4648 section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
    func `the vectors of RFC 4648 hold`(plain: String, text: String) {
        let bytes = Array(plain.utf8)
        #expect(Base64.encode(bytes) == text)
        #expect(Base64.decode(text) == bytes)
        #expect(Base64.decodeLenient(text) == bytes)
        #expect(Base64.decodeLenient(text.filter { $0 != "=" }) == bytes)
    }

    @Test func `the worked example holds in both alphabets`() {
        #expect(Base64.encode([0xFB, 0xF0]) == "+/A=")
        #expect(Base64.urlEncode([0xFB, 0xF0]) == "-_A")
        #expect(Base64.urlDecode("-_A") == [0xFB, 0xF0])
        for text in ["+/A=", "+/A", "-_A=", "-_A"] {
            #expect(Base64.decodeLenient(text) == [0xFB, 0xF0])
        }
    }

    @Test func `all bytes and lengths come back`() {
        for count in 0..<200 {
            let bytes = Random.bytes(count)
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
            #expect(Base64.urlDecode(Base64.urlEncode(bytes)) == bytes)
        }
    }

    @Test(arguments: [
        "Zg", "Zg=", "Zg===", "Z===", "=", "====", "Z", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n", " Zm9v",
        "Zg==Zg==", "Zm9v====", "Zm9v=", "-_A=", "Zm9*", "Zm9é",
    ])
    func `the strict reader refuses what is not the one text`(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(arguments: [
        "Zg=", "Zg===", "Zh", "Zh==", "+_A=", "-/A", "Zm 9v", "Zm9v\n", "Z", "=", "Zm9v=",
    ])
    func `the lenient reader refuses mixtures, false padding and loose bits`(text: String) {
        #expect(Base64.decodeLenient(text) == nil)
    }

    @Test(arguments: ["-_A=", "+/A", "-_B"])
    func `the URL-safe reader refuses padding and the other alphabet`(text: String) {
        #expect(Base64.urlDecode(text) == nil)
    }
}

@Suite struct `Randomness and comparison` {
    @Test func `bytes are as many as asked for and differ`() {
        #expect(Random.bytes(0).isEmpty)
        #expect(Random.bytes(33).count == 33)
        #expect(Random.bytes(32) != Random.bytes(32))
    }

    @Test func `comparison tells equal from different`() {
        #expect(constantTimeEquals([], []))
        #expect(constantTimeEquals([1, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2]))
    }

    @Test func `a wiped secret is zero`() {
        var secret: [UInt8] = [1, 2, 3]
        wipe(&secret)
        #expect(secret == [0, 0, 0])
    }
}
