// A running instance: everything checked, then the registry with its sequencer and follower.

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
    /// How long a write waits for its receipt before it answers without.
    package var receiptTimeout = Duration.seconds(2)
    /// How witnesses are reached; nil asks none.
    package var witnesses: (any WitnessTransport)?
    /// Overrides what settings.json says.
    package var housekeeping: HousekeepingSettings?
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
    /// Has the projections digested, also when asked to.
    package let digester: ProjectionDigester
    package let settings: StoredSettings
    package let pin: Pin
    private let access: DatabaseAccess

    private init(
        registry: Registry, services: [any Service], digester: ProjectionDigester,
        settings: StoredSettings, pin: Pin, access: DatabaseAccess
    ) {
        self.registry = registry
        self.services = services
        self.digester = digester
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
        let roots: RootKeeper
        let keys: ServiceKeys
        let vault: Vault

        init(_ settings: NodeSettings) throws {
            let directory = settings.directory
            guard let bytes = try File.readIfPresent(directory.settings, limit: 65_536) else {
                throw NodeError(
                    "\(directory.path) holds no service", hint: "Run `imprimatur init` first.")
            }
            stored = try StoredSettings.read(bytes)
            roots = try RootKeeper(directory)
            guard roots.current.origin == stored.origin else {
                throw NodeError(
                    "the trust root is for \(roots.current.origin), the service for \(stored.origin)"
                )
            }
            try ServiceNode.check(roots.current, settings)
            keys = try ServiceKeys(directory, origin: stored.origin)
            vault = Vault(keys: try KeyEncryptionKeys(path: directory.keyEncryptionKey))
        }
    }

    /// Refuses a root that does not count now.
    private static func check(_ root: TrustRoot, _ settings: NodeSettings) throws(NodeError) {
        let now = settings.clock()
        guard root.issuedAt <= now, now <= root.expiresAt else {
            throw NodeError(
                "the trust root is valid from \(root.issuedAt) to \(root.expiresAt), now is \(now)",
                hint: "Let the custodians sign its successor, and run `imprimatur root install`.")
        }
        guard !root.development || settings.allowsDevelopment else {
            throw NodeError(
                "the trust root is marked development",
                hint: "Start with --development, or create a root signed by several custodians.")
        }
    }

    // MARK: assembly

    private static func assemble(
        _ settings: NodeSettings, _ files: Files, _ access: DatabaseAccess
    ) async throws -> ServiceNode {
        let (roots, clock, logger) = (files.roots, settings.clock, settings.logger)
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
        let pin = Pin(path: files.stored.pin)
        let check = StartCheck(roots: roots, pin: pin)
        let halt = Halt()
        let reason = try await start(check, pin, roots, database, settings)
        if reason == nil {
            let connection = DedicatedConnection(access.sequencer, label: "start")
            try await connection.connect()
            try await connection.transaction { db in try check.restoreCheckpoint(db) }
            await connection.close()
        }
        if let reason {
            halt.halt(reason)
            logger.error(
                "log halted",
                metadata: ["reason": "\(reason.code.rawValue)", "evidence": "\(reason.evidence)"])
        }
        let (committed, published) = (Wakeup(), Wakeup())
        let signer = EntrySigner(key: files.keys.service)
        let authenticator = EntryAuthenticator(roots: roots, signer: signer)
        let follower = Follower(
            database: database, roots: roots, pin: pin, authenticator: authenticator, halt: halt,
            published: published, clock: clock, logger: logger)
        try await follower.catchUp()
        if halt.reason == nil, let reason = follower.clockReason(at: clock()) {
            halt.halt(reason)
            logger.error("log halted", metadata: ["evidence": "\(reason.evidence)"])
        }
        let housekeeping = settings.housekeeping ?? files.stored.housekeeping
        try settle(follower, roots, settings)
        try files.keys.check(under: roots.current, at: clock())
        let packs = PackStore(roots: roots)
        let context = DecisionContext()
        let writer = Writer(
            database: database, origin: files.stored.origin, signer: signer, clock: clock,
            context: context)
        let registry = Registry(
            database: database, writer: writer, follower: follower, halt: halt, roots: roots,
            packs: packs, vault: files.vault,
            schema: try JSONSchema(
                loading: Resources.file("docs/reference/model-card.schema.json")),
            permitKey: files.keys.permit, clock: clock, committed: committed,
            authenticator: authenticator, receiptTimeout: settings.receiptTimeout)
        if halt.reason == nil {
            try await registry.recordStart(
                safety: (safety, sequencing), context: context, signer: signer,
                housekeeping: housekeeping, limits: files.stored.limits)
        }
        let digests = DigestDesk(bell: committed)
        let sequencer = Sequencer(
            connection: DedicatedConnection(
                access.sequencer, settings: .service, label: "sequencer"),
            publisher: Publisher(signer: files.keys.log, roots: roots),
            check: check, authenticator: authenticator, roots: roots, halt: halt,
            allowsUnsafeDatabase: settings.allowsUnsafeDatabase, committed: committed,
            published: published, follower: follower, digests: digests, clock: clock,
            logger: logger)
        let digester = ProjectionDigester(registry: registry, desk: digests, logger: logger)
        var services: [any Service] = [
            sequencer, follower,
            Housekeeper(registry: registry, settings: housekeeping, logger: logger),
            digester,
        ]
        if let transport = settings.witnesses {
            services.append(
                Witnesses(
                    roots: roots,
                    connection: DedicatedConnection(access.sequencer, label: "witnesses"),
                    database: database, follower: follower, halt: halt, transport: transport,
                    logger: logger))
        }
        return ServiceNode(
            registry: registry, services: services, digester: digester, settings: files.stored,
            pin: pin, access: access)
    }

    /// Compares the database with the pin and with what witnesses have seen.
    private static func start(
        _ check: StartCheck, _ pin: Pin, _ roots: RootKeeper, _ database: Database,
        _ settings: NodeSettings
    ) async throws -> HaltReason? {
        let reason = try await database.read { db in try check.run(db) }
        guard let transport = settings.witnesses else {
            guard roots.witnessRules?.isClosed != true else {
                throw NodeError(
                    "the trust root holds receipts back until witnesses have cosigned, and none are asked"
                )
            }
            return reason
        }
        guard reason == nil || reason?.code == .pinMissing else { return reason }
        switch try await Witnesses.confirm(roots, database, transport) {
        case .none: return reason
        case .denied(let denial): return denial
        case .confirmed(let newest):
            guard reason != nil else { return nil }
            try pin.write(newest.note)
            settings.logger.notice(
                "the pin was missing; made anew from what enough witnesses have cosigned",
                metadata: ["size": "\(newest.checkpoint.size)"])
            return try await database.read { db in try check.run(db) }
        }
    }

    /// Holds what the files say of the trust root against what the log says.
    private static func settle(
        _ follower: Follower, _ roots: RootKeeper, _ settings: NodeSettings
    ) throws {
        guard let named = follower.snapshot.record.trustRoot else { return }
        guard roots.history.contains(named.digest) else {
            throw NodeError(
                "the log names the trust root \(named.digest), root.json is "
                    + "\(roots.history.latest.digest)",
                hint:
                    "Put back the root that the log names; a rotation is signed by the old one too."
            )
        }
        let known = roots.history.latest
        guard known.version <= named.version else {
            throw NodeError(
                "root.json is version \(known.version) of the trust root, the log names "
                    + "\(named.version)",
                hint:
                    "Run `imprimatur root install` with it, so that the log says since when it counts. "
                    + "If that is done, and no service ran to give the entry its place, put "
                    + "roots/\(named.version).json back as root.json: once started, the service "
                    + "takes the new root over from the log."
            )
        }
        // Another instance may have installed a later one.
        try roots.store(in: settings.directory)
        try check(roots.current, settings)
    }
}
