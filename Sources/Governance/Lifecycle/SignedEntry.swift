// The bytes of a log entry, and the signature of the service instance that made it (I3, I4).
//
// An entry is one RFC 8785 JSON object with two members:
//
//     {"entry":{…},"signature":{"batch":{"index":0,"path":[],"size":1},"key":"<hex>","value":"<base64>"}}
//
// `entry` is what happened (Entry.swift). Because the whole is canonical, the bytes of `entry` are a
// contiguous part of the stored bytes: everything between `{"entry":` and the last `,"signature":{`.
// They are verified as they stand there, never re-serialised.
//
// One signature may cover a batch of entries, so that a reader of a million entries need not check a
// million signatures. The batch is an RFC 6962 tree: leaf i is the leaf hash of
// PAE("application/vnd.imprimatur.entry.v1+json", entry bytes), where PAE is DSSE's pre-authentication
// encoding; `path` is the inclusion proof of leaf `index` among `size`, in lowercase hex, and the
// signature, by the service key whose id is `key`, is over
//
//     PAE("application/vnd.imprimatur.entry-batch.v1", "<size>\n<base64 of the root>\n")
//
// which is no note and no checkpoint, whatever its content: those do not begin with "DSSEv1".
//
// An entry signed alone has index 0, size 1, and an empty path.

package import Cryptography
internal import CanonicalJSON
internal import TransparencyLog
internal import Attestation

