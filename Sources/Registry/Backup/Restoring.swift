// Restores a backup into a new data directory, or into a scratch place to prove that it can be.
//
// Never over something that exists. The pin is not part of a backup and is never written here: if the pin
// that survived says that the log was longer, or there is none, the restored service starts halted (I5),
// and what to do then is in docs/how-to/backup.md.
//
//   1. manifest: signature, digest of every file     — nothing is created before that
//   2. folders, trust root, keys
//   3. the database, empty; pg_restore; the head must be the manifest's
//   4. settings.json                                 — from here on `serve` finds a service

package import Attestation
package import CanonicalJSON
internal import Cryptography
internal import Database
internal import Glibc
internal import Governance
internal import TransparencyLog

/// One backup to be restored.
package struct Restoring: Sendable {
    /// The backup's folder.
    package var source: String
    /// The new data directory.
    package var directory: DataDirectory
    /// The trust root to rely on; nil takes the backup's own.
    package var root: Envelope?
    /// A folder with keys kept elsewhere: log.pem, kek; also service.pem, permit.pem.
    package var keys: String?
    /// Where the pin is that survived; nil: where it was.
    package var pin: String?
    package var postgresUser: String?
    /// An empty database elsewhere; nil makes a private one.
    package var access: DatabaseAccess?

    package init(source: String, directory: DataDirectory) {
        // pg_restore runs elsewhere: the path must not depend on where we are.
        self.source = DataDirectory(path: source).path
        self.directory = directory
    }

    /// What was restored.
    package struct Report: Sendable {
        package let manifest: BackupManifest
        package let settings: StoredSettings
        /// Why the service will start halted; nil when it will not.
        package let halt: HaltReason?
        /// Files without which the service does not start.
        package let missingKeys: [String]
        /// Whether the personal values open; nil when there are none.
        package let opensPersonalValues: Bool?
    }

    /// Restores.
    package func run() async throws -> Report {
        let (roots, manifest) = try check()
        if File.exists(directory.path) {
            guard File.isFolder(directory.path), try File.list(directory.path).isEmpty else {
                throw BackupError("\(directory.path) exists and is not empty; nothing was restored")
            }
        }
        var settings = try StoredSettings.read(
            File.read("\(source)/settings.json", limit: 65_536))
        if let pin { settings.pin = DataDirectory(path: pin).path }
        if let postgresUser { settings.postgresUser = postgresUser }
        try File.makeFolder(directory.path, mode: 0o711)
        try File.makeFolder(directory.keys)
        try File.create(
            directory.root, File.read("\(source)/root.json", limit: 1 << 20), mode: 0o644)
        for file in manifest.files where BackupManifest.isFormerRoot(file.path) {
            try File.makeFolder(directory.roots)
            try File.create(
                "\(directory.path)/\(file.path)",
                File.read("\(source)/\(file.path)", limit: 1 << 20), mode: 0o644)
        }
        let missing = try copyKeys(manifest)
        let access: DatabaseAccess
        if let given = self.access {
            access = given
        } else {
            access = try await DatabaseAccess(
                privateIn: directory, user: settings.postgresUser)
        }
        defer { _ = try? access.cluster?.stop() }
        let (halt, kek) = try await restoreDatabase(manifest, roots, settings, access)
        try File.create(directory.settings, settings.json.prettyBytes, mode: 0o600)
        return Report(
            manifest: manifest, settings: settings, halt: halt, missingKeys: missing,
            opensPersonalValues: try opens(kek))
    }

    /// Checks the manifest and the digest of every file; creates nothing.
    package func check() throws -> (roots: RootKeeper, manifest: BackupManifest) {
        guard
            let bytes = try File.readIfPresent(
                "\(source)/\(BackupManifest.fileName)", limit: 4 << 20)
        else {
            throw BackupError(
                "\(source) holds no whole backup",
                hint: "Its manifest is written last: a backup that was interrupted has none.")
        }
        let roots = try RootKeeper(DataDirectory(path: source))
        let root = roots.history.latest
        // What follows from the root that the caller brings is signed by its custodians too.
        if let brought = self.root, !roots.history.contains(brought.payloadDigest) {
            throw BackupError(
                "the backup's trust root does not follow from the one given",
                hint: "Bring a root of this log that is as old as the backup's, or older.")
        }
        let manifest = try BackupManifest.read(try Envelope(parsing: bytes), under: root)
        guard manifest.trustRoot == root.digest else {
            throw BackupError("root.json is not the trust root that the manifest names")
        }
        for file in manifest.files {
            let (digest, size) = try File.digest("\(source)/\(file.path)")
            guard digest == file.sha256, size == file.size else {
                throw BackupError("\(file.path) is not the file that the manifest names")
            }
        }
        guard manifest.files.contains(where: { $0.path == BackupManifest.dump }) else {
            throw BackupError("the manifest names no database")
        }
        return (roots, manifest)
    }

    /// Copies keys from the backup, and those that it lacks from elsewhere; the names still missing.
    private func copyKeys(_ manifest: BackupManifest) throws -> [String] {
        var missing: [String] = []
        for name in ["log.pem", "service.pem", "permit.pem", "kek"] {
            let places =
                [keys.map { "\($0)/\(name)" }]
                + [manifest.keys.contains { "\($0).pem" == name } ? "\(source)/keys/\(name)" : nil]
            guard let found = places.compactMap(\.self).first(where: File.exists) else {
                missing.append(name)
                continue
            }
            try File.create("\(directory.keys)/\(name)", KeyFile.secret(found), mode: 0o600)
        }
        return missing
    }

    // MARK: database

    private func restoreDatabase(
        _ manifest: BackupManifest, _ roots: RootKeeper, _ settings: StoredSettings,
        _ access: DatabaseAccess
    ) async throws -> (halt: HaltReason?, kek: String?) {
        let url = access.migrator
        let check = StartCheck(roots: roots, pin: Pin(path: settings.pin))
        let connection = DedicatedConnection(url, label: "restore")
        try await connection.connect()
        do {
            let isThere = try await connection.transaction(.snapshot) { db in
                try db.one("SELECT to_regclass('audit.head') IS NOT NULL", as: Bool.self)
            }
            guard !isThere else {
                throw BackupError("the database holds a log already; nothing was changed in it")
            }
            try DatabaseDump.read("\(source)/\(BackupManifest.dump)", into: url)
            let result = try await connection.transaction(.write) {
                db -> (HaltReason?, String?) in
                guard let head = try LogHead.load(db), head.range.size == manifest.size,
                    head.range.root == manifest.root
                else {
                    throw BackupError("the restored log does not end where the manifest says")
                }
                for table in Projection.Table.allCases {
                    try db.execute("ANALYZE registry.\(identifier: table)")
                }
                try db.execute("ANALYZE audit.entry, audit.leaf, audit.document, audit.tile")
                return (
                    try check.run(db),
                    try db.oneOrNil("SELECT name FROM personal.kek", as: String.self)
                )
            }
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }

    private func opens(_ kek: String?) throws -> Bool? {
        guard let kek else { return nil }
        guard File.exists(directory.keyEncryptionKey) else { return false }
        return try KeyEncryptionKeys(path: directory.keyEncryptionKey).names.map(\.hex)
            .contains(kek)
    }
}

/// A drill: a backup restored to a scratch place, verified, replayed, and removed again.
package struct RestoreDrill: Sendable {
    /// What a drill showed.
    package struct Report: Sendable {
        package let manifest: BackupManifest
        package let verified: AuditReport
        package let replayed: ReplayReport
        package let seconds: Double

        /// Whether the restored copy is whole, up to where its own checkpoint reaches; a service that
        /// never published has none.
        package var isWhole: Bool {
            verified.findings.isEmpty && replayed.isEqual
                && (manifest.checkpoint == nil || verified.verdict == .intact)
        }

        /// The report as JSON.
        package var json: JSON {
            [
                "whole": .bool(isWhole), "origin": .string(manifest.origin),
                "madeAt": .text(manifest.madeAt), "verify": verified.json,
                "replay": replayed.json, "milliseconds": .integer(Int64(seconds * 1000)),
            ]
        }
    }

    /// Restores below `scratch`, which is removed afterwards, and audits what came of it.
    package static func run(
        _ restoring: Restoring, scratch: String,
        progress: @escaping @Sendable (AuditProgress) -> Void = { _ in }
    ) async throws -> Report {
        let started = ContinuousClock.now
        guard !File.exists(scratch) else {
            throw BackupError("\(scratch) exists; the drill makes and removes it itself")
        }
        try File.makeFolder(scratch, mode: 0o711)
        defer { File.removeTree(scratch) }
        var drill = restoring
        drill.directory = DataDirectory(path: scratch + "/data")
        drill.pin = scratch + "/checkpoint"
        let (roots, manifest) = try drill.check()
        // The backup's own checkpoint is the anchor: the dump must lead to it.
        if let checkpoint = manifest.checkpoint {
            try File.create(scratch + "/checkpoint", checkpoint, mode: 0o600)
        }
        let report = try await drill.run()
        let access: DatabaseAccess
        if let given = drill.access {
            access = given
        } else {
            access = try await DatabaseAccess(
                privateIn: drill.directory, user: report.settings.postgresUser)
        }
        defer { _ = try? access.cluster?.stop() }
        let verified = try await Auditing.verify(
            access.migrator, history: roots.history, pin: Pin(path: scratch + "/checkpoint"),
            progress: progress)
        let replayed = try await Auditing.replay(
            access.migrator, history: roots.history, progress: progress)
        let (seconds, attoseconds) = (ContinuousClock.now - started).components
        return Report(
            manifest: manifest, verified: verified, replayed: replayed,
            seconds: Double(seconds) + Double(attoseconds) / 1e18)
    }
}

extension File {
    /// Removes a folder that this process made, with all below it; links are not followed.
    static func removeTree(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            unlink(path)
            return
        }
        for name in (try? list(path)) ?? [] { removeTree("\(path)/\(name)") }
        rmdir(path)
    }
}
