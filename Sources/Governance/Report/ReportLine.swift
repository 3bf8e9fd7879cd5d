// One line of a report: an entry of the log, what it says in plain words, and the proof that it is there.

internal import CanonicalJSON
package import Cryptography
internal import TransparencyLog

/// An entry with its place and proof, as a report shows it.
package struct ReportLine: Sendable {
    /// The entry's place in the log.
    package let index: Int64
    /// The bytes as stored, which are what is hashed.
    package let bytes: [UInt8]
    /// The entry in those bytes.
    package let entry: Entry
    /// The service instance's signature over the entry.
    package let seal: SignedEntry
    /// Inclusion proof in the report's checkpoint, from the leaf's sibling upwards.
    package let proof: [SHA256Digest]

    /// Reads an entry; throws when the bytes are none.
    package init(index: Int64, bytes: [UInt8], proof: [SHA256Digest]) throws(EntryError) {
        seal = try SignedEntry(parsing: bytes)
        entry = try Entry(parsing: seal.payload)
        self.index = index
        self.bytes = bytes
        self.proof = proof
    }

    /// The hash that the tree holds for this entry.
    package var leafHash: SHA256Digest { MerkleTree.leafHash(of: bytes) }

    /// The line with the printed name of its actor, if that is known and not erased.
    func json(names: [PrincipalID: ModelReport.PrintedName]) -> JSON {
        let actor: JSON =
            entry.actor.map { actor in
                [
                    "principal": .text(actor),
                    "name": names[actor].map { .string($0.value) } ?? .null,
                ]
            } ?? ["principal": "service", "name": .null]
        return [
            "index": .integer(index), "time": .text(entry.time), "kind": .string(entry.event.kind),
            "actor": actor, "summary": .string(entry.event.sentence),
            "digests": .object(entry.event.namedDigests),
            "entry": .string(Base64.encode(bytes)), "leafHash": .digest(leafHash),
            "proof": .array(proof.map { .string($0.hex) }),
        ]
    }
}

extension Event {
    /// Members of the entry's data that are 64 lowercase hex digits: digests and key ids, by name.
    var namedDigests: [String: JSON] {
        payload.members.filter { $0.value.string.map { SHA256Digest(hex: $0) != nil } ?? false }
    }
}