/// An entry's stored bytes, taken apart but not yet believed.
package struct SignedEntry: Sendable, Hashable {
    /// The exact bytes of `entry`.
    package let payload: [UInt8]
    /// The place of this entry in the batch that was signed.
    package let batchIndex: Int64
    /// How many entries the signature covers.
    package let batchSize: Int64
    /// Inclusion proof of this entry in its batch, leaf to root.
    package let batchPath: [SHA256Digest]
    /// The service key that signed.
    package let keyID: KeyID
    /// The signature over the batch.
    package let signature: [UInt8]

    /// Largest entry in bytes, as the log's entry bundles allow.
    package static let maximumBytes = 65_535
    /// Most entries that one signature covers.
    package static let maximumBatch: Int64 = 65_536
    /// What a service key signs is an entry of this type.
    static let payloadType = "application/vnd.imprimatur.entry.v1+json"

    private static let opening = Array(#"{"entry":"#.utf8)
    private static let separator = Array(#","signature":{"#.utf8)

    /// Leaf hash of an entry in its batch.
    package static func batchLeaf(of payload: [UInt8]) -> SHA256Digest {
        MerkleTree.leafHash(
            of: Envelope.preAuthenticationEncoding(type: payloadType, body: payload))
    }

    /// The message that a service key signs for a batch.
    package static func batchMessage(size: Int64, root: SHA256Digest) -> [UInt8] {
        Envelope.preAuthenticationEncoding(
            type: "application/vnd.imprimatur.entry-batch.v1",
            body: Array("\(size)\n\(Base64.encode(root.bytes))\n".utf8))
    }

    /// Signs entries as one batch; answers the bytes to store, in order.
    package static func sign(
        _ payloads: [[UInt8]], with key: PrivateKey
    ) throws(CryptographyError) -> [[UInt8]] {
        let leaves = payloads.map(batchLeaf)
        let size = Int64(leaves.count)
        let (root, paths) = paths(in: leaves[...])
        let signature = try key.sign(batchMessage(size: size, root: root))
        let keyID = key.publicKey.id
        return payloads.enumerated().map { index, payload in
            let path = paths[index]
            let seal: JSON = .object([
                "batch": .object([
                    "index": .integer(Int64(index)), "size": .integer(size),
                    "path": .array(path.map { .string($0.hex) }),
                ]),
                "key": .string(keyID.hex),
                "value": .string(Base64.encode(signature)),
            ])
            return opening + payload + Array(#","signature":"#.utf8) + seal.canonicalBytes
                + [UInt8(ascii: "}")]
        }
    }

    /// Takes stored bytes apart; throws what is wrong with their form.
    package init(parsing bytes: [UInt8]) throws(EntryError) {
        guard bytes.count <= Self.maximumBytes else { throw .malformed("over 65,535 bytes") }
        guard bytes.starts(with: Self.opening), bytes.last == UInt8(ascii: "}"),
            let split = Self.lastSeparator(in: bytes)
        else { throw .malformed("not an entry with a signature") }
        payload = Array(bytes[Self.opening.count..<split])
        let sealStart = split + Self.separator.count - 1
        let scanned = bytes[sealStart..<bytes.count - 1]
            .withUnsafeBufferPointer { SealScanner.scan($0) }
        if let scanned, scanned.index < scanned.size {
            batchIndex = scanned.index
            batchSize = scanned.size
            batchPath = scanned.path
            keyID = scanned.key
            signature = scanned.value
            return
        }
        let seal: JSON
        do {
            seal = try JSON(parsing: Array(bytes[sealStart..<bytes.count - 1]), limits: .own)
        } catch {
            throw .malformed("signature is not JSON: \(error.message)")
        }
        let read: Seal
        do {
            read = try JSONReader.decode(seal, Seal.init(reading:))
        } catch {
            throw .malformed("signature\(error.findings.first?.description ?? "")")
        }
        guard seal.canonicalBytes == Array(bytes[sealStart..<bytes.count - 1]) else {
            throw .malformed("the signature is not in canonical form")
        }
        guard read.index < read.size else { throw .malformed("the batch has no such index") }
        batchIndex = read.index
        batchSize = read.size
        batchPath = read.path
        keyID = read.key
        signature = read.value
    }

    /// The members of `signature`.
    private struct Seal {
        let index: Int64
        let size: Int64
        let path: [SHA256Digest]
        let key: KeyID
        let value: [UInt8]

        init?(reading reader: JSONReader) {
            let batch = reader.object("batch") { batch in
                (
                    index: batch.integer("index", in: 0...maximumBatch - 1),
                    size: batch.integer("size", in: 1...maximumBatch),
                    path: batch.array("path", count: 0...16) { hash in
                        hash.parsed(as: "64 lowercase hex digits") { SHA256Digest(hex: $0) }
                    }
                )
            }
            let key = reader.parsed("key", as: "64 lowercase hex digits") { KeyID(hex: $0) }
            let value = reader.parsed("value", as: "base64") { Base64.decode($0) }
            guard let key, let value else { return nil }
            index = batch.index
            size = batch.size
            path = batch.path
            self.key = key
            self.value = value
        }
    }

    /// The batch root that the path leads to; nil when the path does not fit the index and size.
    package var batchRoot: SHA256Digest? {
        let proof = InclusionProof(index: batchIndex, treeSize: batchSize, hashes: batchPath)
        return try? proof.root(from: Self.batchLeaf(of: payload))
    }

    /// RFC 6962 section 2.1: MTH(D[n]), and PATH(m, D[n]) for every m, each node hashed once.
    private static func paths(
        in leaves: ArraySlice<SHA256Digest>
    ) -> (root: SHA256Digest, paths: [[SHA256Digest]]) {
        guard leaves.count > 1 else {
            return (leaves.first ?? MerkleTree.emptyRoot, leaves.isEmpty ? [] : [[]])
        }
        let width = 1 << (Int.bitWidth - 1 - (leaves.count - 1).leadingZeroBitCount)
        let (left, right) = (
            paths(in: leaves.prefix(width)), paths(in: leaves.dropFirst(width))
        )
        return (
            MerkleTree.nodeHash(left.root, right.root),
            left.paths.map { $0 + [right.root] } + right.paths.map { $0 + [left.root] }
        )
    }

    /// Whether `key` signed the batch that this entry is in.
    package func isSigned(by key: PublicKey) -> Bool {
        guard key.id == keyID, let root = batchRoot else { return false }
        return key.verify(signature, over: Self.batchMessage(size: batchSize, root: root))
    }

    /// The last place where the signature can begin: its own text contains no such sequence.
    private static func lastSeparator(in bytes: [UInt8]) -> Int? {
        var start = bytes.count - separator.count
        while start >= opening.count {
            if bytes[start] == separator[0],
                bytes[start..<start + separator.count].elementsEqual(separator)
            {
                return start
            }
            start -= 1
        }
        return nil
    }
}

/// Why stored bytes are not an entry.
package enum EntryError: Error, Hashable, Sendable {
    /// The form is wrong.
    case malformed(String)
    /// The kind is none that this release knows.
    case unknownKind(String)

    /// A sentence for people.
    package var message: String {
        switch self {
        case .malformed(let reason): "malformed entry: \(reason)"
        case .unknownKind(let kind): "unknown entry kind \(kind)"
        }
    }
}
