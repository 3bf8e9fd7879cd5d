// One throw-away PostgreSQL per test process, gone when the process is, however that ends.
package import Database
internal import Glibc

/// The private cluster of this test run: made at first use, in a directory of its own.
package actor TestCluster {
    /// The one of this process.
    package static let shared = TestCluster()

    private var starting: Task<PrivateCluster, any Error>?
    private var templates: [String: Task<Void, any Error>] = [:]

    /// The running cluster; starts it when it is the first to ask.
    package func cluster() async throws -> PrivateCluster {
        if let starting { return try await starting.value }
        let task = Task.detached { try await Self.start() }
        starting = task
        return try await task.value
    }

    private static func start() async throws -> PrivateCluster {
        // a Debian machine without the server still runs the tests that need none
        var settings = PrivateCluster.Settings(directory: try temporaryDirectory())
        settings.durability = .unsafeTest
        settings.maxConnections = 200
        try ClusterGuardian.watch(settings.directory)
        let cluster = try PrivateCluster.start(settings)
        try await cluster.createRoles()
        return cluster
    }

    /// A new directory in /tmp that the server's user can be given: /tmp is open to all and its
    /// path is short enough for a socket.
    package static func temporaryDirectory() throws -> String {
        var path = Array("/tmp/imprimatur-test-XXXXXX".utf8CString)
        guard mkdtemp(&path) != nil else {
            throw DatabaseError(.configuration, "no temporary directory can be made in /tmp")
        }
        return String(decoding: path.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Makes the template's database once and returns its name.
    func database(of template: ScratchTemplate) async throws -> String {
        let cluster = try await cluster()
        let name = "template_\(template.name)"
        if let making = templates[template.name] {
            try await making.value
            return name
        }
        let task = Task.detached {
            try await cluster.createDatabase(named: name)
            try await template.prepare(ScratchDatabase(cluster: cluster, name: name))
        }
        templates[template.name] = task
        try await task.value
        return name
    }
}
