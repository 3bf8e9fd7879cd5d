// The PostgreSQL that the service keeps for itself when it is given no database URL.
//
// In its directory: `data` (PGDATA), `server.log`, `service.lock` (held while a service runs),
// `socket` (a line: the socket's directory), `started` (a line: process id and start time of the
// server we started). One Unix socket, no TCP, peer authentication mapped through pg_ident. A
// server that survived a `kill -9` of the service is adopted; only a server that the service
// started is ever stopped.
internal import Glibc
internal import Synchronization

/// A private PostgreSQL in a directory of ours.
package final class PrivateCluster: Sendable {
    /// Whether what is committed survives a power failure.
    package enum Durability: Sendable, Hashable {
        case full
        /// fsync off: for tests only.
        case unsafeTest
    }

    /// Where and how.
    package struct Settings: Sendable {
        /// Ours alone; made when missing.
        package var directory: String
        /// When we are root the server runs as this user.
        package var serverUser = "postgres"
        /// Where the server's programs are; nil looks for them.
        package var binaries: String?
        package var durability = Durability.full
        /// Longest wait for the server to be ready, crash recovery included.
        package var startTimeoutSeconds = 60
        package var maxConnections = 100
        /// Short directory for the socket; nil chooses one.
        package var socketDirectory: String?

        package init(directory: String) { self.directory = directory }
    }

    /// How the server came to run.
    package enum Origin: Sendable, Hashable {
        /// We started it.
        case started
        /// It ran already: left by a service of ours that was killed, or started by hand.
        case adopted
        /// Another service holds this directory, and its server.
        case attached
    }

    /// The bootstrap superuser, as which roles and databases are made.
    package static let superuser = "postgres"
    /// The service's database.
    package static let databaseName = "imprimatur"
    static let port = 5432

    package let layout: ClusterLayout
    package let origin: Origin
    /// The operating system's user as which the server runs.
    package let serverUser: SystemUser
    package let processID: Int32
    private let mayStop: Bool
    // the descriptor of service.lock: closing it, or dying, gives the directory free
    private let lock: Mutex<Int32>

    private init(
        layout: ClusterLayout, origin: Origin, serverUser: SystemUser, processID: Int32,
        mayStop: Bool, lock: Int32
    ) {
        self.layout = layout
        self.origin = origin
        self.serverUser = serverUser
        self.processID = processID
        self.mayStop = mayStop
        self.lock = Mutex(lock)
    }

    deinit { lock.withLock { if $0 >= 0 { ServiceLock.release($0) } } }

    /// Makes the cluster if there is none, and its server run: starts it, adopts it, or attaches.
    /// Blocks for as long as that takes.
    package static func start(_ settings: Settings) throws(ClusterError) -> PrivateCluster {
        let user = try serverUser(settings)
        let layout = try ClusterLayout(settings, serverUser: user)
        try layout.makeDirectories(owner: user)
        let lock = ServiceLock.take(layout.lockFile)
        let isOwner = lock >= 0
        do throws(ClusterError) {
            if !isOwner { return try attach(settings, layout, user) }
            let binaries = try PostgresBinaries.find(
                in: settings.binaries, matching: layout.dataVersion)
            if layout.dataVersion == nil {
                try ClusterInitialization.run(settings, layout, user, binaries)
            }
            if let running = try adoptable(settings, layout) {
                try running.checkIdentity(layout)
                return PrivateCluster(
                    layout: layout, origin: .adopted, serverUser: user,
                    processID: running.processID, mayStop: running.isRecorded(layout), lock: lock)
            }
            // the map follows the users and roles of today
            try ClusterInitialization.writeConfiguration(settings, layout, user)
            let running = try launch(settings, layout, user, binaries)
            return PrivateCluster(
                layout: layout, origin: .started, serverUser: user, processID: running.processID,
                mayStop: true, lock: lock)
        } catch {
            if isOwner { ServiceLock.release(lock) }
            throw error
        }
    }

    /// The server of this directory, once it answers; nil when there is none or it ended meanwhile.
    private static func adoptable(
        _ settings: Settings, _ layout: ClusterLayout
    ) throws(ClusterError) -> RunningServer? {
        guard let running = RunningServer.find(layout) else { return nil }
        do throws(ClusterError) {
            try running.waitUntilReady(layout, seconds: settings.startTimeoutSeconds)
            return running
        } catch {
            // killed a moment ago: its process id lasts until somebody reaps it
            guard running.hasEnded else { throw error }
            return nil
        }
    }

    /// Starts the server; after a crash its orphans may hold the shared memory a moment longer, and its
    /// process id is taken until somebody has reaped it.
    private static func launch(
        _ settings: Settings, _ layout: ClusterLayout, _ user: SystemUser,
        _ binaries: PostgresBinaries
    ) throws(ClusterError) -> RunningServer {
        let deadline = ContinuousClock.now + .seconds(30)
        let wasKilled = FileSystem.read(layout.dataDirectory + "/postmaster.pid") != nil
        while RunningServer.isUnreaped(layout), ContinuousClock.now < deadline { usleep(50_000) }
        while true {
            do throws(ClusterError) {
                return try RunningServer.launch(settings, layout, user, binaries)
            } catch {
                guard wasKilled, error.kind == .startFailed, ContinuousClock.now < deadline else {
                    throw error
                }
                usleep(200_000)
            }
        }
    }

    private static func attach(
        _ settings: Settings, _ layout: ClusterLayout, _ user: SystemUser
    ) throws(ClusterError) -> PrivateCluster {
        // the other service may just be starting it
        let deadline = ContinuousClock.now + .seconds(settings.startTimeoutSeconds)
        while ContinuousClock.now < deadline {
            if let running = RunningServer.find(layout) {
                try running.waitUntilReady(layout, seconds: settings.startTimeoutSeconds)
                try running.checkIdentity(layout)
                return PrivateCluster(
                    layout: layout, origin: .attached, serverUser: user,
                    processID: running.processID, mayStop: false, lock: -1)
            }
            usleep(50_000)
        }
        throw ClusterError(
            .notReady, "another process holds \(layout.directory), and no server came up there",
            advice: "Look at \(layout.logFile) and at the process that holds"
                + " \(layout.lockFile).")
    }

    private static func serverUser(_ settings: Settings) throws(ClusterError) -> SystemUser {
        guard geteuid() == 0 else { return try SystemUser.current() }
        let user = try SystemUser(named: settings.serverUser)
        guard user.uid != 0 else {
            throw ClusterError(
                .userUnknown, "PostgreSQL does not run as root",
                advice: "Name an ordinary user with --postgres-user.")
        }
        return user
    }

    /// The address for a role; the service's own database unless another is named.
    package func url(
        as role: DatabaseRole, database: String = PrivateCluster.databaseName
    ) -> DatabaseURL {
        url(user: role.rawValue, database: database)
    }

    /// The address for the bootstrap superuser.
    package func superuserURL(database: String = "postgres") -> DatabaseURL {
        url(user: Self.superuser, database: database)
    }

    private func url(user: String, database: String) -> DatabaseURL {
        DatabaseURL(
            socketDirectory: layout.socketDirectory, port: Self.port, user: user,
            database: database)
    }

    /// Makes the roles, and the service's database owned by `owner`, where they are missing.
    package func createRoles() async throws {
        let connection = DedicatedConnection(superuserURL(), label: "cluster")
        try await connection.connect()
        do {
            try await connection.transaction { db in try DatabaseRole.create(db) }
            try await Self.createDatabase(named: Self.databaseName, on: connection)
            await connection.close()
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Makes a database owned by `owner`, unless it is there. The name is `[a-z][a-z0-9_]{0,62}`.
    static func createDatabase(
        named name: String, template: String? = nil, on connection: DedicatedConnection
    ) async throws {
        let quoted = SQL(uncheckedText: SQL.quoted(try checkedName(name)))
        let source = SQL(uncheckedText: SQL.quoted(try checkedName(template ?? "template0")))
        try await connection.withConnection { db in
            let isThere: Bool = try db.one(
                "SELECT EXISTS (SELECT FROM pg_database WHERE datname = \(name))")
            guard !isThere else { return }
            try db.execute(
                """
                CREATE DATABASE \(quoted)
                OWNER \(identifier: DatabaseRole.owner)
                TEMPLATE \(source)
                """)
        }
        let own = SQL(uncheckedText: SQL.quoted(name))
        try await connection.withConnection { db in
            // by default every role may connect and make temporary tables
            try db.execute("REVOKE ALL ON DATABASE \(own) FROM PUBLIC")
            try db.execute(
                "GRANT CREATE ON DATABASE \(own) TO \(identifier: DatabaseRole.migrator)")
            for role in DatabaseRole.login {
                try db.execute("GRANT CONNECT ON DATABASE \(own) TO \(identifier: role)")
            }
        }
    }

    /// Makes a database from a template that nobody uses; for tests.
    package func createDatabase(named name: String, template: String? = nil) async throws {
        let connection = DedicatedConnection(superuserURL(), label: "create")
        try await connection.connect()
        do {
            try await Self.createDatabase(named: name, template: template, on: connection)
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }

    /// Removes a database, with whoever is still connected to it; for tests.
    package func dropDatabase(named name: String) async throws {
        let quoted = SQL(uncheckedText: SQL.quoted(try Self.checkedName(name)))
        let connection = DedicatedConnection(superuserURL(), label: "drop")
        try await connection.connect()
        do {
            _ = try await connection.withConnection { db in
                try db.execute("DROP DATABASE IF EXISTS \(quoted) WITH (FORCE)")
            }
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }

    private static func checkedName(_ name: String) throws(DatabaseError) -> String {
        let isName = name.utf8.allSatisfy { byte in
            (97...122).contains(byte) || (48...57).contains(byte) || byte == 95
        }
        guard isName, (1...63).contains(name.utf8.count), name.utf8.first.map({ $0 >= 97 }) == true
        else { throw DatabaseError(.usage, "a database name is [a-z][a-z0-9_]{0,62}") }
        return name
    }

    /// Stops the server if the service started it (now or before it was killed), else leaves it.
    /// Fast mode: open transactions are rolled back, a checkpoint is written. Returns whether it
    /// was stopped.
    @discardableResult
    package func stop() throws(ClusterError) -> Bool {
        defer {
            lock.withLock {
                if $0 >= 0 { ServiceLock.release($0) }
                $0 = -1
            }
        }
        guard mayStop, lock.withLock({ $0 >= 0 }) else { return false }
        guard let running = RunningServer.find(layout), running.processID == processID else {
            return false
        }
        try running.stop(layout)
        return true
    }
}
