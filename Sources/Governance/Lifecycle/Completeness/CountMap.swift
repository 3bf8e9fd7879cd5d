// A sorted Merkle map from names to counts: what a log commits to so that nothing can be left out.
//
// Two such maps describe the first `size` entries of a log. The map of actors says of every principal,
// and of `service`, how many of these entries it caused; the map of subjects says of every subject how
// many of them wrote it. `last` is the index of the last such entry. The leaf of a name is the RFC 6962
// leaf hash over RFC 8785 bytes:
//
//     SHA-256(0x00 ‖ {"actor":"p-0123456789abcdef","count":12,"last":41})
//     SHA-256(0x00 ‖ {"count":3,"last":40,"subject":"version/credit/scorecard@1"})
//
// The leaves stand in the order of the names' code points (which is that of their UTF-8 bytes), each
// name once, and the map's root is the RFC 6962 root over them; that of an empty map is SHA-256("").
//
// Inclusion: the RFC 6962 path of the name's leaf. Absence: the leaves of the two neighbours between
// which the name would stand, with their paths, at positions p and p + 1; before the first name only
// the leaf at position 0, after the last only the one at position n − 1; in an empty map nothing. The
// number of leaves n must come with the root, from the same signed entry.
//
// Worked example: the actor map {"service": 2 entries, the last at index 1} has one leaf, over
// {"actor":"service","count":2,"last":1}, and that leaf,
// 3c1a32e2…33961f, is its root.
//
// Levels of the tree are kept, so that a changed count costs one path and a new name one pass.

internal import CanonicalJSON
package import Cryptography
internal import TransparencyLog

/// Counts by name, with a root that commits to all of them.
package struct CountMap: Sendable {
    /// Whose entries are counted; the raw value is the member of the leaf that holds the name.
    package enum Kind: String, Sendable, Hashable {
        case actor, subject
    }

    /// What the map says of one name.
    package struct Count: Sendable, Hashable {
        /// How many entries.
        package let count: Int64
        /// Index of the last of them.
        package let last: Int64

        package init(count: Int64, last: Int64) {
            self.count = count
            self.last = last
        }
    }

    package let kind: Kind
    private var names: [String] = []
    private var counts: [Count] = []
    /// Level 0 are the leaves; a lone last node stands unchanged in the level above.
    private var levels: [[SHA256Digest]] = [[]]

    /// An empty map.
    package init(_ kind: Kind) {
        self.kind = kind
    }

    /// How many names there are.
    package var size: Int64 { Int64(names.count) }

    /// The root over all leaves.
    package var root: SHA256Digest { levels.last?.first ?? MerkleTree.emptyRoot }

    /// What the map says of a name; nil when it has none.
    package subscript(name: String) -> Count? {
        let (position, isThere) = find(name)
        return isThere ? counts[position] : nil
    }

    /// The leaf of a name.
    package static func leaf(_ kind: Kind, _ name: String, _ count: Count) -> SHA256Digest {
        let json: JSON = [
            kind.rawValue: .string(name), "count": .integer(count.count),
            "last": .integer(count.last),
        ]
        return MerkleTree.leafHash(of: json.canonicalBytes)
    }

    /// Sets the counts of names, old and new.
    package mutating func update(_ changes: [String: Count]) {
        var added: [(name: String, count: Count)] = []
        for (name, count) in changes {
            let (position, isThere) = find(name)
            guard isThere else {
                added.append((name, count))
                continue
            }
            counts[position] = count
            set(Self.leaf(kind, name, count), at: position)
        }
        guard !added.isEmpty else { return }
        added.sort { bytesPrecede($0.name, $1.name) }
        insert(added)
    }

    // MARK: proofs

    /// The proof of what the map says of a name; nil when it has none.
    package func inclusion(of name: String) -> CountProof? {
        let (position, isThere) = find(name)
        return isThere ? proof(at: position) : nil
    }

    /// The proof that the map has no such name; nil when it has.
    package func absence(of name: String) -> AbsenceProof? {
        let (position, isThere) = find(name)
        guard !isThere else { return nil }
        return AbsenceProof(
            name: name, before: position > 0 ? proof(at: position - 1) : nil,
            after: position < names.count ? proof(at: position) : nil)
    }

    private func proof(at position: Int) -> CountProof {
        var path: [SHA256Digest] = []
        var place = position
        for level in levels.dropLast() {
            if place ^ 1 < level.count { path.append(level[place ^ 1]) }
            place >>= 1
        }
        return CountProof(
            name: names[position], count: counts[position], position: Int64(position), path: path)
    }

    // MARK: tree

    /// Where a name stands, or would.
    private func find(_ name: String) -> (position: Int, isThere: Bool) {
        var (low, high) = (0, names.count)
        while low < high {
            let middle = (low + high) / 2
            if bytesPrecede(names[middle], name) { low = middle + 1 } else { high = middle }
        }
        return (low, low < names.count && names[low].utf8.elementsEqual(name.utf8))
    }

    private mutating func set(_ leaf: SHA256Digest, at position: Int) {
        levels[0][position] = leaf
        var place = position
        for height in levels.indices.dropFirst() {
            place >>= 1
            levels[height][place] = Self.parent(of: place, in: levels[height - 1])
        }
    }

    private static func parent(of place: Int, in level: [SHA256Digest]) -> SHA256Digest {
        let (left, right) = (2 * place, 2 * place + 1)
        return right < level.count
            ? MerkleTree.nodeHash(level[left], level[right]) : level[left]
    }

    /// Merges sorted new names into the sorted old ones and builds the levels anew.
    private mutating func insert(_ added: [(name: String, count: Count)]) {
        var mergedNames: [String] = []
        var mergedCounts: [Count] = []
        var leaves: [SHA256Digest] = []
        let total = names.count + added.count
        mergedNames.reserveCapacity(total)
        mergedCounts.reserveCapacity(total)
        leaves.reserveCapacity(total)
        var old = 0
        func keep(_ map: CountMap, upTo end: Int) {
            mergedNames += map.names[old..<end]
            mergedCounts += map.counts[old..<end]
            leaves += map.levels[0][old..<end]
            old = end
        }
        for (name, count) in added {
            keep(self, upTo: find(name).position)
            mergedNames.append(name)
            mergedCounts.append(count)
            leaves.append(Self.leaf(kind, name, count))
        }
        keep(self, upTo: names.count)
        names = mergedNames
        counts = mergedCounts
        levels = [leaves]
        while let below = levels.last, below.count > 1 {
            levels.append((0..<(below.count + 1) / 2).map { Self.parent(of: $0, in: below) })
        }
    }
}
