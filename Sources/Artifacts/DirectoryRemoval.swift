// Removing a directory that we made ourselves and will not finish.

import Glibc

/// Removal of our own unfinished work; what cannot be removed is left.
enum DirectoryRemoval {
    /// Removes `name` with everything below it; links are removed, never followed.
    static func remove(_ name: String, in parent: Int32) {
        let number = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard number >= 0 else { return }
        _ = fchmod(number, 0o700)
        // The stream owns the descriptor from here on.
        guard let stream = fdopendir(number) else {
            _ = close(number)
            return
        }
        while let entry = readdir(stream) {
            let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { buffer in
                Array(buffer.prefix { $0 != 0 }).map(CChar.init(bitPattern:)) + [0]
            }
            if bytes == [0x2E, 0] || bytes == [0x2E, 0x2E, 0] { continue }
            bytes.withUnsafeBufferPointer { child in
                guard let start = child.baseAddress else { return }
                if unlinkat(number, start, 0) != 0, errno == EISDIR || errno == EPERM {
                    remove(String(cString: start), in: number)
                }
            }
        }
        closedir(stream)
        _ = unlinkat(parent, name, AT_REMOVEDIR)
    }
}
