// The demo is the life of a model through the public commands: it must go as told.

import Testing

@Suite(.enabled(if: Postgres.isThere, "skipped: there is no PostgreSQL server"))
struct `The demo` {
    @Test func `lives a model's whole life and stops cleanly`() throws {
        let program = try Program()
        let ran = try program.run("demo", "--exit", "--directory", "demo")
        #expect(ran.code == 0, "\(ran)")
        // Every denial with its own reason, and the yes between them.
        for part in [
            "SUB-004", "DEP-001", "DEP-101", "DEP-201", "DEP-203", "DEP-301", "DEP-302", "RET-003",
            "--condition", "finding raise", "finding-closure", "closed ", "APP-004",
            "allow: credit/scorecard@1 in production", "retired credit/scorecard@1",
            "intact: ", "equal: ", "The service is stopped.",
        ] {
            #expect(ran.output.contains(part), "\(part)")
        }
        let report = try program.read("demo/report.html")
        #expect(
            String(decoding: report.prefix(15), as: UTF8.self).lowercased().hasPrefix(
                "<!doctype html>"))
        // Somebody else's root does not vouch for it.
        try program.run("key", "new", "c.pem", "--public-key", "c.pub")
        try program.run(
            "root", "new", "--keys", "keys", "--custodian", "c.pub", "--threshold", "1", "--origin",
            "example.com/log", "-o", "other.json")
        try program.run("root", "sign", "other.json", "--key", "c.pem")
        for arguments in [
            [
                "report", "verify", "demo/report.json", "--root", "other.json",
                "--accept-development",
            ],
            [
                "permit", "check", "demo/permit.json", "demo/model", "--root", "other.json",
                "--accept-development",
            ],
            [
                "audit", "check", "demo/card@1.tlog-proof", "--entry", "demo/card@1.entry",
                "--root", "other.json",
            ],
            [
                "audit", "check", "demo/card@1.tlog-proof", "--entry", "demo/card2@2.entry",
                "--root", "demo/service/root.json",
            ],
            [
                "permit", "check", "demo/permit.json", "demo/model", "--root",
                "demo/service/root.json",
            ],
            [
                "permit", "check", "demo/permit.json", "demo/model", "--root",
                "demo/service/root.json",
                "--accept-development", "--environment", "staging",
            ],
            [
                "permit", "check", "demo/permit.json", "demo/model", "--root",
                "demo/service/root.json",
                "--accept-development", "--at", "2099-01-01T00:00:00.000Z",
            ],
        ] {
            let refused = try program.run(arguments)
            #expect(refused.code == 1, "\(refused)")
        }
    }
}
