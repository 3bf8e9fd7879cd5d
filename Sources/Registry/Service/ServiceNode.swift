// A running instance: everything checked, then the registry with its sequencer and follower.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Governance
package import Logging
internal import Schema
package import ServiceLifecycle
internal import TransparencyLog

/// How an instance is started.
package struct NodeSettings: Sendable {
    package var directory: DataDirectory
    /// A database elsewhere; nil uses the private one of the data directory.
    package var access: DatabaseAccess?
    /// Whether a root that is marked `development` may be served under.
    package var allowsDevelopment = false
    /// A test database may have fsync off; everywhere else that refuses to start (I11).
    package var allowsUnsafeDatabase = false
    package var maxConnections = 16
    package var clock: Clock
    package var logger: Logger

    package init(directory: DataDirectory, clock: @escaping Clock, logger: Logger) {
        self.directory = directory
        self.clock = clock
        self.logger = logger
    }
}

/// Why an instance does not start.
package struct NodeError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
    /// What to do about it.
    package let hint: String?

    package init(_ description: String, hint: String? = nil) {
        self.description = description
        self.hint = hint
    }
}

/// One instance of the service.
package final class ServiceNode: Sendable {
    package let registry: Registry
    /// To be run beside the web server, and stopped after it.
    package let services: [any Service]
    package let settings: StoredSettings
    package let pin: Pin
    private let access: DatabaseAccess

    private init(
        registry: Registry, services: [any Service], settings: StoredSettings, pin: Pin,
        access: DatabaseAccess
    ) {
        self.registry = registry
        self.services = services
        self.settings = settings
        self.pin = pin
        self.access = access
    }

    /// Opens an instance: reads and checks files, database and pin, and catches up with the log.
    package static func open(_ settings: NodeSettings) async throws -> ServiceNode {
        let files = try Files(settings)
        let access: DatabaseAccess
        if let given = settings.access {
            access = given
            try await access.verifySchema()
        } else {
            access = try await DatabaseAccess(
                privateIn: settings.directory, user: files.stored.postgresUser)
            try await access.migrate()
        }
        do {
            return try await assemble(settings, files, access)
        } catch {
            _ = try? access.cluster?.stop()
            throw error
        }
    }

    /// Stops the private PostgreSQL, if this instance started it.
    package func close() async {
        await registry.database.closeIdle()
        _ = try? access.cluster?.stop()
    }

    // MARK: files

    /// What the data directory holds.
    private struct Files {
        let stored: StoredSettings
        let root: TrustRoot
        let logSigner: NoteSigner
        let serviceKey: PrivateKey
        let permitKey: PrivateKey
        let vault: Vault

        init(_ settings: NodeSettings) throws {
            let directory = settings.directory
            guard let bytes = try File.readIfPresent(directory.settings, limit: 65_536) else {
                throw NodeError(
                    "\(directory.path) holds no service", hint: "Run `imprimatur init` first.")
            }
            stored = try StoredSettings.read(bytes)
            root = try TrustRoot.verify(
                Envelope(parsing: File.read(directory.root, limit: 1 << 20)))
            guard root.origin == stored.origin else {
                throw NodeError(
                    "the trust root is for \(root.origin), the service for \(stored.origin)")
            }
            let now = settings.clock()
            guard root.issuedAt <= now, now <= root.expiresAt else {
                throw NodeError(
                    "the trust root is valid from \(root.issuedAt) to \(root.expiresAt), now is \(now)"
                )
            }
            guard !root.development || settings.allowsDevelopment else {
                throw NodeError(
                    "the trust root is marked development",
                    hint: "Start with --development, or create a root signed by several custodians."
                )
            }
            guard let name = KeyName(root.origin) else {
                throw NodeError("the origin is no key name")
            }
            let logSigner = try NoteSigner(name: name, key: KeyFile.load(directory.logKey))
            let permitKey = try KeyFile.load(directory.permitKey)
            serviceKey = try KeyFile.load(directory.serviceKey)
            self.logSigner = logSigner
            self.permitKey = permitKey
            let vkey = logSigner.verifierKey.text
            let permit = permitKey.publicKey
            vault = Vault(keys: try KeyEncryptionKeys(path: directory.keyEncryptionKey))
            guard root.logKeys.contains(where: { $0.key == vkey }),
                root.serviceKey(serviceKey.publicKey.id, at: now) != nil,
                root.permitKeys.contains(where: { $0.key == permit })
            else { throw NodeError("a key of this service is not certified by the trust root") }
        }
    }

    // MARK: assembly

    private static func assemble(
        _ settings: NodeSettings, _ files: Files, _ access: DatabaseAccess
    ) async throws -> ServiceNode {
        let (root, clock, logger) = (files.root, settings.clock, settings.logger)
        let database = Database(
            access.writer,
            settings: .init(maxConnections: settings.maxConnections, connection: access.writing))
        let safety = try await database.read { db in try Safety.read(db) }
        let sequencing = try await Safety.read(access.sequencer)
        let unsafe = [("writer", safety), ("sequencer", sequencing)].filter { !$0.1.isSafe }
            .map { "\($0): \($1)" }.joined(separator: "; ")
        if !unsafe.isEmpty {
            guard settings.allowsUnsafeDatabase else {
                throw NodeError(
                    "the database may lose commits: \(unsafe)",
                    hint:
                        "Set fsync, full_page_writes and synchronous_commit to on, also for roles."
                )
            }
            logger.warning("UNSAFE TEST DATABASE", metadata: ["settings": "\(unsafe)"])
        }
        do {
            if try await files.vault.settle(database) {
                logger.notice("an interrupted erasure was finished: the former key is destroyed")
            }
        } catch let error as KeyEncryptionKeyError {
            // Personal values cannot be read; everything else can be served.
            logger.error("personal values are unreadable", metadata: ["reason": "\(error)"])
        }
        let logKeys = try root.logKeys.map { try VerifierKey($0.key) }
        let pin = Pin(path: files.stored.pin)
        let check = StartCheck(origin: root.origin, logKeys: logKeys, pin: pin)
        let halt = Halt()
        let reason = try await database.read { db in try check.run(db) }
        if let reason {
            halt.halt(reason)
            logger.error(
                "log halted",
                metadata: ["reason": "\(reason.code.rawValue)", "evidence": "\(reason.evidence)"])
        }
        let (committed, published) = (Wakeup(), Wakeup())
        let signer = EntrySigner(key: files.serviceKey)
        let authenticator = EntryAuthenticator(root: root, signer: signer)
        let follower = Follower(
            database: database, root: root, logKeys: logKeys, pin: pin,
            authenticator: authenticator, halt: halt, published: published, clock: clock,
            logger: logger)
        try await follower.catchUp()
        if halt.reason == nil, let reason = follower.clockReason(at: clock()) {
            halt.halt(reason)
            logger.error("log halted", metadata: ["evidence": "\(reason.evidence)"])
        }
        let packs = PackStore(root: root)
        let context = DecisionContext()
        if let named = follower.snapshot.record.trustRoot, named.digest != root.digest {
            throw NodeError(
                "the log names the trust root \(named.digest), root.json is \(root.digest)",
                hint:
                    "Put back the root that the log names; a rotation is signed by the old one too."
            )
        }
        let writer = Writer(
            database: database, origin: root.origin, signer: signer, clock: clock, context: context)
        let registry = Registry(
            database: database, writer: writer, follower: follower, halt: halt, root: root,
            packs: packs, vault: files.vault,
            schema: try JSONSchema(
                loading: Resources.file("docs/reference/model-card.schema.json")),
            permitKey: files.permitKey, clock: clock, committed: committed,
            authenticator: authenticator)
        if halt.reason == nil {
            try await registry.recordStart(
                safety: (safety, sequencing), context: context, signer: signer)
        }
        let sequencer = Sequencer(
            connection: DedicatedConnection(
                access.sequencer, settings: .service, label: "sequencer"),
            publisher: Publisher(
                origin: root.origin, signer: files.logSigner, logKeys: logKeys),
            check: check, authenticator: authenticator, halt: halt,
            allowsUnsafeDatabase: settings.allowsUnsafeDatabase, committed: committed,
            published: published, follower: follower, clock: clock, logger: logger)
        return ServiceNode(
            registry: registry, services: [sequencer, follower], settings: files.stored, pin: pin,
            access: access)
    }
}
