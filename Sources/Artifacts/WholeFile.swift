// Reading and writing one small file (a bundle, a permit, a key) completely or not at all.

import Cryptography
import Glibc

/// Small files as bytes.
package enum WholeFile {
    /// The contents of a regular file; throws `too-large` beyond `limit` bytes.
    ///
    /// Links are followed: the path is the caller's own.
    package static func read(
        _ path: String, limit: Int = 64 << 20
    ) throws(ArtifactError) -> [UInt8] {
        let number = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard number >= 0 else { throw .system(errno, path, "open") }
        defer { _ = close(number) }
        var status = stat()
        guard fstat(number, &status) == 0 else { throw .system(errno, path, "stat") }
        guard FileIdentity(status).isRegularFile else {
            throw ArtifactError(.specialFile, path: path, "It is no file.")
        }
        guard status.st_size <= limit else {
            throw ArtifactError(.tooLarge, path: path, "It is longer than \(limit) bytes.")
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(number, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
            }
            if count > 0 {
                filled += count
            } else if count == 0 {
                throw ArtifactError(
                    .changedWhileReading, path: path, "It became shorter while it was read.")
            } else if errno != EINTR {
                throw .system(errno, path, "read")
            }
        }
        return bytes
    }

    /// Writes a file through a temporary one beside it, flushed and renamed: all of it or nothing.
    package static func write(
        _ bytes: [UInt8], to path: String, mode: UInt32 = 0o644
    ) throws(ArtifactError) {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[...$0]) } ?? "./"
        let parent = try Descriptor.open(folder + ".", flags: O_RDONLY | O_DIRECTORY)
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        let temporary = ".\(Hex.encode(Random.bytes(8))).tmp"
        let file = try Descriptor.create(
            temporary, in: parent.number, mode: mode_t(mode), path: path)
        do throws(ArtifactError) {
            try file.write(bytes, path: path)
            try file.synchronise(path: path)
            guard renameat(parent.number, temporary, parent.number, name) == 0 else {
                throw ArtifactError.system(errno, path, "rename to")
            }
        } catch {
            unlinkat(parent.number, temporary, 0)
            throw error
        }
        try parent.synchronise(path: path)
    }
}
