// The pin: the last published checkpoint, outside the database and outside the data directory (I5).
//
// Two files, each with a checkpoint note, written over in turn, always the one with the older note, and
// flushed: the pin is the newer note of the two. A crash while one is written may leave a part of a
// note there, which no key has signed; then the other counts, which is the last that anybody was shown.
// Writing in place costs one flush of the disk, replacing a file several, and everyone who waits for a
// receipt waits for the pin. It is written after the database has the checkpoint and before anyone is
// shown it. The first of the two files is always there: a pin without it is one that was lost.
//
// Several processes may share a pin. Each replaces it under a lock (`<path>.lock`, flock), and only by
// what continues the note that it finds there: one that slept, or was deposed, cannot go back behind
// what another has shown meanwhile. `init` pins the empty log, so that a log never starts unpinned.

internal import Cryptography
internal import Glibc
package import TransparencyLog

/// The files that say how far the log was when it was last published.
package struct Pin: Sendable {
    /// Absolute path of the first file.
    package let path: String

    package init(path: String) {
        self.path = path
    }

    /// The second file, which is not there before the pin has moved once.
    package var alternate: String { path + ".alternate" }

    /// What is pinned.
    package struct Kept: Sendable, Hashable {
        package let note: [UInt8]
        /// What it says; nil when it is not signed by the log.
        package let checkpoint: Checkpoint?
        /// The file that it is in.
        let path: String
        /// The size that the other file names: 0 before the pin has moved, or when it is unreadable.
        let previousSize: Int64
    }

    /// The pinned note; nil when there is none.
    ///
    /// - Parameter open: reads a note; nil when it is not signed by the log.
    package func read(by open: ([UInt8]) -> Checkpoint?) throws(FileError) -> Kept? {
        guard let first = try File.readIfPresent(path, limit: 1 << 20) else { return nil }
        var notes = [(note: first, path: path)]
        if let second = try File.readIfPresent(alternate, limit: 1 << 20) {
            notes.append((second, alternate))
        }
        // The one that claims to be newer is opened first, and nearly always the only one.
        var claims = notes.map { Self.claimedSize($0.note) }
        if claims.count == 2, claims[1] > claims[0] {
            notes.reverse()
            claims.reverse()
        }
        for (index, (note, path)) in notes.enumerated() {
            guard let checkpoint = open(note) else { continue }
            let isAlone = notes.count == 1 || index == 1
            return Kept(
                note: note, checkpoint: checkpoint, path: path,
                previousSize: isAlone ? 0 : claims[1])
        }
        return Kept(note: first, checkpoint: nil, path: path, previousSize: 0)
    }

    /// The size in a note that nobody has verified; 0 when there is none.
    private static func claimedSize(_ note: [UInt8]) -> Int64 {
        guard let parsed = try? SignedNote(parsing: note),
            let checkpoint = try? Checkpoint(parsing: parsed.text)
        else { return 0 }
        return checkpoint.size
    }

    /// Replaces the pinned note, whatever it is.
    package func write(_ note: [UInt8]) throws(FileError) {
        try File.replace(path, with: note, mode: 0o600)
        guard unlink(alternate) == 0 || errno == ENOENT else {
            throw FileError("remove", alternate, errno: errno)
        }
        try File.flushFolder(of: path)
    }

    /// What became of an attempt to go on.
    package enum Advance: Sendable, Hashable {
        /// The new note is pinned.
        case done
        /// Another process has pinned a later one, which stays.
        case isAhead(Checkpoint)
        /// The same size is pinned with another root.
        case contradicts(Checkpoint)
        /// Another process has pinned a note that the caller does not know: it has to be compared.
        case unknown(Checkpoint, note: [UInt8])
        /// There is no pin any more.
        case missing
        /// What is there is no checkpoint of this log.
        case unreadable
    }

    /// Goes on from a known note to the next one, under the lock of the pin.
    ///
    /// - Parameters:
    ///   - note: the note to pin, and the checkpoint that it holds.
    ///   - known: the note that was compared with this log, and may be replaced.
    ///   - open: reads a pinned note; nil when it is not signed by the log.
    package func advance(
        to note: [UInt8], _ checkpoint: Checkpoint, from known: [UInt8]?,
        open: ([UInt8]) -> Checkpoint?
    ) throws(FileError) -> Advance {
        let lock = try lock()
        defer { close(lock) }
        guard let found = try read(by: open) else { return .missing }
        if found.note == note { return .done }
        guard let pinned = found.checkpoint else { return .unreadable }
        if pinned.size > checkpoint.size { return .isAhead(pinned) }
        if pinned.size == checkpoint.size {
            // Both are signed and say the same: which of the two is kept makes no difference.
            return pinned.root == checkpoint.root ? .done : .contradicts(pinned)
        }
        guard found.note == known else { return .unknown(pinned, note: found.note) }
        let older = found.path == path ? alternate : path
        try File.overwrite(older, with: note, mode: 0o600)
        return .done
    }

    /// An open file that holds the lock until it is closed.
    private func lock() throws(FileError) -> Int32 {
        let name = path + ".lock"
        let descriptor = Glibc.open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError("lock", name, errno: errno) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else {
                let error = FileError("lock", name, errno: errno)
                close(descriptor)
                throw error
            }
        }
        return descriptor
    }
}
