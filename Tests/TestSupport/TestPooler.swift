// A PgBouncer in transaction mode before the tests' PostgreSQL.
package import Database
internal import Foundation
internal import Glibc
package import Testing

/// The PgBouncer of the running test.
package struct TestPooler: Sendable {
    /// Set while a test with `.throughPooler` runs.
    @TaskLocal package static var current: TestPooler?

    private static let program = "/usr/sbin/pgbouncer"
    private static let port = 6432

    /// Whether there is one to run, for `.enabled(if:)`.
    package static let isThere = access(program, X_OK) == 0

    /// What a skipped test says.
    package static let hint: Comment =
        "skipped: there is no pgbouncer (`.ci/packages test` installs it)"

    private let directory: String

    /// A database through the pooler.
    package func url(as user: String, database: String) -> DatabaseURL {
        DatabaseURL(socketDirectory: directory, port: Self.port, user: user, database: database)
    }

    /// The same as text, with a password.
    package func address(as user: String, password: String, database: String) -> String {
        "postgresql:///\(database)?host=\(directory)&port=\(Self.port)&user=\(user)"
            + "&password=\(password)&sslmode=disable"
    }

    /// Runs one for a body. With passwords it asks for them, and gives them to the server; without,
    /// it trusts, and the server knows the system user that it runs as.
    ///
    /// Four connections to the server for all clients: who is served by whom changes all the time.
    /// No start-up parameter is ignored, so a client that sends more than the usual is refused.
    package static func with<R>(
        _ cluster: PrivateCluster, users: [String: String],
        _ body: (TestPooler) async throws -> R
    ) async throws -> R {
        let directory = try TestCluster.temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let server = cluster.superuserURL()
        let asksPasswords = users.values.contains { !$0.isEmpty }
        let configuration = """
            [databases]
            * = host=\(server.host ?? "") port=\(server.port ?? "")
            [pgbouncer]
            pool_mode = transaction
            unix_socket_dir = \(directory)
            listen_addr =
            listen_port = \(port)
            auth_type = \(asksPasswords ? "scram-sha-256" : "trust")
            auth_file = \(directory)/users.txt
            logfile = \(directory)/log
            pidfile = \(directory)/pid
            default_pool_size = 4
            max_client_conn = 300
            query_wait_timeout = 30
            """
        let list = users.map { "\"\($0.key)\" \"\($0.value)\"" }.joined(separator: "\n")
        try Data((configuration + "\n").utf8).write(
            to: URL(fileURLWithPath: directory + "/pgbouncer.ini"))
        try Data((list + "\n").utf8).write(to: URL(fileURLWithPath: directory + "/users.txt"))

        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // a test run that is killed must not leave it behind for ever
        var command = ["timeout", "--signal=KILL", "5400"]
        if geteuid() == 0 {
            let user = cluster.serverUser
            for name in ["", "/pgbouncer.ini", "/users.txt"] {
                guard chown(directory + name, user.uid, user.gid) == 0 else {
                    throw PeerError(description: "chown \(directory): \(errno)")
                }
            }
            command += [
                "setpriv", "--reuid=\(user.uid)", "--regid=\(user.gid)", "--init-groups", "--",
            ]
        }
        process.arguments = command + [program, "-q", directory + "/pgbouncer.ini"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer {
            // started from a thread of ours it has most signals blocked: only this one arrives
            let text = try? String(contentsOfFile: directory + "/pid", encoding: .utf8)
            let number = text.flatMap { pid_t($0.filter(\.isNumber)) }
            kill(number ?? process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        let socket = directory + "/.s.PGSQL.\(port)"
        for _ in 0..<500 where access(socket, F_OK) != 0 {
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        guard access(socket, F_OK) == 0 else {
            let log = try? String(contentsOfFile: directory + "/log", encoding: .utf8)
            throw PeerError(description: "pgbouncer did not start: \(log ?? "no log")")
        }
        return try await body(TestPooler(directory: directory))
    }
}

/// Puts a pooler before the database of every test case: `@Suite(.throughPooler)`.
package struct TestPoolerTrait: TestTrait, SuiteTrait, TestScoping {
    package let isRecursive = true

    package func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        // a suite's own scope has no case; each of its tests gets its own
        guard testCase != nil else { return try await function() }
        let cluster = try await TestCluster.shared.cluster()
        let users = [DatabaseRole.writer.rawValue: ""]
        try await TestPooler.with(cluster, users: users) { pooler in
            try await TestPooler.$current.withValue(pooler) { try await function() }
        }
    }
}

extension Trait where Self == TestPoolerTrait {
    /// A PgBouncer in transaction mode between the service and its database.
    package static var throughPooler: Self { Self() }
}
