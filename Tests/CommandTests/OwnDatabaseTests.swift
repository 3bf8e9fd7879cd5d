// The program on a PostgreSQL that somebody else keeps, with roles, logins and passwords as
// docs/how-to/run-with-your-own-postgresql.md has them; directly and through PgBouncer.

import Database
import Foundation
import Registry
import TestSupport
import Testing

/// A durable server that knows us only by password.
struct OwnDatabase {
    static let password = "p4ss w0rd"

    let cluster: PrivateCluster

    static func with(_ body: (OwnDatabase) async throws -> Void) async throws {
        let folder = try TestCluster.temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        guard chmod(folder, 0o711) == 0 else { throw ProgramError("chmod") }
        let cluster = try PrivateCluster.start(.init(directory: folder + "/postgres"))
        do {
            let own = OwnDatabase(cluster: cluster)
            try await own.prepare()
            try await body(own)
        } catch {
            _ = try? cluster.stop()
            throw error
        }
        _ = try cluster.stop()
    }

    /// What the how-to tells a superuser to do, and passwords for all but the superuser.
    private func prepare() async throws {
        let superuser = Database(cluster.superuserURL(), settings: .init(maxConnections: 1))
        let file = try await superuser.withConnection { db in
            let statements: [SQL] = [
                "CREATE ROLE imprimatur_owner NOLOGIN",
                "CREATE ROLE imprimatur_migrator LOGIN PASSWORD 'p4ss w0rd'",
                "CREATE ROLE imprimatur_writer NOLOGIN",
                "CREATE ROLE imprimatur_sequencer NOLOGIN",
                "CREATE ROLE imprimatur LOGIN PASSWORD 'p4ss w0rd'",
                "GRANT imprimatur_owner TO imprimatur_migrator",
                "GRANT imprimatur_writer, imprimatur_sequencer TO imprimatur",
                "CREATE DATABASE direct OWNER imprimatur_owner",
                "CREATE DATABASE pooled OWNER imprimatur_owner",
            ]
            for statement in statements { try db.execute(statement) }
            return try db.one("SELECT current_setting('hba_file')", as: String.self)
        }
        let peers = try String(contentsOfFile: file, encoding: .utf8)
        try Data(
            ("local all imprimatur,imprimatur_migrator scram-sha-256\n" + peers).utf8
        ).write(to: URL(fileURLWithPath: file))
        chown(file, cluster.serverUser.uid, cluster.serverUser.gid)
        try await superuser.withConnection { db in
            _ = try db.rows("SELECT pg_reload_conf()")
        }
        await superuser.closeIdle()
    }

    func address(_ user: String, _ database: String, password: String = Self.password) -> String {
        let server = cluster.superuserURL()
        return "postgresql:///\(database)?host=\(server.host ?? "")&port=\(server.port ?? "")"
            + "&user=\(user)&password=\(password.replacingOccurrences(of: " ", with: "%20"))"
    }
}

@Suite(.serialized, .enabled(if: Postgres.isThere, "skipped: there is no PostgreSQL server"))
struct `Somebody else's PostgreSQL` {
    /// A whole life by the program itself, then a restart of the service and an update.
    private func live(_ program: Program, _ environment: [String: String]) throws {
        let options = environment.flatMap { name, value in
            let option = [
                "DATABASE_URL": "--database-url", "DATABASE_DIRECT_URL": "--direct-url",
                "DATABASE_ADMINISTRATOR_URL": "--administrator-url",
            ]
            return [option[name] ?? name, value]
        }
        let told = try program.run(["demo", "--exit", "--directory", "demo"] + options)
        #expect(told.code == 0, "\(told)")
        for part in [
            "your PostgreSQL", "DEP-001", "DEP-203", "allow: credit/scorecard@1 in production",
            "retired credit/scorecard@1", "intact: ", "equal: ", "The service is stopped.",
        ] {
            #expect(told.output.contains(part), "\(part)")
        }
        #expect(!told.output.contains("p4ss"))
        #expect(!File.exists(program.folder + "/demo/service/postgres"))

        let migrated = try program.run(["migrate", "--data-dir", "demo/service"], environment)
        #expect(migrated.code == 0, "\(migrated)")
        let again = try program.run(
            ["init", "--data-dir", "other", "--development"], environment)
        #expect(again.code == 2 && again.errors.contains("holds a log already"), "\(again)")
        let verified = try program.run(
            ["audit", "verify", "--data-dir", "demo/service", "--replay"], environment)
        #expect(verified.code == 0, "\(verified)")
    }

    @Test func `carries a model's whole life`() async throws {
        try await OwnDatabase.with { own in
            let program = try Program()
            try live(
                program,
                [
                    "DATABASE_URL": own.address("imprimatur", "direct"),
                    "DATABASE_ADMINISTRATOR_URL": own.address("imprimatur_migrator", "direct"),
                ])
            let refused = try program.run(
                ["migrate", "--data-dir", "demo/service"],
                ["DATABASE_URL": own.address("imprimatur", "direct", password: "wrong")])
            #expect(refused.code == 2 && !refused.errors.contains("wrong"), "\(refused)")
        }
    }

    @Test(.enabled(if: TestPooler.isThere, TestPooler.hint))
    func `carries a model's whole life through PgBouncer`() async throws {
        try await OwnDatabase.with { own in
            let users = ["imprimatur": OwnDatabase.password]
            try await TestPooler.with(own.cluster, users: users) { pooler in
                let pooled = pooler.address(
                    as: "imprimatur",
                    password: OwnDatabase.password.replacingOccurrences(of: " ", with: "%20"),
                    database: "pooled")
                let program = try Program()
                try live(
                    program,
                    [
                        "DATABASE_URL": pooled,
                        "DATABASE_DIRECT_URL": own.address("imprimatur", "pooled"),
                        "DATABASE_ADMINISTRATOR_URL": own.address("imprimatur_migrator", "pooled"),
                    ])
                // Whoever forgets the direct address is told what is missing.
                let refused = try program.run(
                    [
                        "serve", "--data-dir", "demo/service", "--listen", "127.0.0.1:0",
                        "--development",
                    ], ["DATABASE_URL": pooled])
                #expect(refused.code == 2, "\(refused)")
                #expect(refused.errors.contains("with --direct-url"), "\(refused)")
            }
        }
    }
}
