// Proofs that a sorted Merkle map says something of a name, or that it does not have it.
//
// As JSON, in reports (CountMap.swift says how they are checked):
//
//     {"count":12,"last":41,"name":"p-0123456789abcdef","path":["<sha256>",…],"position":3}
//     {"after":<such an object or null>,"before":<such an object or null>,"name":"p-…"}

package import CanonicalJSON
package import Cryptography
internal import TransparencyLog

/// The root of a map with its number of leaves, as a signed entry states them.
package struct CountCommitment: Sendable, Hashable {
    package let kind: CountMap.Kind
    /// Number of names.
    package let size: Int64
    package let root: SHA256Digest

    package init(_ kind: CountMap.Kind, size: Int64, root: SHA256Digest) {
        self.kind = kind
        self.size = size
        self.root = root
    }
}

/// What a map says of a name, with the path to its root.
package struct CountProof: Sendable, Hashable {
    package let name: String
    package let count: CountMap.Count
    /// Place of the leaf, from 0.
    package let position: Int64
    /// From the leaf's sibling upwards.
    package let path: [SHA256Digest]

    package init(name: String, count: CountMap.Count, position: Int64, path: [SHA256Digest]) {
        self.name = name
        self.count = count
        self.position = position
        self.path = path
    }

    /// Whether the committed map says so.
    package func holds(in map: CountCommitment) -> Bool {
        let proof = InclusionProof(index: position, treeSize: map.size, hashes: path)
        return proof.verify(leafHash: CountMap.leaf(map.kind, name, count), root: map.root)
    }

    /// The proof as JSON.
    package var json: JSON {
        [
            "name": .string(name), "count": .integer(count.count), "last": .integer(count.last),
            "position": .integer(position), "path": .array(path.map { .string($0.hex) }),
        ]
    }

    /// Reads a proof; findings go to the reader.
    package init?(reading reader: JSONReader) {
        name = reader.string("name", length: 1...1_000)
        count = CountMap.Count(count: reader.integer("count"), last: reader.integer("last"))
        position = reader.integer("position")
        path = reader.array("path", count: 0...64) { hash in
            hash.parsed(as: "64 lowercase hex digits") { SHA256Digest(hex: $0) }
        }
    }
}

/// The neighbours between which a name would stand.
package struct AbsenceProof: Sendable, Hashable {
    package let name: String
    package let before: CountProof?
    package let after: CountProof?

    package init(name: String, before: CountProof?, after: CountProof?) {
        self.name = name
        self.before = before
        self.after = after
    }

    /// Whether the committed map does not have the name.
    package func holds(in map: CountCommitment) -> Bool {
        if let before {
            guard before.holds(in: map), bytesPrecede(before.name, name) else { return false }
        }
        if let after {
            guard after.holds(in: map), bytesPrecede(name, after.name) else { return false }
        }
        switch (before, after) {
        case (let before?, let after?): return after.position == before.position + 1
        case (let before?, nil): return before.position == map.size - 1
        case (nil, let after?): return after.position == 0
        case (nil, nil): return map.size == 0 && map.root == MerkleTree.emptyRoot
        }
    }

    /// The proof as JSON.
    package var json: JSON {
        [
            "name": .string(name), "before": before?.json ?? .null, "after": after?.json ?? .null,
        ]
    }

    /// Reads a proof; findings go to the reader.
    package init?(reading reader: JSONReader) {
        name = reader.string("name", length: 1...1_000)
        before = reader.nullable("before") { CountProof(reading: $0) }
        after = reader.nullable("after") { CountProof(reading: $0) }
    }
}
