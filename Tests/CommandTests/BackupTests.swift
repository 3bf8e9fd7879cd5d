// Backup, drill and restore by command line, on a private PostgreSQL, as CI runs them.

import CanonicalJSON
import Foundation
import Registry
import Testing

@Suite(.enabled(if: Postgres.isThere, "skipped: there is no PostgreSQL server"))
struct `A backup by command line` {
    @Test func `is made while the service runs, passes its drill, and is restored`() throws {
        let served = try Served(Program())
        let program = served.program
        #expect(try served.whoami().code == 0)
        let made = try program.run("backup", "early", "--data-dir", "service", "--json")
        #expect(made.code == 0, "\(made)")
        let size = try #require(try JSON(parsing: Array(made.output.utf8))["size"]?.integer)
        #expect(size > 0)
        #expect(served.stop() == 0)
        let last = try program.run("backup", "backup", "--data-dir", "service")
        #expect(last.code == 0, "\(last)")

        let drill = try program.run("restore", "early", "--drill", "--json")
        #expect(drill.code == 0, "\(drill)")
        let report = try JSON(parsing: Array(drill.output.utf8))
        #expect(report["whole"]?.bool == true)
        #expect(report["verify"]?["size"]?.integer == size)

        // The pin is where it was, and as long as the backup: the copy may serve.
        let restored = try program.run(
            "restore", "backup", "--data-dir", "copy", "--keys", "service/keys", "--json")
        #expect(restored.code == 0, "\(restored)")
        let verified = try program.run("audit", "verify", "--data-dir", "copy", "--replay")
        #expect(verified.code == 0, "\(verified)")

        let again = try program.run(
            "restore", "backup", "--data-dir", "copy", "--keys", "service/keys")
        #expect(again.code == 2 && again.errors.contains("not empty"), "\(again)")
        let lost = try program.run(
            "restore", "backup", "--data-dir", "lost", "--pin", "nowhere/checkpoint")
        #expect(lost.code == 1, "\(lost)")
        #expect(lost.errors.contains("start halted (pin-missing)"), "\(lost)")
        #expect(lost.errors.contains("keys/log.pem is not there"), "\(lost)")
        let usage = try program.run("restore", "backup")
        #expect(usage.code == 64, "\(usage)")
    }
}
