// Reads a predictions file once: its counts and its digest come from the same bytes.

internal import Cryptography
internal import Fairness
internal import Glibc
internal import Governance
internal import OfflineCommands

/// What a predictions file comes down to.
struct PredictionsFile {
    let counts: FairnessCounts
    let rows: Int64
    /// SHA-256 of the file.
    let digest: SHA256Digest

    /// Streams the file; memory does not grow with it.
    init(reading path: String, _ columns: PredictionColumns) throws {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CommandError("cannot read \(path): \(String(cString: strerror(errno)))")
        }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        var hasher = SHA256Hasher()
        do {
            var reader = try PredictionsReader(columns)
            while true {
                let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else {
                    throw CommandError("cannot read \(path): \(String(cString: strerror(errno)))")
                }
                if count == 0 { break }
                let chunk = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                hasher.update(chunk)
                try reader.read(chunk)
                Console.progress("\(reader.rows) rows")
            }
            counts = try reader.finish()
            rows = reader.rows
            Console.endProgress()
        } catch let error as CSVError {
            Console.endProgress()
            throw CommandError("\(path): \(error)")
        }
        digest = hasher.finalize()
    }
}
