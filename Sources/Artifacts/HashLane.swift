// One file on its way through a hashing thread.

import Attestation
import Cryptography
import Glibc

/// A task with its open file, what was read of it and is not hashed yet, and its hash so far.
///
/// Only one thread uses it.
final class HashLane {
    /// The task's place.
    let index: Int
    /// Lent; its length is a multiple of 64, so that only the end of a file leaves part of a block.
    let buffer: UnsafeMutableRawBufferPointer
    private let task: HashTask
    private let descriptor: Descriptor
    private var hasher = SHA256Hasher()
    private var offset: Int64
    private var unhashed = 0..<0

    /// Opens the file, which must be the one listed.
    init(
        _ index: Int, _ task: HashTask, below directory: Int32,
        buffer: UnsafeMutableRawBufferPointer
    ) throws(ArtifactError) {
        self.index = index
        self.task = task
        self.buffer = buffer
        descriptor = try ArtifactRoot.open(task.file, below: directory)
        offset = task.range.lowerBound
    }

    /// Whether everything is read and hashed.
    var isAtEnd: Bool { unhashed.isEmpty && offset == task.range.upperBound }

    /// Reads the next bytes when there are none.
    func fill() throws(ArtifactError) {
        guard unhashed.isEmpty else { return }
        let wanted = Int(min(Int64(buffer.count), task.range.upperBound - offset))
        var count = 0
        while count < wanted {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[count..<wanted])
            let read = try descriptor.read(
                into: part, at: offset + Int64(count), path: task.file.path)
            guard read > 0 else { throw changed }
            count += read
        }
        offset += Int64(count)
        unhashed = 0..<count
    }

    /// Hashes what the lanes have, two of them block by block side by side as far as both go.
    static func advance(_ lanes: [HashLane]) {
        if lanes.count == 2, let first = lanes.first, let second = lanes.last {
            let count = min(first.unhashed.count, second.unhashed.count) & ~63
            SHA256Hasher.update(
                &first.hasher, first.take(count), &second.hasher, second.take(count))
            // What is left is the end of a file, or waits for the other's next bytes.
            for lane in lanes where lane.unhashed.count < 64 { lane.drain() }
        } else {
            for lane in lanes { lane.drain() }
        }
    }

    private func drain() { hasher.update(take(unhashed.count)) }

    private func take(_ count: Int) -> UnsafeRawBufferPointer {
        let start = unhashed.lowerBound
        unhashed = start + count..<unhashed.upperBound
        return UnsafeRawBufferPointer(rebasing: buffer[start..<start + count])
    }

    /// The digest; throws `changed-while-reading` when the file did not stay as it was.
    func finish() throws(ArtifactError) -> SHA256Digest {
        guard try descriptor.identity(path: task.file.path) == task.file.identity else {
            throw changed
        }
        var whole = SHA256Hasher()
        swap(&whole, &hasher)
        return whole.finalize()
    }

    private var changed: ArtifactError {
        ArtifactError(.changedWhileReading, path: task.file.path, "It changed while it was read.")
    }
}
