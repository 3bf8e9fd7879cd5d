// Streams of SHA-256 side by side in one thread.
//
// A single stream waits for its own results; with others in between, a processor with the SHA extensions
// does twice as much and more (measured on Zen 4: 1.8 GB/s one, 3.4 two, 4.1 four). OpenSSL does the
// rest: beginnings, ends, and everything on other processors.

internal import COpenSSL
internal import CSHA256

/// SHA-256 of a stream that may be one of several; used by one thread at a time.
package final class SHA256Stream {
    /// Of its own on the heap, where it stays: the kernel writes to several at once.
    private let context: UnsafeMutablePointer<SHA256_CTX>

    package init() {
        context = .allocate(capacity: 1)
        context.initialize(to: SHA256_CTX())
        SHA256_Init(context)
    }

    deinit {
        context.deallocate()
    }

    /// Adds memory that the caller lends.
    package func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        SHA256_Update(context, start, bytes.count)
    }

    /// The digest of everything added; the stream begins anew.
    package func finish() -> SHA256Digest {
        let digest = SHA256Digest { digest in
            SHA256_Final(digest.baseAddress?.assumingMemoryBound(to: UInt8.self), context)
        }
        SHA256_Init(context)
        return digest
    }

    /// Between two blocks, where the kernel may go on.
    private var isBetweenBlocks: Bool { context.pointee.num == 0 }

    /// The eight words of the state.
    private var state: UnsafeMutablePointer<UInt32>? {
        MemoryLayout<SHA256_CTX>.offset(of: \.h).map {
            (UnsafeMutableRawPointer(context) + $0).assumingMemoryBound(to: UInt32.self)
        }
    }

    /// Adds to the length in bits, which OpenSSL keeps as two halves.
    private func count(bytes: Int) {
        let bits =
            (UInt64(context.pointee.Nh) << 32 | UInt64(context.pointee.Nl)) &+ UInt64(bytes) << 3
        context.pointee.Nl = UInt32(truncatingIfNeeded: bits)
        context.pointee.Nh = UInt32(truncatingIfNeeded: bits >> 32)
    }
}

extension SHA256Stream {
    /// How many streams side by side are the fastest here: 1 when this processor gains nothing.
    package static let sideBySide = Int(shim_sha256_lanes_best())

    /// Adds whole blocks to streams; all parts have the same length, a multiple of 64.
    package static func update(
        _ streams: [SHA256Stream], _ parts: [UnsafeRawBufferPointer]
    ) {
        let isDone = run(streams, parts) { states, data, count, blocks in
            shim_sha256_lanes(states, data, count, blocks)
            return true
        }
        guard !isDone else { return }
        for (stream, part) in zip(streams, parts) { stream.update(part) }
    }

    /// The same of bytes in mapped files, which others may cut short meanwhile.
    ///
    /// False when a page was not there, or this processor cannot: then nothing was added.
    package static func updateMapped(
        _ streams: [SHA256Stream], _ parts: [UnsafeRawBufferPointer]
    ) -> Bool {
        run(streams, parts) { states, data, count, blocks in
            shim_sha256_lanes_guarded(states, data, count, blocks) == 0
        }
    }

    /// As `update` on a processor that takes at most so many at once; for tests.
    package static func update(
        _ streams: [SHA256Stream], _ parts: [UnsafeRawBufferPointer], atMost most: Int
    ) -> Bool {
        guard most > 1, most <= sideBySide else { return false }
        return run(streams, parts) { states, data, count, blocks in
            shim_sha256_lanes_at_most(Int32(most), states, data, count, blocks)
            return true
        }
    }

    private typealias States = UnsafePointer<UnsafeMutablePointer<UInt32>?>
    private typealias Data = UnsafePointer<UnsafeRawPointer?>

    /// Runs the kernel over all; false, and nothing added, when it could not or did not.
    private static func run(
        _ streams: [SHA256Stream], _ parts: [UnsafeRawBufferPointer],
        _ kernel: (States, Data, Int32, Int) -> Bool
    ) -> Bool {
        guard let count = parts.first?.count, count > 0, count.isMultiple(of: 64),
            sideBySide > 1, streams.count == parts.count, streams.count <= SHIM_SHA256_LANES,
            parts.allSatisfy({ $0.count == count }), streams.allSatisfy(\.isBetweenBlocks)
        else { return false }
        let states = streams.map(\.state)
        let data = parts.map(\.baseAddress)
        let isDone = states.withUnsafeBufferPointer { states in
            data.withUnsafeBufferPointer { data in
                guard let states = states.baseAddress, let data = data.baseAddress else {
                    return false
                }
                return kernel(states, data, Int32(streams.count), count / 64)
            }
        }
        guard isDone else { return false }
        for stream in streams { stream.count(bytes: count) }
        return true
    }
}
