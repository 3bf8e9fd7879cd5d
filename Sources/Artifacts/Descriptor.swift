// File descriptors that close themselves, and the few calls we make on them.

import Glibc

/// An open file or directory; closed exactly once, when it goes out of use.
struct Descriptor: ~Copyable {
    let number: Int32

    private init(number: Int32) {
        self.number = number
    }

    deinit {
        _ = close(number)
    }

    /// Opens a path as the caller gave it; the last component must not be a symbolic link.
    static func open(_ path: String, flags: Int32) throws(ArtifactError) -> Descriptor {
        let number = Glibc.open(path, flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY)
        guard number >= 0 else { throw .system(errno, path, "open") }
        return Descriptor(number: number)
    }

    /// Opens one component below `parent`; never follows a link, never blocks on a fifo.
    static func open(
        _ name: String, in parent: Int32, flags: Int32, path: String
    ) throws(ArtifactError) -> Descriptor {
        let number = openat(parent, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard number >= 0 else { throw .system(errno, path, "open") }
        return Descriptor(number: number)
    }

    /// Creates a file that must not exist.
    static func create(
        _ name: String, in parent: Int32, mode: mode_t, path: String
    ) throws(ArtifactError) -> Descriptor {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let number = openat(parent, name, flags, mode)
        guard number >= 0 else { throw .system(errno, path, "create") }
        return Descriptor(number: number)
    }

    func identity(path: String) throws(ArtifactError) -> FileIdentity {
        var status = stat()
        guard fstat(number, &status) == 0 else { throw .system(errno, path, "stat") }
        return FileIdentity(status)
    }

    func synchronise(path: String) throws(ArtifactError) {
        guard fsync(number) == 0 else { throw .system(errno, path, "fsync") }
    }

    /// Reads up to the buffer's size at `offset`; 0 at the end of the file.
    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int64, path: String
    ) throws(ArtifactError) -> Int {
        while true {
            let count = pread(number, buffer.baseAddress, buffer.count, off_t(offset))
            if count >= 0 { return count }
            if errno != EINTR { throw .system(errno, path, "read") }
        }
    }

    /// Reads past the page cache from now on, or through it; false where the file system does not.
    func setDirect(_ isDirect: Bool) -> Bool {
        let flags = fcntl(number, F_GETFL)
        guard flags >= 0 else { return false }
        let wanted = isDirect ? flags | Self.directFlag : flags & ~Self.directFlag
        return fcntl(number, F_SETFL, wanted) == 0
    }

    /// O_DIRECT, which the C library shows to C programs only (fcntl.h, _GNU_SOURCE).
    private static var directFlag: Int32 {
        #if arch(arm64)
            0o200000
        #else
            0o40000
        #endif
    }

    func write(_ bytes: UnsafeRawBufferPointer, path: String) throws(ArtifactError) {
        let failure = writeAll(bytes)
        guard failure == 0 else { throw .system(failure, path, "write") }
    }

    func write(_ bytes: [UInt8], path: String) throws(ArtifactError) {
        let failure = bytes.withUnsafeBytes { writeAll($0) }
        guard failure == 0 else { throw .system(failure, path, "write") }
    }

    /// 0, or the number of the error.
    private func writeAll(_ bytes: UnsafeRawBufferPointer) -> Int32 {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(number, rest.baseAddress, rest.count)
            if count > 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }
}

/// What tells one state of a file from another without reading it.
struct FileIdentity: Sendable, Hashable {
    let device: UInt64
    let inode: UInt64
    let mode: UInt32
    let size: Int64
    let modifiedSeconds: Int64
    let modifiedNanoseconds: Int64
    let changedSeconds: Int64
    let changedNanoseconds: Int64

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        mode = status.st_mode
        size = Int64(status.st_size)
        modifiedSeconds = Int64(status.st_mtim.tv_sec)
        modifiedNanoseconds = Int64(status.st_mtim.tv_nsec)
        changedSeconds = Int64(status.st_ctim.tv_sec)
        changedNanoseconds = Int64(status.st_ctim.tv_nsec)
    }

    private var type: UInt32 { mode & UInt32(S_IFMT) }
    var isRegularFile: Bool { type == UInt32(S_IFREG) }
    var isDirectory: Bool { type == UInt32(S_IFDIR) }
    var isSymbolicLink: Bool { type == UInt32(S_IFLNK) }
}

extension ArtifactError {
    /// The operating system's error, with links and missing files told apart.
    static func system(_ number: Int32, _ path: String, _ what: String) -> ArtifactError {
        switch number {
        case ENOENT:
            ArtifactError(.notFound, path: path, "It does not exist.", errorNumber: number)
        case ELOOP:
            ArtifactError(
                .symbolicLink, path: path,
                "It is a symbolic link; links are not followed.", errorNumber: number)
        default:
            ArtifactError(
                .system, path: path,
                "Cannot \(what): \(String(cString: strerror(number))).", errorNumber: number)
        }
    }
}
