// SHA-256 (FIPS 180-4) of bytes in memory and of streams.
//
// Example: the digest of "abc" is
// ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad.

internal import COpenSSL

/// SHA-256 of what is in memory.
package enum SHA256 {
    /// The digest of bytes.
    package static func hash(_ bytes: [UInt8]) -> SHA256Digest {
        bytes.withUnsafeBytes { hash($0) }
    }

    /// The digest of bytes in a larger buffer.
    package static func hash(_ bytes: ArraySlice<UInt8>) -> SHA256Digest {
        bytes.withUnsafeBytes { hash($0) }
    }

    /// The digest of memory that the caller lends.
    package static func hash(_ bytes: UnsafeRawBufferPointer) -> SHA256Digest {
        SHA256Digest { shim_sha256(bytes.baseAddress, bytes.count, nil, 0, $0.baseAddress) }
    }

    /// The digest of a text in UTF-8.
    package static func hash(_ text: String) -> SHA256Digest {
        var text = text
        return text.withUTF8 { hash(UnsafeRawBufferPointer($0)) }
    }

    /// The digest of several pieces one after the other.
    ///
    /// The caller sees to it that they cannot be cut differently (fixed sizes, or lengths written
    /// before them).
    package static func hash(concatenating pieces: [UInt8]...) -> SHA256Digest {
        var hasher = SHA256Hasher()
        for piece in pieces { hasher.update(piece) }
        return hasher.finalize()
    }

    /// The digest of a tag byte and bytes: a leaf of a transparency log.
    package static func hash(tag: UInt8, _ bytes: [UInt8]) -> SHA256Digest {
        bytes.withUnsafeBytes { bytes in
            SHA256Digest {
                shim_sha256_tagged(tag, bytes.baseAddress, bytes.count, nil, 0, $0.baseAddress)
            }
        }
    }

    /// The digest of a tag byte and two digests: a node of a transparency log.
    package static func hash(
        tag: UInt8, _ left: SHA256Digest, _ right: SHA256Digest
    ) -> SHA256Digest {
        left.withUnsafeBytes { a in
            right.withUnsafeBytes { b in
                SHA256Digest {
                    shim_sha256_tagged(
                        tag, a.baseAddress, a.count, b.baseAddress, b.count, $0.baseAddress)
                }
            }
        }
    }
}

/// SHA-256 of a stream, piece by piece.
package struct SHA256Hasher: ~Copyable {
    var context = SHA256_CTX()

    package init() {
        SHA256_Init(&context)
    }

    /// Adds bytes.
    package mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Adds bytes of a larger buffer.
    package mutating func update(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Adds memory that the caller lends.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        SHA256_Update(&context, start, bytes.count)
    }

    /// Ends the stream and gives its digest.
    package consuming func finalize() -> SHA256Digest {
        var context = context
        return SHA256Digest { digest in
            SHA256_Final(digest.baseAddress?.assumingMemoryBound(to: UInt8.self), &context)
        }
    }
}
