// `imprimatur backup`: database, trust root, settings and keys into one folder.

internal import ArgumentParser
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands
internal import Registry

/// Makes a backup, while the service runs or not.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Back up database, trust root, settings and keys.",
        discussion: """
            One snapshot, with pg_dump; the manifest, signed by the service's key, names every file. \
            The key that signs the log goes with it only with --include-log-key. The key-encryption \
            key never does: --kek-to copies it elsewhere. The pin is not part of a backup. Exit \
            codes: 0 made, 2 not made, 64 usage.
            """)

    @Argument(help: "The folder to fill; it must not exist, or be empty.")
    var target: String

    @OptionGroup var database: DatabaseOptions

    @Flag(help: "Copy the key that signs the log too: whoever has it can fork the log.")
    var includeLogKey = false

    @Option(
        help: ArgumentHelp(
            "Copy the key-encryption key to this new file, outside the backup; destroy it there "
                + "after every erasure.", valueName: "file"))
    var kekTo: String?

    @OptionGroup var format: Format

    func run() async throws {
        _ = try database.settings()
        let manifest = try await database.withAccess { access in
            var backup = BackingUp(
                directory: database.directory, access: access, target: target,
                clock: { SystemClock.now() })
            backup.includesLogKey = includeLogKey
            backup.keyEncryptionKeyCopy = kekTo
            return try await backup.run()
        }
        if format.json {
            return Console.out([
                "folder": .string(target), "origin": .string(manifest.origin),
                "size": .integer(manifest.size), "root": .string(manifest.root.hex),
                "entries": .integer(manifest.entries),
                "madeAt": .string(manifest.madeAt.description),
                "keys": .array(manifest.keys.map(JSON.string)),
                "files": .integer(Int64(manifest.files.count)),
            ])
        }
        Console.out(
            "backed up \(manifest.origin): \(manifest.size) entries, root \(manifest.root)")
        Console.hint("Prove that it can be restored: imprimatur restore \(target) --drill")
        if !includeLogKey {
            Console.hint("Keep keys/log.pem elsewhere: without it the log cannot go on.")
        }
        if kekTo == nil {
            Console.hint("Keep keys/kek elsewhere, in one place that you can destroy it at.")
        }
    }
}
