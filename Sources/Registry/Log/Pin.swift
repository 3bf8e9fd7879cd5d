// The pin: the last published checkpoint, outside the database and outside the data directory (I5).
//
// One file with the checkpoint note. It is replaced by writing beside it, flushing, renaming over it
// and flushing the folder: after a crash it is the old note or the new one, never a part. It is
// written after the database has the checkpoint and before anyone is shown it.

internal import Glibc

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

    /// Replaces the pinned note.
    package func write(_ note: [UInt8]) throws(FileError) {
        try File.replace(path, with: note, mode: 0o600)
    }
}
