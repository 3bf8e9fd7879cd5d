// Holds and erasures by command line: two officers, one after the other, and what each answer exits with.

import CanonicalJSON
import Foundation
import Registry
import Testing

@Suite(.enabled(if: Postgres.isThere, "skipped: there is no PostgreSQL server"))
struct `Erasing by command line` {
    @Test func `needs both officers, is refused under a hold, and destroys the key`() throws {
        let served = try Served(Program())
        let program = served.program
        let subject = try served.enrol("subject", nil, in: "credit")
        let privacy = try served.enrol("privacy", "privacy-officer", in: "**")
        let compliance = try served.enrol("compliance", "compliance-officer", in: "credit")
        let group = try served.enrol("group", "compliance-officer", in: "**")
        let outside = try served.enrol("outside", "risk-officer", in: "fraud")
        let officerToken = try served.token(of: compliance)

        let hold = try program.run(
            "hold", "place", "principal/\(subject.id)", "--namespace", "credit", "--reason",
            "claim 2026-118", "--server", served.url, "--token-file", officerToken)
        #expect(hold.code == 0, "\(hold)")

        let request = try served.ask([
            "principal", "erase", subject.id, "--reason", "Article 17", "--privacy-officer",
            privacy.id, "--compliance-officer", group.id, "--signer", privacy.key, "-o",
            "request.json",
        ])
        #expect(request.code == 0, "\(request)")
        let alone = try served.ask([
            "principal", "erase", subject.id, "--statement", "request.json",
        ])
        #expect(alone.code == 1 && alone.errors.contains("erasure-not-entitled"), "\(alone)")
        #expect(try program.run("statement", "sign", "request.json", "--key", group.key).code == 0)
        let held = try served.ask(["principal", "erase", subject.id, "--statement", "request.json"])
        #expect(held.code == 1 && held.errors.contains("is in force"), "\(held)")

        let release = try served.ask([
            "hold", "release", hold.line, "--reason", "settled", "--inside", compliance.id,
            "--outside", outside.id, "--signer", compliance.key, "--signer", outside.key,
        ])
        #expect(release.code == 0, "\(release)")
        let listed = try served.ask(["hold", "list"])
        #expect(listed.code == 0 && listed.output.contains("released 2"), "\(listed)")

        let former = try program.read("service/keys/kek")
        let erased = try served.ask([
            "principal", "erase", subject.id, "--statement", "request.json",
        ])
        #expect(erased.code == 0, "\(erased)")
        #expect(erased.line == "erased \(subject.id): 1 values")
        #expect(try program.read("service/keys/kek") != former)
        #expect(!File.exists(program.folder + "/service/keys/kek.next"))
        #expect(served.stop() == 0)

        let verified = try program.run("audit", "verify", "--data-dir", "service", "--replay")
        #expect(verified.code == 0, "\(verified)")
        #expect(
            verified.output.contains("\(subject.id): 1 values committed, erased at index"),
            "\(verified)")
        let health = try program.run("doctor", "--data-dir", "service", "--json")
        #expect(health.code == 0, "\(health)")
        #expect(try JSON(parsing: Array(health.output.utf8))["healthy"]?.bool == true)
    }
}
