// What the database promises about commits, and the entry that says on what a service runs (I11).

internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Governance

/// Whether the database keeps what one role commits: settings can differ by role and database
/// (`ALTER ROLE … SET`), so they are asked in a session of that role.
struct Safety: Sendable, Hashable, CustomStringConvertible {
    let fsync: String
    let fullPageWrites: String
    let synchronousCommit: String
    let serverVersion: String

    static func read(_ db: borrowing Connection) throws -> Safety {
        let (fsync, pages, commit, version) = try db.one(
            """
            SELECT current_setting('fsync'), current_setting('full_page_writes'),
                   current_setting('synchronous_commit'), current_setting('server_version')
            """, as: (String, String, String, String).self)
        return Safety(
            fsync: fsync, fullPageWrites: pages, synchronousCommit: commit, serverVersion: version)
    }

    /// The settings as a role sees them that nobody is connected as.
    static func read(_ url: DatabaseURL) async throws -> Safety {
        let connection = DedicatedConnection(url, label: "settings")
        try await connection.connect()
        do {
            let safety = try await connection.withConnection { db in try read(db) }
            await connection.close()
            return safety
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Without whole pages a torn write after a power cut damages what was committed long before.
    var isSafe: Bool { fsync == "on" && fullPageWrites == "on" && synchronousCommit != "off" }

    var description: String {
        "fsync \(fsync), full_page_writes \(fullPageWrites), synchronous_commit \(synchronousCommit)"
    }
}

extension Registry {
    /// Records what influences decisions and lives outside the log (I11), and holds to it.
    func recordStart(
        safety: (writer: Safety, sequencer: Safety), context: DecisionContext, signer: EntrySigner,
        housekeeping: HousekeepingSettings, limits: RequestLimits
    ) async throws {
        let migrations = SHA256.hash(
            Array(DatabaseAccess.migrations.map(\.digest).joined(separator: "\n").utf8))
        let binary = try SHA256.hash(File.read("/proc/self/exe", limit: 1 << 30))
        // An entry names this document alone, so all that decides outside the log is in it.
        let configuration: JSON = [
            "type": "imprimatur.dev/configuration/v1", "origin": .string(root.origin),
            "development": .bool(root.development), "binary": .digest(binary),
            "migrations": .digest(migrations),
            "trustRoot": ["digest": .digest(root.digest), "version": .integer(root.version)],
            "foldBoundMilliseconds": .integer(Self.foldBoundMilliseconds),
            "skewMilliseconds": .integer(Sequencer.skewMilliseconds),
            "housekeeping": housekeeping.json, "limits": limits.json,
            "database": [
                "fsync": .string(safety.writer.fsync),
                "fullPageWrites": .string(safety.writer.fullPageWrites),
                "serverVersion": .string(safety.writer.serverVersion),
                "synchronousCommit": [
                    "writer": .string(safety.writer.synchronousCommit),
                    "sequencer": .string(safety.sequencer.synchronousCommit),
                ],
            ],
        ]
        let document = configuration.canonicalBytes
        context.set(configuration: SHA256.hash(document))
        _ = try await writer.write(
            Request(caller: nil, id: Self.makeID("start-", bytes: 8)),
            Subjects(written: [Subjects.service])
        ) { _, _ in
            Act(
                .serviceStarted(
                    ServiceStarted(
                        configuration: SHA256.hash(document), trustRoot: root.digest,
                        trustRootVersion: root.version, binary: binary, migrations: migrations,
                        serviceKey: signer.keyID)),
                documents: [document])
        }
        committed.ring()
    }
}
