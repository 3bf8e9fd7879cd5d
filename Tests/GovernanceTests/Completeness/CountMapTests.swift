// swift-format-ignore-file: NeverForceUnwrap
import CanonicalJSON
import Cryptography
import Testing

@testable import Governance

@Suite struct `A map of counts` {
    private func map(of size: Int) -> CountMap {
        var map = CountMap(.actor)
        map.update(Dictionary(uniqueKeysWithValues: (0..<size).map { (name($0), count($0)) }))
        return map
    }

    /// Every second name, so that one fits between any two.
    private func name(_ number: Int) -> String {
        let text = String(2 * number)
        return "p-" + String(repeating: "0", count: 16 - text.count) + text
    }

    private func absentName(_ number: Int) -> String {
        let text = String(2 * number + 1)
        return "p-" + String(repeating: "0", count: 16 - text.count) + text
    }

    private func count(_ number: Int) -> CountMap.Count {
        .init(count: Int64(number) + 1, last: Int64(number) * 3)
    }

    /// MTH of RFC 6962 section 2.1, as it stands there.
    private func naiveRoot(_ leaves: ArraySlice<SHA256Digest>) -> SHA256Digest {
        guard leaves.count > 1 else { return leaves.first ?? SHA256.hash([]) }
        var split = 1
        while split * 2 < leaves.count { split *= 2 }
        let (left, right) = (
            naiveRoot(leaves.prefix(split)), naiveRoot(leaves.dropFirst(split))
        )
        return SHA256.hash([1] + left.bytes + right.bytes)
    }

    private func commitment(_ map: CountMap) -> CountCommitment {
        CountCommitment(map.kind, size: map.size, root: map.root)
    }

    @Test func `has the leaf and root of the specification's example`() {
        var map = CountMap(.actor)
        #expect(map.root == SHA256.hash([]))
        map.update(["service": .init(count: 2, last: 1)])
        let leaf = Array("\u{0}{\"actor\":\"service\",\"count\":2,\"last\":1}".utf8)
        #expect(map.root == SHA256.hash(leaf))
        #expect(
            map.root.hex == "3c1a32e2dfab079c003411f20fee0a5c10cc45f4c5c98abca2ecad627133961f")
    }

    @Test func `has the RFC 6962 root of its leaves at every size`() {
        for size in 0...130 {
            let leaves = (0..<size).map { CountMap.leaf(.actor, name($0), count($0)) }
            #expect(map(of: size).root == naiveRoot(leaves[...]), "\(size)")
        }
    }

    @Test func `is the same however its names came`() {
        var slow = CountMap(.actor)
        for number in [5, 0, 9, 3, 7, 1, 8, 2, 6, 4] {
            slow.update([name(number): .init(count: 1, last: 0)])
            slow.update([name(number): count(number)])
        }
        #expect(slow.root == map(of: 10).root)
        #expect(slow[name(3)] == count(3))
    }

    @Test func `orders names by code points and not as a language would`() {
        var map = CountMap(.subject)
        map.update([
            "b": .init(count: 1, last: 0), "a": .init(count: 1, last: 1),
            "B": .init(count: 1, last: 2), "á": .init(count: 1, last: 3),
            "\u{1F600}": .init(count: 1, last: 4), "\u{FB01}": .init(count: 1, last: 5),
        ])
        let leaves = ["B", "a", "b", "á", "\u{FB01}", "\u{1F600}"].map {
            CountMap.leaf(.subject, $0, map[$0]!)
        }
        #expect(map.size == 6)
        #expect(map.root == naiveRoot(leaves[...]))
    }

    @Test func `proves every name that it has and every one that it lacks`() {
        for size in [0, 1, 2, 3, 7, 8, 9, 33] {
            let map = map(of: size)
            for number in 0..<size {
                let proof = map.inclusion(of: name(number))
                #expect(proof?.holds(in: commitment(map)) == true, "\(size) \(number)")
                #expect(map.absence(of: name(number)) == nil)
                let between = map.absence(of: absentName(number))
                #expect(between?.holds(in: commitment(map)) == true, "\(size) \(number)")
            }
            #expect(map.absence(of: "a")?.holds(in: commitment(map)) == true)
            #expect(map.absence(of: "z")?.holds(in: commitment(map)) == true)
            #expect(map.inclusion(of: "z") == nil)
        }
    }

    @Test func `proves no other count, name, place or root`() throws {
        let map = map(of: 9)
        let good = try #require(map.inclusion(of: name(4)))
        let forged = [
            CountProof(
                name: good.name, count: .init(count: 4, last: 12), position: 4, path: good.path),
            CountProof(
                name: good.name, count: .init(count: 5, last: 13), position: 4, path: good.path),
            CountProof(name: name(5), count: good.count, position: 4, path: good.path),
            CountProof(name: good.name, count: good.count, position: 5, path: good.path),
            CountProof(
                name: good.name, count: good.count, position: 4, path: Array(good.path.dropLast())),
        ]
        for proof in forged { #expect(!proof.holds(in: commitment(map))) }
        #expect(!good.holds(in: commitment(self.map(of: 10))))
        #expect(!good.holds(in: CountCommitment(.subject, size: map.size, root: map.root)))
    }

    @Test func `does not let a name be hidden by neighbours that are none`() throws {
        let map = map(of: 9)
        let (three, four, five) = (
            try #require(map.inclusion(of: name(3))), try #require(map.inclusion(of: name(4))),
            try #require(map.inclusion(of: name(5)))
        )
        let last = try #require(map.inclusion(of: name(8)))
        let lies = [
            AbsenceProof(name: name(4), before: three, after: five),
            AbsenceProof(name: name(4), before: four, after: five),
            AbsenceProof(name: name(4), before: three, after: nil),
            AbsenceProof(name: name(4), before: nil, after: five),
            AbsenceProof(name: name(4), before: nil, after: nil),
            AbsenceProof(name: absentName(5), before: four, after: five),
            AbsenceProof(name: name(4), before: last, after: nil),
        ]
        for lie in lies { #expect(!lie.holds(in: commitment(map)), "\(lie)") }
    }

    @Test func `a proof survives its JSON`() throws {
        let map = map(of: 5)
        let inclusion = try #require(map.inclusion(of: name(2)))
        let absence = try #require(map.absence(of: absentName(4)))
        #expect(try JSONReader.decode(inclusion.json) { CountProof(reading: $0) } == inclusion)
        #expect(try JSONReader.decode(absence.json) { AbsenceProof(reading: $0) } == absence)
    }
}
