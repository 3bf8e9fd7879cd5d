import Database
import Glibc
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct ClusterTests {
    private func makeSettings() throws -> PrivateCluster.Settings {
        let directory = try TestCluster.temporaryDirectory()
        try ClusterGuardian.watch(directory)
        var settings = PrivateCluster.Settings(directory: directory + "/pg")
        // the temporary directory is ours alone: the server's user must get through
        chmod(directory, 0o755)
        settings.durability = .unsafeTest
        return settings
    }

    /// A process that only waits to be reaped has no working directory any more.
    private func isAlive(_ pid: Int32) -> Bool { access("/proc/\(pid)/cwd/.", F_OK) == 0 }

    @Test func `a cluster is made once, started, and stopped by who started it`() async throws {
        let settings = try makeSettings()
        let first = try PrivateCluster.start(settings)
        #expect(first.origin == .started)
        try await first.createRoles()
        try await first.createRoles()
        for role in DatabaseRole.login {
            let database = Database(first.url(as: role))
            let name: String = try await database.read { db in
                try db.one("SELECT current_user::text")
            }
            #expect(name == role.rawValue)
        }
        await #expect(throws: DatabaseError.self) {
            try await Database(first.url(as: .owner)).read { db in _ = try db.rows("SELECT 1") }
        }
        let facts = try await Database(first.superuserURL()).read { db in
            try db.one(
                """
                SELECT current_setting('data_checksums'), current_setting('listen_addresses'),
                    current_setting('server_encoding'), current_setting('fsync'),
                    (SELECT datcollate::text FROM pg_database WHERE datname = 'imprimatur')
                """, as: (String, String, String, String, String).self)
        }
        #expect(facts == ("on", "", "UTF8", "off", "C"))

        // another process of ours may use it, and leaves it running
        let second = try PrivateCluster.start(settings)
        #expect(second.origin == .attached)
        #expect(second.processID == first.processID)
        #expect(try second.stop() == false)
        #expect(isAlive(first.processID))

        #expect(try first.stop())
        #expect(!isAlive(first.processID))

        let again = try PrivateCluster.start(settings)
        #expect(again.origin == .started)
        _ = try await Database(again.url(as: .writer)).read { db in _ = try db.rows("SELECT 1") }
        #expect(try again.stop())
    }

    @Test func `after kill -9 of the service its server is adopted and then stopped`() async throws
    {
        let directory = try makeSettings().directory
        await #expect(processExitsWith: .signal(SIGKILL)) { [directory = directory as String] in
            var settings = PrivateCluster.Settings(directory: directory)
            settings.durability = .unsafeTest
            _ = try PrivateCluster.start(settings)
            kill(getpid(), SIGKILL)
        }
        var settings = PrivateCluster.Settings(directory: directory)
        settings.durability = .unsafeTest
        let cluster = try PrivateCluster.start(settings)
        #expect(cluster.origin == .adopted)
        #expect(try cluster.stop())
        #expect(!isAlive(cluster.processID))
    }

    @Test func `a server that was started by hand is used and left alone`() async throws {
        let settings = try makeSettings()
        let first = try PrivateCluster.start(settings)
        let pid = first.processID
        // as if nobody of ours had recorded its start
        unlink(first.layout.directory + "/started")
        let other = PrivateCluster.Settings(directory: settings.directory)
        #expect(try first.stop())
        let binaries = try PostgresBinaries.find()
        let command =
            "cd / && \(binaries.directory)/pg_ctl start -w -D"
            + " \(first.layout.dataDirectory) -l /dev/null >/dev/null"
        let shell = geteuid() == 0 ? "setpriv --reuid=postgres --regid=postgres --init-groups" : ""
        #expect(system("\(shell) sh -c '\(command)'") == 0)
        let adopted = try PrivateCluster.start(other)
        #expect(adopted.origin == .adopted)
        #expect(adopted.processID != pid)
        #expect(try adopted.stop() == false)
        #expect(isAlive(adopted.processID))
        kill(adopted.processID, SIGINT)
    }

    @Test func `a stale postmaster.pid of another process is no server`() async throws {
        let settings = try makeSettings()
        let first = try PrivateCluster.start(settings)
        #expect(try first.stop())
        let file = first.layout.dataDirectory + "/postmaster.pid"
        let text = "\(getpid())\n\(first.layout.dataDirectory)\n1\n5432\n\n\n"
        let handle = try #require(fopen(file, "w"))
        fputs(text, handle)
        fclose(handle)
        chmod(file, 0o600)
        if geteuid() == 0 { chown(file, first.serverUser.uid, first.serverUser.gid) }
        let again = try PrivateCluster.start(settings)
        #expect(again.origin == .started)
        #expect(try again.stop())
    }

    @Test func `a socket path too long is refused, a long directory is not`() async throws {
        var settings = try makeSettings()
        settings.socketDirectory = "/tmp/" + String(repeating: "x", count: 100)
        let error = #expect(throws: ClusterError.self) { try PrivateCluster.start(settings) }
        #expect(error?.kind == .socketPathTooLong)

        settings.socketDirectory = nil
        settings.directory += "/" + String(repeating: "d", count: 120)
        let cluster = try PrivateCluster.start(settings)
        #expect(cluster.layout.socketDirectory.hasPrefix("/tmp/imprimatur-"))
        #expect(cluster.layout.socketPath.utf8.count <= ClusterLayout.socketPathLimitBytes)
        #expect(try cluster.stop())
        rmdir(cluster.layout.socketDirectory)
    }

    @Test(.enabled(if: geteuid() == 0, "only root runs the server as another user"))
    func `a directory that the server's user cannot pass is named`() throws {
        let settings = try makeSettings()
        let parent = String(settings.directory.dropLast(3))
        chmod(parent, 0o700)
        let error = #expect(throws: ClusterError.self) { try PrivateCluster.start(settings) }
        #expect(error?.kind == .directoryNotTraversable)
        #expect(error?.message.contains("postgres") == true)
        #expect(error?.message.hasSuffix(parent) == true)
    }

    @Test func `a directory with other things in it is refused`() throws {
        let settings = try makeSettings()
        let first = try PrivateCluster.start(settings)
        #expect(try first.stop())
        #expect(unlink(first.layout.dataDirectory + "/PG_VERSION") == 0)
        let error = #expect(throws: ClusterError.self) { try PrivateCluster.start(settings) }
        #expect(error?.kind == .directoryUnusable)
    }

    @Test func `missing programs and unknown users are named with advice`() throws {
        let missing = #expect(throws: ClusterError.self) {
            try PostgresBinaries.find(in: "/nowhere")
        }
        #expect(missing?.kind == .binariesMissing)
        let other = #expect(throws: ClusterError.self) { try PostgresBinaries.find(matching: 9) }
        #expect(other?.kind == .versionMismatch)
        let user = #expect(throws: ClusterError.self) { try SystemUser(named: "nobody-here") }
        #expect(user?.kind == .userUnknown)
    }
}
