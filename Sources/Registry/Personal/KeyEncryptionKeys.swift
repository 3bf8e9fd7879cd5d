// The key-encryption key of personal data: 32 bytes in a file outside PostgreSQL, and its rotation.
//
//     kek         the key in force
//     kek.next    its successor, while an erasure is under way
//
// An erasure wraps all surviving subject keys anew under the successor, in the transaction that deletes
// the erased one and names the successor in personal.kek. Only afterwards the files follow:
//
//     1. kek.next is written and flushed            a crash: the database still names kek; kek.next goes
//     2. the transaction commits                    a crash: the database names kek.next; step 3 is made up
//     3. kek is overwritten and flushed             a crash: kek fits nothing, kek.next does; step 4 is made up
//     4. kek.next is renamed to kek, and flushed
//
// So at every point the database says which of the two files counts, and that file is whole. `settle`
// makes up what is missing: after each erasure, at every start, and before an erasure. Whoever calls it
// holds the row of personal.kek exclusively: a commit that is still on its way is waited for, and of two
// instances with the same files one is after the other.
//
// The path may be a symbolic link to a file elsewhere; the successor is then written beside that file.
// Overwriting reaches the same blocks on ordinary file systems and disks; copy-on-write file systems,
// snapshots and solid-state disks may keep the old bytes: docs/how-to/erase-personal-data.md.

package import Cryptography
internal import Glibc
internal import Synchronization

/// A key-encryption key with the name that rows and entries give it.
package struct KeyEncryptionKey: Sendable {
    let bytes: [UInt8]
    /// Names the key without revealing it.
    package let name: SHA256Digest

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        name = SHA256.hash(concatenating: Array("imprimatur.dev/kek/v1".utf8), bytes)
    }
}

/// Why a key-encryption key cannot be used.
package struct KeyEncryptionKeyError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
}

/// The key in force and, during a rotation, its successor.
package final class KeyEncryptionKeys: Sendable {
    /// Absolute path without symbolic links; nil for keys in memory only.
    private let path: String?
    private let state: Mutex<State>

    private struct State {
        var current: KeyEncryptionKey?
        var next: KeyEncryptionKey?

        func named(_ name: String) -> KeyEncryptionKey? {
            [current, next].compactMap(\.self).first { $0.name.hex == name }
        }
    }

    /// Keys in memory, for tests and tools that have no files.
    package init(key: [UInt8]) {
        precondition(
            key.count == AuthenticatedEncryption.keyCount, "a key-encryption key has 32 bytes")
        path = nil
        state = Mutex(State(current: KeyEncryptionKey(key)))
    }

    /// The keys of a file and its successor; refuses files that others may read.
    package init(path: String) throws {
        let path = Self.resolved(path)
        self.path = path
        let (current, next) = (try Self.read(path), try Self.read(path + Self.suffix))
        guard current != nil || next != nil else {
            throw KeyEncryptionKeyError(
                description: "there is no key-encryption key at \(path)")
        }
        state = Mutex(State(current: current, next: next))
    }

    static let suffix = ".next"

    /// Where the successor of the key at a path is during a rotation.
    package static func successor(of path: String) -> String { resolved(path) + suffix }

    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    private static func read(_ path: String) throws -> KeyEncryptionKey? {
        guard File.exists(path) else { return nil }
        let bytes = try KeyFile.secret(path)
        // A crash can leave a successor that was not written to its end: it was never used.
        if bytes.count < AuthenticatedEncryption.keyCount, path.hasSuffix(suffix) { return nil }
        guard bytes.count == AuthenticatedEncryption.keyCount else {
            throw KeyEncryptionKeyError(
                description: "\(path) has \(bytes.count) bytes, a key-encryption key has 32")
        }
        return KeyEncryptionKey(bytes)
    }

    /// The key in force, as far as files alone say.
    var current: KeyEncryptionKey? { state.withLock { $0.current ?? $0.next } }

    /// Names of the keys at hand, the current one first.
    package var names: [SHA256Digest] {
        state.withLock { state in [state.current, state.next].compactMap { $0?.name } }
    }

    /// The key of this name; looks at the files again when it is not at hand, because another instance
    /// may have rotated it.
    func key(named name: String) throws -> KeyEncryptionKey? {
        if let known = state.withLock({ $0.named(name) }) { return known }
        guard let path else { return nil }
        let fresh = State(
            current: try Self.read(path), next: try Self.read(path + Self.suffix))
        guard let found = fresh.named(name) else { return nil }
        state.withLock { $0 = fresh }
        return found
    }

    /// A fresh successor: step 1.
    func prepare() throws -> KeyEncryptionKey {
        let made = KeyEncryptionKey(Random.bytes(AuthenticatedEncryption.keyCount))
        if let path {
            try File.replace(path + Self.suffix, with: made.bytes, mode: 0o600)
        }
        state.withLock { $0.next = made }
        return made
    }

    /// Makes the files say what the database says: steps 3 and 4, or drops a successor never used.
    ///
    /// - Returns: whether a former key was destroyed.
    /// - Throws: `KeyEncryptionKeyError` when neither file holds the key that the database names.
    @discardableResult
    package func settle(on name: String) throws -> Bool {
        // Another instance may have renamed the files since they were read.
        let files =
            try path.map { path in
                State(current: try Self.read(path), next: try Self.read(path + Self.suffix))
            } ?? state.withLock(\.self)
        let isSuccessor = files.current?.name.hex != name
        guard let key = isSuccessor ? files.next : files.current, key.name.hex == name else {
            throw KeyEncryptionKeyError(
                description: "the database names the key-encryption key \(name), which is not at "
                    + (path ?? "hand"))
        }
        if let path {
            let next = path + Self.suffix
            if isSuccessor {
                try Self.overwrite(path)
                guard rename(next, path) == 0 else {
                    throw FileError("replace", path, reason: String(cString: strerror(errno)))
                }
            } else if File.exists(next) {
                try Self.overwrite(next)
                guard unlink(next) == 0 else {
                    throw FileError("remove", next, reason: String(cString: strerror(errno)))
                }
            }
            try File.flushFolder(of: path)
        }
        state.withLock { $0 = State(current: key, next: nil) }
        return isSuccessor
    }

    /// Puts random bytes over a file's own, on the disk.
    static func overwrite(_ path: String) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return }
            throw FileError("overwrite", path, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw FileError("overwrite", path, reason: String(cString: strerror(errno)))
        }
        let noise = Random.bytes(Int(status.st_size))
        guard pwrite(descriptor, noise, noise.count, 0) == noise.count, fsync(descriptor) == 0
        else {
            throw FileError("overwrite", path, reason: String(cString: strerror(errno)))
        }
    }
}
