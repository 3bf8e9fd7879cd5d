// A database of its own for each test, copied from a template that was migrated once.
package import Database
internal import Glibc
internal import Synchronization
package import Testing

/// How the template of scratch databases is made: once per process, by this closure.
package struct ScratchTemplate: Sendable {
    /// Distinguishes templates in one process: `[a-z0-9_]{1,40}`.
    package let name: String
    let prepare: @Sendable (ScratchDatabase) async throws -> Void

    /// `prepare` gets the new, empty database; it must leave no connection to it open.
    package init(
        _ name: String, prepare: @escaping @Sendable (ScratchDatabase) async throws -> Void
    ) {
        self.name = name
        self.prepare = prepare
    }

    /// Nothing in it but the roles.
    package static let empty = ScratchTemplate("empty") { _ in }
}

/// The database of the running test.
package struct ScratchDatabase: Sendable {
    /// Set while a test or suite with `.scratchDatabase` runs.
    @TaskLocal package static var current: ScratchDatabase?

    package let cluster: PrivateCluster
    package let name: String

    package init(cluster: PrivateCluster, name: String) {
        self.cluster = cluster
        self.name = name
    }

    /// Its address as a role.
    package func url(as role: DatabaseRole = .writer) -> DatabaseURL {
        cluster.url(as: role, database: name)
    }

    /// Its address as the bootstrap superuser.
    package var superuserURL: DatabaseURL { cluster.superuserURL(database: name) }

    /// A pool on it as a role.
    package func database(
        as role: DatabaseRole = .writer, settings: Database.Settings = .init(maxConnections: 4)
    ) -> Database {
        Database(url(as: role), settings: settings)
    }

    /// A pool on it as the bootstrap superuser.
    package func superuser(settings: Database.Settings = .init(maxConnections: 4)) -> Database {
        Database(superuserURL, settings: settings)
    }

    private static let counter = Mutex(0)

    /// Makes one, lends it, drops it.
    package static func with<R>(
        _ template: ScratchTemplate = .empty, _ body: (ScratchDatabase) async throws -> R
    ) async throws -> R {
        let cluster = try await TestCluster.shared.cluster()
        let source = try await TestCluster.shared.database(of: template)
        let number = counter.withLock {
            $0 += 1
            return $0
        }
        let scratch = ScratchDatabase(cluster: cluster, name: "scratch_\(getpid())_\(number)")
        try await cluster.createDatabase(named: scratch.name, template: source)
        do {
            let result = try await body(scratch)
            try await cluster.dropDatabase(named: scratch.name)
            return result
        } catch {
            try? await cluster.dropDatabase(named: scratch.name)
            throw error
        }
    }
}

/// Gives every test case a scratch database: `@Suite(.scratchDatabase)`.
package struct ScratchDatabaseTrait: TestTrait, SuiteTrait, TestScoping {
    let template: ScratchTemplate
    package let isRecursive = true

    package func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        // a suite's own scope has no case; each of its tests gets its own
        guard testCase != nil else { return try await function() }
        try await ScratchDatabase.with(template) { scratch in
            try await ScratchDatabase.$current.withValue(scratch) { try await function() }
        }
    }
}

extension Trait where Self == ScratchDatabaseTrait {
    /// An empty scratch database with the roles.
    package static var scratchDatabase: Self { Self(template: .empty) }

    /// A scratch database made from a template.
    package static func scratchDatabase(_ template: ScratchTemplate) -> Self {
        Self(template: template)
    }
}
