import CanonicalJSON
import Testing

@Suite struct `Canonical and parsed again` {
    @Test func `a generated value comes back`() throws {
        var generator = Generator(seed: 1)
        for _ in 0..<3_000 {
            let value = generator.value(depth: 4)
            let bytes = value.canonicalBytes
            let again = try JSON(parsing: bytes)
            #expect(again == value)
            #expect(again.canonicalBytes == bytes)
            #expect(try JSON(parsing: value.prettyBytes) == value)
        }
    }

    @Test func `every double comes back`() throws {
        var generator = Generator(seed: 2)
        for _ in 0..<20_000 {
            let value = generator.number()
            #expect(try JSON(parsing: value.canonicalBytes) == value)
        }
    }

    @Test func `altered texts are read or refused, and what is read is stable`() {
        var generator = Generator(seed: 3)
        var read = 0
        for _ in 0..<5_000 {
            guard let value = try? JSON(parsing: generator.nearlyJSON()) else { continue }
            read += 1
            #expect((try? JSON(parsing: value.canonicalBytes)) == value)
        }
        #expect((500...4_500).contains(read))
    }
}
