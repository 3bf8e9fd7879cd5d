// Models to be hashed: files of bytes that do not compress, the same in every run.

import Cryptography
import Glibc
import Registry

/// A model on disk, signed by us in the OpenSSF Model Signing format.
struct ModelFolder: Sendable {
    let path: String
    let bundle: String
    let publicKey: String
    let bytes: Int
    let files: Int

    /// Writes `files` files of `size` bytes, at most 100 in a folder, and signs them: each whole, or
    /// in parts of so many bytes.
    init(
        _ options: Options, in folder: String, name: String, files: Int, size: Int,
        shards: Int? = nil
    ) throws {
        path = folder + "/" + name
        bundle = path + ".sig"
        publicKey = folder + "/\(name).pub.pem"
        bytes = files * size
        self.files = files
        var dice = Dice(seed: UInt64(files))
        try File.makeFolder(path, mode: 0o755)
        for number in 0..<files {
            let part = files > 100 ? path + "/part-\(number / 100)" : path
            if number % 100 == 0, files > 100 { try File.makeFolder(part, mode: 0o755) }
            try Self.write(part + "/weights-\(number).bin", size, &dice)
        }
        let key = try PrivateKey.generate(.ecdsaP256)
        let keyFile = folder + "/\(name).pem"
        try KeyFile.create(keyFile, key)
        try File.replace(publicKey, with: Array(key.publicKey.pem.utf8), mode: 0o644)
        let parts = shards.map { ["--shard-size", "\($0)"] } ?? []
        try Program.run(
            [options.binary, "artifact", "sign", path, "--key", keyFile, "--bundle", bundle]
                + parts)
    }

    /// Leaves nothing of the files in the page cache.
    func evict() throws {
        for number in 0..<files {
            let descriptor = open(path + "/weights-\(number).bin", O_RDONLY | O_CLOEXEC)
            defer { close(descriptor) }
            guard descriptor >= 0, fsync(descriptor) == 0,
                posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) == 0
            else { throw Failure("cannot empty the page cache of \(path): errno \(errno)") }
        }
    }

    private static func write(_ path: String, _ size: Int, _ dice: inout Dice) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure("cannot write \(path): errno \(errno)") }
        defer { close(descriptor) }
        var rest = size
        var words = [UInt64](repeating: 0, count: min(1 << 19, (size + 7) / 8))
        while rest > 0 {
            for index in words.indices { words[index] = dice.next() }
            let count = words.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, min(rest, $0.count))
            }
            guard count > 0 else { throw Failure("cannot write \(path): errno \(errno)") }
            rest -= count
        }
    }
}
