import Testing

@testable import Cryptography

@Suite struct `Two streams of SHA-256 side by side` {
    @Test func `are each what OpenSSL makes of it`() {
        var random = SystemRandomNumberGenerator()
        for round in 0..<200 {
            let blocks = Int.random(in: 0...40, using: &random)
            let parts = (0..<2).map { _ in
                (
                    before: bytes(round < 100 ? 0 : Int.random(in: 0...130, using: &random)),
                    together: bytes(blocks * 64),
                    after: bytes(Int.random(in: 0...130, using: &random))
                )
            }
            var first = SHA256Hasher()
            var second = SHA256Hasher()
            first.update(parts[0].before)
            second.update(parts[1].before)
            parts[0].together.withUnsafeBytes { one in
                parts[1].together.withUnsafeBytes { two in
                    SHA256Hasher.update(&first, one, &second, two)
                }
            }
            first.update(parts[0].after)
            second.update(parts[1].after)
            let expected = parts.map { SHA256.hash($0.before + $0.together + $0.after) }
            #expect(first.finalize() == expected[0])
            #expect(second.finalize() == expected[1])
        }
    }

    @Test func `count their length beyond 512 MiB, where the low half of it is full`() {
        let part = bytes(1 << 20)
        var first = SHA256Hasher()
        var second = SHA256Hasher()
        var alone = SHA256Hasher()
        part.withUnsafeBytes { part in
            for _ in 0..<513 {
                SHA256Hasher.update(&first, part, &second, part)
                alone.update(part)
            }
        }
        let expected = alone.finalize()
        #expect(first.finalize() == expected)
        #expect(second.finalize() == expected)
    }

    private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in .random(in: 0...255) } }
}
