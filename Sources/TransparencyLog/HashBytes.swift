// Hashes as they stand in tiles and texts: 32 bytes one after another, or base64.

internal import Cryptography

/// Conversions between digests and the bytes in which they are stored.
enum HashBytes {
    /// Appends the 32 bytes of a hash.
    static func append(_ hash: SHA256Digest, to bytes: inout [UInt8]) {
        hash.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    /// The bytes of hashes, one after another.
    static func concatenated(_ hashes: [SHA256Digest]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(SHA256Digest.byteCount * hashes.count)
        for hash in hashes { append(hash, to: &bytes) }
        return bytes
    }

    /// The hash whose 32 bytes begin here; the caller has checked that they are there.
    static func digest(in bytes: [UInt8], at start: Int) -> SHA256Digest {
        guard let digest = SHA256Digest(bytes: bytes[start..<(start + 32)]) else {
            preconditionFailure("32 bytes are a digest")
        }
        return digest
    }

    /// The hashes in a whole number of 32 bytes.
    static func digests(in bytes: [UInt8], from start: Int = 0) -> [SHA256Digest] {
        stride(from: start, to: bytes.count, by: 32).map { digest(in: bytes, at: $0) }
    }

    /// The root of a perfect subtree over `count` neighbouring hashes; `count` is a power of two.
    static func perfectRoot(in bytes: [UInt8], firstByte: Int, count: Int) -> SHA256Digest {
        guard count > 1 else { return digest(in: bytes, at: firstByte) }
        // At most 256 hashes: 8 KiB on the stack instead of an array for each level.
        return withUnsafeTemporaryAllocation(of: SHA256Digest.self, capacity: count / 2) { nodes in
            for position in 0..<(count / 2) {
                let left = digest(in: bytes, at: firstByte + 64 * position)
                let right = digest(in: bytes, at: firstByte + 64 * position + 32)
                nodes.initializeElement(at: position, to: MerkleTree.nodeHash(left, right))
            }
            var width = count / 2
            while width > 1 {
                width /= 2
                for position in 0..<width {
                    nodes[position] = MerkleTree.nodeHash(
                        nodes[2 * position], nodes[2 * position + 1])
                }
            }
            return nodes[0]
        }
    }

    /// The hash that this base64 text spells, strictly; nil unless it is 32 bytes.
    static func digest(base64 text: ArraySlice<UInt8>) -> SHA256Digest? {
        guard text.count == 44, let bytes = decode(base64: text) else { return nil }
        return SHA256Digest(bytes: bytes)
    }

    /// The bytes that this strict base64 text spells; nil for none.
    static func decode(base64 text: ArraySlice<UInt8>) -> [UInt8]? {
        guard let text = String(validating: text, as: UTF8.self) else { return nil }
        return Base64.decode(text)
    }

    /// A number as 8 or 4 bytes, big-endian.
    static func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    /// Reads up to 8 bytes as a big-endian number.
    static func number(bigEndian bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
