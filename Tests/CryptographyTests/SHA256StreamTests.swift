import Testing

@testable import Cryptography

@Suite struct `Streams of SHA-256 side by side` {
    /// Streams at once, and what the processor is thought to take at most; 0 leaves it alone.
    static let ways = [2, 4, 0].flatMap { most in (1...4).map { ($0, most) } }
        .filter { $0.1 <= SHA256Stream.sideBySide }

    @Test(arguments: ways)
    func `are each what OpenSSL makes of it`(count: Int, most: Int) throws {
        var random = SystemRandomNumberGenerator()
        for round in 0..<100 {
            let blocks = Int.random(in: 1...40, using: &random)
            let parts = (0..<count).map { _ in
                (
                    before: bytes(round < 50 ? 0 : Int.random(in: 0...130, using: &random)),
                    together: bytes(blocks * 64),
                    after: bytes(Int.random(in: 0...130, using: &random))
                )
            }
            let streams = parts.map { part in
                let stream = SHA256Stream()
                part.before.withUnsafeBytes { stream.update($0) }
                return stream
            }
            let lent = parts.map { copy($0.together) }
            defer { for bytes in lent { bytes.deallocate() } }
            let isBetweenBlocks = parts.allSatisfy { $0.before.count.isMultiple(of: 64) }
            if most == 0 {
                SHA256Stream.update(streams, lent)
            } else if !SHA256Stream.update(streams, lent, atMost: most) {
                // Nothing was added, and only for this reason.
                try #require(!isBetweenBlocks)
                for (stream, bytes) in zip(streams, lent) { stream.update(bytes) }
            }
            for (stream, part) in zip(streams, parts) {
                part.after.withUnsafeBytes { stream.update($0) }
                #expect(stream.finish() == SHA256.hash(part.before + part.together + part.after))
            }
        }
    }

    @Test func `count their length beyond 512 MiB, where the low half of it is full`() {
        let part = copy(bytes(1 << 20))
        defer { part.deallocate() }
        let streams = (0..<max(2, SHA256Stream.sideBySide)).map { _ in SHA256Stream() }
        var alone = SHA256Hasher()
        for _ in 0..<513 {
            SHA256Stream.update(streams, streams.map { _ in part })
            alone.update(part)
        }
        let expected = alone.finalize()
        for stream in streams { #expect(stream.finish() == expected) }
    }

    @Test func `refuse parts of different lengths, and add nothing`() {
        let parts = [copy(bytes(128)), copy(bytes(64))]
        defer { for part in parts { part.deallocate() } }
        let streams = [SHA256Stream(), SHA256Stream()]
        #expect(!SHA256Stream.updateMapped(streams, parts))
        for stream in streams { #expect(stream.finish() == SHA256.hash([])) }
    }

    private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in .random(in: 0...255) } }

    private func copy(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
        copy.copyBytes(from: bytes)
        return UnsafeRawBufferPointer(copy)
    }
}
