// One file on its way through a hashing thread.
//
// Its bytes come from where that is cheapest. What the system has in memory is hashed in its place,
// several files at a time, without a copy. What it has not is read past the page cache: twice as fast
// here as through it, and nobody else's pages are driven out. The rest is read as ever.

import Attestation
import Cryptography
import Glibc

/// A task with its open file, the next of its bytes that are not hashed yet, and its hash so far.
///
/// Only one thread uses it.
final class HashLane {
    /// The task's place.
    let index: Int
    /// Lent; as long as `bufferBytes`.
    private(set) var buffer: UnsafeMutableRawBufferPointer
    private let task: HashTask
    private let descriptor: Descriptor
    /// The whole range; nil for small files, and after a page of it was not there.
    private var mapping: MappedRange?
    private var isDirect = false
    private var canBeDirect = true
    /// How many bytes this lane is to be ahead of those beside it.
    private var headStart: Int
    private let stream = SHA256Stream()
    /// Up to where the file is in `next`, or hashed.
    private var offset: Int64
    private var next = UnsafeRawBufferPointer(start: nil, count: 0)
    private var isNextMapped = false

    /// A window, and what lies before and behind it in the blocks of the disk.
    static let bufferBytes = ArtifactLimits.windowBytes + 2 * diskBlock
    private static let diskBlock = 4096

    /// Opens the file, which must be the one listed.
    init(
        _ index: Int, _ task: HashTask, below directory: Int32,
        buffer: UnsafeMutableRawBufferPointer, headStart: Int
    ) throws(ArtifactError) {
        self.index = index
        self.task = task
        self.buffer = buffer
        self.headStart = headStart
        descriptor = try ArtifactRoot.open(task.file, below: directory)
        mapping =
            task.range.count >= ArtifactLimits.mappedBytes
            ? MappedRange(descriptor, task.range) : nil
        offset = task.range.lowerBound
    }

    /// Whether everything is read and hashed.
    var isAtEnd: Bool { next.isEmpty && offset == task.range.upperBound }

    /// Mappings lie as far from each other as files are long, often a power of two: then the same places
    /// of two of them drive each other out of the processor's first cache (a quarter of the speed).
    /// So each lane begins with so many bytes more than its neighbour.
    static let stagger = 17 * 64

    /// Finds the next bytes when there are none; false, and none found, when most of the rest is on the
    /// disk and `mayWait` is not set.
    func fill(mayWait: Bool) throws(ArtifactError) -> Bool {
        guard next.isEmpty, !isAtEnd else { return true }
        // Windows begin whole blocks behind the range's beginning, so that only its end is in parts.
        let done = Int(offset - task.range.lowerBound)
        let window =
            done..<min(
                (done / ArtifactLimits.windowBytes + 1) * ArtifactLimits.windowBytes,
                task.range.count)
        switch mapping?.isResident(window) {
        case true? where SHA256Stream.sideBySide > 1 && window.count >= 64:
            if headStart > 0, headStart < window.count {
                try read(headStart)
                drain()
                headStart = 0
                return try fill(mayWait: mayWait)
            }
            next = mapping?.bytes(window) ?? next
            isNextMapped = true
            offset += Int64(next.count)
        case false? where canBeDirect && !mayWait && mapping?.isMostlyAbsent(from: done) == true:
            return false
        case false? where try readDirectly(window.count):
            break
        default:
            try read(min(window.count, ArtifactLimits.chunkBytes))
        }
        return true
    }

    /// Goes on in another buffer; only while there are no next bytes.
    func move(to other: UnsafeMutableRawBufferPointer) {
        precondition(next.isEmpty, "what has been read is hashed first")
        buffer = other
    }

    /// Hashes what the lanes have, block by block side by side as far as all of them go.
    static func advance(_ lanes: [HashLane]) {
        let together = lanes.filter { $0.next.count >= 64 }
        if together.count > 1 || together.first?.isNextMapped == true {
            let count = (together.map(\.next.count).min() ?? 0) & ~63
            advance(together, by: count)
            // What is left is the end of a file, or waits for the others' next bytes.
            for lane in lanes where lane.next.count < 64 { lane.drain() }
        } else {
            for lane in lanes { lane.drain() }
        }
    }

    private static func advance(_ lanes: [HashLane], by count: Int) {
        let parts = lanes.map { $0.head(count) }
        if lanes.contains(where: \.isNextMapped) {
            guard SHA256Stream.updateMapped(lanes.map(\.stream), parts) else {
                // A read tells what is wrong, and with which of them.
                for lane in lanes {
                    lane.giveBack()
                    lane.mapping = nil
                }
                return
            }
        } else {
            SHA256Stream.update(lanes.map(\.stream), parts)
        }
        for lane in lanes { lane.next = .init(rebasing: lane.next[count...]) }
    }

    private func head(_ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: next[..<count])
    }

    private func drain() {
        guard !isNextMapped else { return giveBack() }
        stream.update(next)
        next = UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// Lets mapped bytes be read instead; bytes in the buffer stay.
    private func giveBack() {
        guard isNextMapped else { return }
        offset -= Int64(next.count)
        next = UnsafeRawBufferPointer(start: nil, count: 0)
        isNextMapped = false
    }

    /// The digest; throws `changed-while-reading` when the file did not stay as it was.
    func finish() throws(ArtifactError) -> SHA256Digest {
        guard try descriptor.identity(path: task.file.path) == task.file.identity else {
            throw changed
        }
        return stream.finish()
    }

    private var changed: ArtifactError {
        ArtifactError(.changedWhileReading, path: task.file.path, "It changed while it was read.")
    }
}

extension HashLane {
    /// Reads through the page cache.
    private func read(_ wanted: Int) throws(ArtifactError) {
        setDirect(false)
        var count = 0
        while count < wanted {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[count..<wanted])
            let read = try descriptor.read(
                into: part, at: offset + Int64(count), path: task.file.path)
            guard read > 0 else { throw changed }
            count += read
        }
        take(0..<wanted)
    }

    /// Reads whole blocks of the disk past the page cache; false when that cannot be done here.
    private func readDirectly(_ wanted: Int) throws(ArtifactError) -> Bool {
        guard canBeDirect else { return false }
        setDirect(true)
        let lead = Int(offset % Int64(Self.diskBlock))
        let blocks = (lead + wanted + Self.diskBlock - 1) / Self.diskBlock
        var count = 0
        while isDirect, count < lead + wanted {
            let part = UnsafeMutableRawBufferPointer(
                rebasing: buffer[count..<blocks * Self.diskBlock])
            do throws(ArtifactError) {
                let read = try descriptor.read(
                    into: part, at: offset - Int64(lead) + Int64(count), path: task.file.path)
                guard read > 0 else { throw changed }
                count += read
            } catch  where error.errorNumber == EINVAL {
                // The file system takes the flag and not the reads, or other blocks than these.
                guard descriptor.setDirect(false) else { throw error }
                isDirect = false
                canBeDirect = false
            }
        }
        guard isDirect else { return false }
        take(lead..<lead + wanted)
        return true
    }

    private func take(_ part: Range<Int>) {
        next = UnsafeRawBufferPointer(rebasing: buffer[part])
        isNextMapped = false
        offset += Int64(part.count)
    }

    private func setDirect(_ wanted: Bool) {
        guard wanted != isDirect else { return }
        if descriptor.setDirect(wanted) {
            isDirect = wanted
        } else {
            canBeDirect = false
        }
    }
}
