// Digests of many files (or parts of files) at once: threads, largest piece first.
//
// One SHA-256 is a serial computation, so only independent pieces can run side by side: on several
// threads, and up to four in each where the processor can (SHA256Stream.swift). Starting with the
// largest leaves the small ones to fill the gaps at the end. Threads of our own, because reading blocks
// and Swift's cooperative threads must not.
//
// A piece that has to come from the disk goes to a thread of its own, which mostly waits: the disk is
// asked for several pieces at once, and hashing goes on beside it.

import Attestation
import Cryptography
import Glibc
import Synchronization

/// Bytes to be hashed: a whole file, or a part of one.
struct HashTask: Sendable {
    let file: FoundFile
    let range: Range<Int64>

    init(_ file: FoundFile) {
        self.file = file
        self.range = 0..<file.identity.size
    }

    init(_ file: FoundFile, range: Range<Int64>) {
        self.file = file
        self.range = range
    }
}

/// Hashes the tasks' bytes; the digests stand in the order of the tasks.
///
/// `directory` must stay open. Throws `changed-while-reading` when a file is not the one listed, or
/// did not stay as it was.
func hashInParallel(
    _ tasks: [HashTask], below directory: Int32, threads: Int?
) throws(ArtifactError) -> [SHA256Digest] {
    let wanted = threads ?? min(max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 2), 16)
    // Starting a thread costs more than hashing a few small files.
    let bytes = tasks.reduce(0) { $0 + $1.range.count }
    let count = bytes < 1 << 20 && tasks.count < 64 ? 1 : max(1, min(wanted, tasks.count))
    let queue = HashQueue(tasks, directory: directory, threads: count)
    var workers: [pthread_t] = []
    // This thread is one of them.
    for _ in 1..<count {
        guard let worker = HashQueue.start(queue) else { break }
        workers.append(worker)
    }
    queue.work()
    for worker in workers { pthread_join(worker, nil) }
    // Only workers start readers, so there will be no more of them.
    for reader in queue.readers { pthread_join(reader, nil) }
    return try queue.result()
}

/// The work shared by all threads.
private final class HashQueue: Sendable {
    private struct State {
        var next = 0
        var digests: [SHA256Digest?]
        var failures: [(index: Int, error: ArtifactError)] = []
        var readers: [pthread_t] = []
        /// Readers that have not ended.
        var waiting = 0
    }

    private let tasks: [HashTask]
    private let order: [Int]
    private let directory: Int32
    /// How many files a thread hashes side by side.
    private let width: Int
    private let state: Mutex<State>

    init(_ tasks: [HashTask], directory: Int32, threads: Int) {
        self.tasks = tasks
        self.order = tasks.indices.sorted { tasks[$0].range.count > tasks[$1].range.count }
        self.directory = directory
        self.width = Self.width(tasks.map(\.range.count), threads: threads)
        self.state = Mutex(State(digests: Array(repeating: nil, count: tasks.count)))
    }

    /// More side by side do more together, but each is slower: the largest must not be what all wait for
    /// at the end.
    private static func width(_ sizes: [Int], threads: Int) -> Int {
        let most = SHA256Stream.sideBySide
        // Another thread is worth more than a second file in this one.
        guard most > 1, sizes.count > threads, let largest = sizes.max() else { return 1 }
        let share = Double(sizes.reduce(0, +)) / Double(threads) / Double(max(largest, 1))
        return Int(min(max(share.rounded(), 2), Double(most)))
    }

    /// Threads that wait for the disk, so far.
    var readers: [pthread_t] { state.withLock(\.readers) }

    /// A thread that works until nothing is left; nil when the system gives none.
    static func start(_ queue: HashQueue) -> pthread_t? {
        startThread(Errand(queue: queue, lane: nil))
    }

    /// What a thread is started for.
    private final class Errand {
        let queue: HashQueue
        /// Nil for whatever there is to do.
        let lane: HashLane?

        init(queue: HashQueue, lane: HashLane?) {
            self.queue = queue
            self.lane = lane
        }
    }

