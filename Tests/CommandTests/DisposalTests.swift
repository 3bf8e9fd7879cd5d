// Disposals by command line: what may go, two officers, and what the audits print afterwards.

import CanonicalJSON
import Foundation
import Registry
import Testing

@Suite(.enabled(if: Postgres.isThere, "skipped: there is no PostgreSQL server"))
struct `Disposing by command line` {
    @Test func `looks without changing anything, and says what it needs`() throws {
        let served = try Served(Program())
        func ask(_ arguments: String...) throws -> Ran {
            try served.program.run(
                arguments + [
                    "--server", served.url, "--token-file",
                    "service/credentials/administrator.token",
                ])
        }
        let forecast = try ask("dispose", "--dry-run")
        #expect(forecast.code == 0 && forecast.output.isEmpty, "\(forecast)")
        #expect(forecast.errors.contains("0 versions are due"), "\(forecast)")
        let json = try ask("dispose", "--dry-run", "--json")
        #expect(try JSON(parsing: Array(json.output.utf8))["dueCount"]?.integer == 0)
        let unknown = try ask("dispose", "credit/scorecard@1", "--dry-run")
        #expect(unknown.code != 0 && unknown.errors.contains("version-unknown"), "\(unknown)")
        for wrong in [
            try ask("dispose"), try ask("dispose", "credit/scorecard@1"),
            try ask("dispose", "credit/scorecard@1", "--dry-run", "--reason", "x"),
            try ask("dispose", "credit/scorecard"),
        ] {
            #expect(wrong.code == 64, "\(wrong)")
        }
        #expect(served.stop() == 0)
        let health = try served.program.run("doctor", "--data-dir", "service")
        #expect(
            health.output.contains("disposal: 0 retired versions are past their period"),
            "\(health)")
    }
}
