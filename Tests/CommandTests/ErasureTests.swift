// Holds and erasures by command line: two officers, one after the other, and what each answer exits with.

import CanonicalJSON
import Foundation
import Registry
import Testing

@Suite(.enabled(if: Postgres.isThere, "skipped: there is no PostgreSQL server"))
struct `Erasing by command line` {
    private struct Person {
        let id: String
        let key: String
    }

    /// Runs a command as the administrator.
    private func ask(_ served: Served, _ arguments: [String]) throws -> Ran {
        try served.program.run(
            arguments + [
                "--server", served.url, "--token-file",
                "service/credentials/administrator.token",
            ])
    }

    private func enrol(
        _ name: String, _ role: String?, in namespace: String, _ served: Served
    ) throws -> Person {
        let key = "\(name).pem"
        try served.program.run("key", "new", key)
        let custodian = "service/credentials/custodian.pem"
        let added = try ask(
            served, ["principal", "add", "--name", name, "--key", key, "--signer", custodian])
        try #require(added.code == 0, "\(added)")
        if let role {
            let granted = try ask(
                served,
                [
                    "role", "grant", "--principal", added.line, "--role", role, "--namespace",
                    namespace, "--signer", custodian, "--signer",
                    "service/credentials/administrator.pem",
                ])
            try #require(granted.code == 0, "\(granted)")
        }
        return Person(id: added.line, key: key)
    }

    private func token(of person: Person, _ served: Served) throws -> String {
        let file = "\(person.key).token"
        let issued = try ask(
            served, ["token", "issue", "--principal", person.id, "-o", file])
        try #require(issued.code == 0, "\(issued)")
        return file
    }

    @Test func `needs both officers, is refused under a hold, and destroys the key`() throws {
        let served = try Served(Program())
        let program = served.program
        let subject = try enrol("subject", nil, in: "credit", served)
        let privacy = try enrol("privacy", "privacy-officer", in: "**", served)
        let compliance = try enrol("compliance", "compliance-officer", in: "credit", served)
        let group = try enrol("group", "compliance-officer", in: "**", served)
        let outside = try enrol("outside", "risk-officer", in: "fraud", served)
        let officerToken = try token(of: compliance, served)

        let hold = try program.run(
            "hold", "place", "principal/\(subject.id)", "--namespace", "credit", "--reason",
            "claim 2026-118", "--server", served.url, "--token-file", officerToken)
        #expect(hold.code == 0, "\(hold)")

        let request = try ask(
            served,
            [
                "principal", "erase", subject.id, "--reason", "Article 17", "--privacy-officer",
                privacy.id, "--compliance-officer", group.id, "--signer", privacy.key, "-o",
                "request.json",
            ])
        #expect(request.code == 0, "\(request)")
        let alone = try ask(
            served, ["principal", "erase", subject.id, "--statement", "request.json"])
        #expect(alone.code == 1 && alone.errors.contains("erasure-not-entitled"), "\(alone)")
        #expect(try program.run("statement", "sign", "request.json", "--key", group.key).code == 0)
        let held = try ask(
            served, ["principal", "erase", subject.id, "--statement", "request.json"])
        #expect(held.code == 1 && held.errors.contains("is in force"), "\(held)")

        let release = try ask(
            served,
            [
                "hold", "release", hold.line, "--reason", "settled", "--inside", compliance.id,
                "--outside", outside.id, "--signer", compliance.key, "--signer", outside.key,
            ])
        #expect(release.code == 0, "\(release)")
        let listed = try ask(served, ["hold", "list"])
        #expect(listed.code == 0 && listed.output.contains("released 2"), "\(listed)")

        let former = try program.read("service/keys/kek")
        let erased = try ask(
            served, ["principal", "erase", subject.id, "--statement", "request.json"])
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