    private static func startThread(_ errand: Errand) -> pthread_t? {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(errand)
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let errand = Unmanaged<Errand>.fromOpaque(context).takeRetainedValue()
                if let lane = errand.lane {
                    errand.queue.read(lane)
                } else {
                    errand.queue.work()
                }
                return nil
            }, context.toOpaque())
        guard status == 0 else {
            context.release()
            return nil
        }
        return thread
    }

    /// Takes tasks until none is left or one has failed, several at a time where that is faster.
    func work() {
        let buffers = (0..<width).map { _ in Self.buffer() }
        defer { for buffer in buffers { buffer.deallocate() } }
        var free = buffers
        var lanes: [HashLane] = []
        while true {
            while let buffer = free.popLast(), let index = takeNext() {
                let opened = attempt(index) { () throws(ArtifactError) in
                    try HashLane(
                        index, tasks[index], below: directory, buffer: buffer,
                        headStart: (buffers.firstIndex { $0.baseAddress == buffer.baseAddress } ?? 0)
                            * HashLane.stagger)
                }
                guard let opened else { return }
                lanes.append(opened)
            }
            guard !lanes.isEmpty else { return }
            var staying: [HashLane] = []
            for lane in lanes {
                let lent = lane.buffer
                guard let isFilled = fill(lane, mayWait: false) else { return }
                if !isFilled, hand(over: lane) {
                    free.append(lent)
                } else {
                    guard isFilled || fill(lane, mayWait: true) != nil else { return }
                    staying.append(lane)
                }
            }
            lanes = staying
            HashLane.advance(lanes)
            for lane in lanes where lane.isAtEnd {
                guard finish(lane) else { return }
                free.append(lane.buffer)
            }
            lanes.removeAll(where: \.isAtEnd)
        }
    }

    private static func buffer() -> UnsafeMutableRawBufferPointer {
        .allocate(byteCount: HashLane.bufferBytes, alignment: 4096)
    }

    /// Gives a lane that waits for the disk a thread of its own; false when there are enough of them.
    private func hand(over lane: HashLane) -> Bool {
        let isFree = state.withLock { state in
            guard state.waiting < ArtifactLimits.readers else { return false }
            state.waiting += 1
            return true
        }
        guard isFree else { return false }
        let lent = lane.buffer
        lane.move(to: Self.buffer())
        if let thread = Self.startThread(Errand(queue: self, lane: lane)) {
            state.withLock { $0.readers.append(thread) }
            return true
        }
        lane.buffer.deallocate()
        lane.move(to: lent)
        state.withLock { $0.waiting -= 1 }
        return false
    }

    /// Hashes one lane to its end, waiting for the disk, unless another task has failed.
    private func read(_ lane: HashLane) {
        defer {
            lane.buffer.deallocate()
            state.withLock { $0.waiting -= 1 }
        }
        while !lane.isAtEnd {
            guard state.withLock(\.failures.isEmpty), fill(lane, mayWait: true) != nil else {
                return
            }
            HashLane.advance([lane])
        }
        _ = finish(lane)
    }

    /// As `HashLane.fill`; nil when it failed.
    private func fill(_ lane: HashLane, mayWait: Bool) -> Bool? {
        attempt(lane.index) { () throws(ArtifactError) in try lane.fill(mayWait: mayWait) }
    }

    private func finish(_ lane: HashLane) -> Bool {
        guard let digest = attempt(lane.index, lane.finish) else { return false }
        state.withLock { $0.digests[lane.index] = digest }
        return true
    }

    /// Runs a part of a task; nil when it failed, which ends all work.
    private func attempt<T>(_ index: Int, _ body: () throws(ArtifactError) -> T) -> T? {
        do throws(ArtifactError) {
            return try body()
        } catch {
            state.withLock { $0.failures.append((index, error)) }
            return nil
        }
    }

    private func takeNext() -> Int? {
        state.withLock { state in
            guard state.failures.isEmpty, state.next < order.count else { return nil }
            defer { state.next += 1 }
            return order[state.next]
        }
    }

    func result() throws(ArtifactError) -> [SHA256Digest] {
        let (digests, failure) = state.withLock { state in
            (state.digests, state.failures.min { $0.index < $1.index }?.error)
        }
        if let failure { throw failure }
        precondition(digests.allSatisfy { $0 != nil }, "every task has a digest or a failure")
        return digests.compactMap(\.self)
    }
}

extension Descriptor {
    /// Reads the range piece by piece, and checks that the file is the listed one before and after.
    borrowing func forEachChunk(
        of file: FoundFile, in range: Range<Int64>, buffer: UnsafeMutableRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) throws(ArtifactError) -> Void
    ) throws(ArtifactError) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let wanted = min(Int64(buffer.count), range.upperBound - offset)
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(wanted)])
            let count = try read(into: part, at: offset, path: file.path)
            guard count > 0 else { break }
            try body(UnsafeRawBufferPointer(rebasing: part[..<count]))
            offset += Int64(count)
        }
        guard offset == range.upperBound, try identity(path: file.path) == file.identity else {
            throw ArtifactError(
                .changedWhileReading, path: file.path, "It changed while it was read.")
        }
    }
}
