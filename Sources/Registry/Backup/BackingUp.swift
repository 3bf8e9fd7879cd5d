// Makes a backup of a service, while it serves.
//
// The database is dumped with pg_dump rather than copied as files: it needs no right to replicate and so
// works on a managed server too; it holds one database and not the whole cluster; it can be restored to a
// later PostgreSQL; and it leaves dead rows and WAL behind, where sealed values of the erased linger.
// What it cannot do is go forward from there: between two backups only PostgreSQL's own replication or
// WAL archive keeps what is acknowledged (docs/how-to/backup.md).

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Glibc
internal import Governance
internal import TransparencyLog

/// One backup to be made.
package struct BackingUp: Sendable {
    package var directory: DataDirectory
    package var access: DatabaseAccess
    /// The folder to fill; it must not exist, or be empty.
    package var target: String
    /// Whether the log's private key goes with it.
    package var includesLogKey = false
    /// Where a copy of the key-encryption key goes; nil for none. Not below `target`.
    package var keyEncryptionKeyCopy: String?
    package var clock: Clock

    package init(
        directory: DataDirectory, access: DatabaseAccess, target: String, clock: @escaping Clock
    ) {
        self.directory = directory
        self.access = access
        // pg_dump runs elsewhere: the path must not depend on where we are.
        self.target = DataDirectory(path: target).path
        self.clock = clock
    }

    /// Makes the backup.
    package func run() async throws -> BackupManifest {
        let root = try TrustRoot.verify(
            Envelope(parsing: File.read(directory.root, limit: 1 << 20)))
        let serviceKey = try KeyFile.load(directory.serviceKey)
        try prepareTarget()
        let log = try await dump(origin: root.origin)
        try copy(directory.root, "root.json", mode: 0o644)
        let former =
            try File.isFolder(directory.roots)
            ? File.list(directory.roots).map { "roots/\($0)" }
                .filter(BackupManifest.isFormerRoot).sorted() : []
        if !former.isEmpty { try File.makeFolder("\(target)/roots") }
        for name in former { try copy("\(directory.path)/\(name)", name, mode: 0o644) }
        try copy(directory.settings, "settings.json", mode: 0o600)
        var keys = ["permit", "service"]
        if includesLogKey { keys.insert("log", at: 0) }
        for key in keys { try copy("\(directory.keys)/\(key).pem", "keys/\(key).pem", mode: 0o600) }
        try copyKeyEncryptionKey()
        let names =
            [BackupManifest.dump, "root.json", "settings.json"] + former
            + keys.map { "keys/\($0).pem" }
        let manifest = BackupManifest(
            origin: root.origin, madeAt: clock(), trustRoot: root.digest, kek: log.kek,
            size: log.size, root: log.root, entries: log.entries, checkpoint: log.checkpoint,
            keys: keys,
            files: try names.map { name in
                let (digest, size) = try File.digest("\(target)/\(name)")
                return .init(path: name, size: size, sha256: digest)
            })
        let envelope = try Envelope.sign(
            manifest.payload, type: BackupManifest.payloadType, with: [serviceKey])
        try File.replace(
            "\(target)/\(BackupManifest.fileName)", with: envelope.canonicalBytes, mode: 0o600)
        return manifest
    }

    private func prepareTarget() throws {
        if File.exists(target) {
            guard File.isFolder(target), try File.list(target).isEmpty else {
                throw BackupError(
                    "\(target) exists and is not empty; nothing was written",
                    hint: "Give every backup a folder of its own.")
            }
        }
        if let copy = keyEncryptionKeyCopy {
            let outside = try !Self.absolute(copy).hasPrefix(Self.absolute(target) + "/")
            guard outside, !File.exists(copy) else {
                throw BackupError(
                    "the copy of the key-encryption key must be a new file outside of \(target)",
                    hint:
                        "Whoever has it together with an old backup can read what was erased since."
                )
            }
        }
        try File.makeFolder(target, mode: 0o700)
        try File.makeFolder(target + "/keys", mode: 0o700)
    }

    /// The path with the links of its folder resolved; the file itself need not exist.
    private static func absolute(_ path: String) throws -> String {
        let whole = DataDirectory(path: path).path
        guard let folder = File.folder(of: whole), let real = realpath(folder, nil) else {
            return whole
        }
        defer { free(real) }
        return String(cString: real) + "/" + (whole.split(separator: "/").last ?? "")
    }

    private func copy(_ from: String, _ name: String, mode: mode_t) throws {
        try File.create("\(target)/\(name)", File.read(from, limit: 1 << 20), mode: mode)
    }

    private func copyKeyEncryptionKey() throws {
        guard let keyEncryptionKeyCopy else { return }
        try File.create(
            keyEncryptionKeyCopy, KeyFile.secret(directory.keyEncryptionKey), mode: 0o600)
    }

    // MARK: database

    /// The log as it is in the dump.
    private struct Dumped: Sendable {
        let size: Int64
        let root: SHA256Digest
        let entries: Int64
        let checkpoint: [UInt8]?
        let kek: SHA256Digest?
    }

    /// Dumps the database and reads the log's head in the same snapshot.
    private func dump(origin: String) async throws -> Dumped {
        var settings = ConnectionSettings()
        settings.applicationName = "imprimatur backup"
        settings.statementTimeout = .zero
        settings.idleInTransactionTimeout = .zero
        let connection = DedicatedConnection(access.migrator, settings: settings, label: "backup")
        try await connection.connect()
        var options = TransactionOptions(isolation: .repeatableRead, isReadOnly: true, retries: 0)
        options.idleInTransactionTimeout = .zero
        let (url, path) = (access.migrator, "\(target)/\(BackupManifest.dump)")
        do {
            let dumped = try await connection.transaction(options) { db in
                let dumped = try Self.head(origin, db)
                let snapshot = try db.one("SELECT pg_export_snapshot()", as: String.self)
                try DatabaseDump.write(url, snapshot: snapshot, to: path)
                return dumped
            }
            await connection.close()
            return dumped
        } catch {
            await connection.close()
            throw error
        }
    }

    private static func head(
        _ origin: String, _ db: borrowing Connection
    ) throws -> Dumped {
        guard let head = try LogHead.load(db), head.origin == origin else {
            throw BackupError("the database does not hold the log \(origin)")
        }
        return Dumped(
            size: head.range.size, root: head.range.root,
            entries: try db.one("SELECT count(*) FROM audit.entry", as: Int64.self),
            checkpoint: try db.oneOrNil(
                "SELECT note FROM audit.checkpoint ORDER BY size DESC LIMIT 1", as: [UInt8].self),
            kek: try db.oneOrNil("SELECT name FROM personal.kek", as: String.self)
                .flatMap { SHA256Digest(hex: $0) })
    }
}

extension File {
    /// SHA-256 and length of a file of any size.
    static func digest(_ path: String) throws(FileError) -> (SHA256Digest, Int64) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw FileError("read", path, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var hasher = SHA256Hasher()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var size: Int64 = 0
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw FileError("read", path, reason: String(cString: strerror(errno)))
            }
            if count == 0 { return (hasher.finalize(), size) }
            size += Int64(count)
            hasher.update(buffer[..<count])
        }
    }
}
