// A trust root made by custodians, and a service created under it.

import CanonicalJSON
import Foundation
import Testing

@Suite struct `A trust root` {
    /// Custodians and an unsigned root for all of them.
    private func scene(
        of custodians: [String] = ["c1", "c2"], threshold: Int = 2
    ) throws -> Program {
        let program = try Program()
        for name in custodians + ["stranger"] {
            try program.run("key", "new", "\(name).pem", "--public-key", "\(name).pub")
        }
        let made = try program.run(
            ["root", "new", "--keys", "keys"] + custodians.flatMap { ["--custodian", "\($0).pub"] }
                + ["--threshold", "\(threshold)", "--origin", "example.com/log", "-o", "root.json"])
        #expect(made.code == 0, "\(made)")
        return program
    }

    @Test func `holds when as many custodians as it wants have signed, and not before`() throws {
        let program = try scene()
        for (step, name) in [("nobody", ""), ("one", "c1"), ("the same again", "c1")] {
            if !name.isEmpty {
                try program.run("root", "sign", "root.json", "--key", "\(name).pem")
            }
            let ran = try program.run("root", "show", "root.json")
            #expect(ran.code == 1, "\(step): \(ran)")
        }
        let stranger = try program.run("root", "sign", "root.json", "--key", "stranger.pem")
        #expect(stranger.code == 1, "\(stranger)")
        let last = try program.run("root", "sign", "root.json", "--key", "c2.pem")
        #expect(last.output.hasPrefix("complete: "), "\(last)")
        let shown = try program.run("root", "show", "root.json", "--json")
        #expect(shown.code == 0, "\(shown)")
        #expect(try JSON(parsing: shown.output)["root"]?["development"] == false)
    }

    @Test func `of one custodian is a development root`() throws {
        let program = try scene(threshold: 1)
        let ran = try program.run("root", "sign", "root.json", "--key", "c1.pem")
        #expect(ran.code == 0, "\(ran)")
        let shown = try program.run("root", "show", "root.json", "--json")
        #expect(try JSON(parsing: shown.output)["root"]?["development"] == true)
    }

    @Test(arguments: [0, 3])
    func `with an impossible threshold is a usage error`(threshold: Int) throws {
        let program = try Program()
        let ran = try program.run(
            "root", "new", "--keys", "k", "--custodian", "a", "--custodian", "b", "--threshold",
            "\(threshold)", "--origin", "example.com/log", "-o", "root.json")
        #expect(ran.code == 64, "\(ran)")
    }

    @Test func `of fewer custodians than the pack asks for creates no service`() throws {
        let program = try scene()
        let origin = ["--origin", "example.com/log"]
        for name in ["c1", "c2"] {
            try program.run("root", "sign", "root.json", "--key", "\(name).pem")
        }
        try program.run(["policy", "sign", "-", "--key", "c1.pem", "-o", "pack.json"] + origin)
        try program.run("statement", "sign", "pack.json", "--key", "c2.pem")
        let refused = try program.run(
            "init", "--data-dir", "service", "--root", "root.json", "--keys", "keys",
            "--pack-statement", "pack.json")
        #expect(refused.code != 0)
        #expect(refused.errors.contains("asks for 3 custodians"), "\(refused)")
    }

    @Test(.enabled(if: Postgres.isThere, "skipped: there is no PostgreSQL server"))
    func `of three custodians is what a service is created under, with its first administrator`()
        throws
    {
        let program = try scene(of: ["c1", "c2", "c3"])
        let origin = ["--origin", "example.com/log"]
        func run(_ arguments: [String]) throws -> Ran {
            let ran = try program.run(arguments)
            #expect(ran.code == 0, "\(ran)")
            return ran
        }
        for name in ["c1", "c2"] {
            _ = try run(["root", "sign", "root.json", "--key", "\(name).pem"])
        }
        _ = try run(["policy", "sign", "-", "--key", "c1.pem", "-o", "pack.json"] + origin)
        _ = try run(["statement", "sign", "pack.json", "--key", "c2.pem"])
        _ = try run(["key", "new", "admin.pem"])
        let key = try run(
            [
                "principal", "add", "--name", "Ada", "--key", "admin.pem", "--signer", "c1.pem",
                "-o", "key.json",
            ]
                + origin)
        let id = try #require(key.errors.split(separator: " ").last).trimmingCharacters(
            in: .newlines)
        _ = try run(
            [
                "role", "grant", "--principal", id, "--role", "administrator", "--namespace", "**",
                "--credential", key.line, "--signer", "c1.pem", "-o", "role.json",
            ] + origin)
        _ = try run([
            "init", "--data-dir", "service", "--root", "root.json", "--keys", "keys",
            "--pack-statement", "pack.json", "--assignment", "key.json", "--assignment",
            "role.json",
        ])
        let again = try program.run([
            "init", "--data-dir", "service", "--root", "root.json", "--keys", "keys",
            "--pack-statement", "pack.json",
        ])
        #expect(again.code == 2 && again.errors.contains("nothing was created"), "\(again)")
        let audited = try program.run("audit", "replay", "--data-dir", "service")
        #expect(audited.code == 0, "\(audited)")
        // Nothing has been published yet, so nothing outside the database can confirm the log.
        let verified = try program.run("audit", "verify", "--data-dir", "service")
        #expect(verified.code == 2, "\(verified)")
    }
}
