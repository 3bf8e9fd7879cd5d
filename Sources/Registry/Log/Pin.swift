// The pin: the last published checkpoint, outside the database and outside the data directory (I5).
//
// One file with the checkpoint note. It is replaced by writing beside it, flushing, renaming over it
// and flushing the folder: after a crash it is the old note or the new one, never a part. It is
// written after the database has the checkpoint and before anyone is shown it.
//
// Several processes may share a pin. Each replaces it under a lock (`<path>.lock`, flock), and only by
// what continues the note that it finds there: one that slept, or was deposed, cannot go back behind
// what another has shown meanwhile. `init` pins the empty log, so that a log never starts unpinned.

internal import Cryptography
internal import Glibc
package import TransparencyLog

/// The file that says how far the log was when it was last published.
package struct Pin: Sendable {
    /// Absolute path of the file.
    package let path: String

    package init(path: String) {
        self.path = path
    }

    /// The pinned note; nil when there is no file.
    package func read() throws(FileError) -> [UInt8]? {
        try File.readIfPresent(path, limit: 1 << 20)
    }

    /// Replaces the pinned note, whatever it is.
    package func write(_ note: [UInt8]) throws(FileError) {
        try File.replace(path, with: note, mode: 0o600)
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
        guard let found = try read() else { return .missing }
        if found == note { return .done }
        guard let pinned = open(found) else { return .unreadable }
        if pinned.size > checkpoint.size { return .isAhead(pinned) }
        if pinned.size == checkpoint.size {
            // Both are signed and say the same: which of the two is kept makes no difference.
            return pinned.root == checkpoint.root ? .done : .contradicts(pinned)
        }
        guard found == known else { return .unknown(pinned, note: found) }
        try write(note)
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
