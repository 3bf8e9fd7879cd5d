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

    /// A service under a pack by which nothing has to be kept for a day.
    private static func servedWithoutPeriods() throws -> Served {
        let program = try Program()
        let folder = URL(fileURLWithPath: program.folder + "/policies")
        try FileManager.default.copyItem(
            at: URL(fileURLWithPath: Program.repository + "/policies"), to: folder)
        let file = folder.appendingPathComponent("retention.yaml")
        let periods = try String(contentsOf: file, encoding: .utf8)
        let none = periods.replacingOccurrences(
            of: "_days: [0-9]+", with: "_days: 0", options: .regularExpression)
        try none.write(to: file, atomically: true, encoding: .utf8)
        let made = try program.run(
            "init", "--data-dir", "service", "--development", "--policies", "policies")
        guard made.code == 0 else { throw ProgramError("\(made)") }
        return try Served(program)
    }

    @Test func `takes two signatures, and the audits say what went and what nobody can repeat`()
        throws
    {
        let served = try Self.servedWithoutPeriods()
        let program = served.program
        let owner = try served.enrol("ada", "owner", in: "credit")
        let officer = try served.enrol("cora", "compliance-officer", in: "credit")
        let second = try served.enrol("rita", "risk-officer", in: "credit")
        let deployer = try served.enrol("robot", "deployer", in: "credit")
        let tokens = try [owner, officer, deployer].map { try served.token(of: $0) }
        let model = Program.example + "/model"
        // The receipt is kept beside the card, so the card is a copy.
        try program.write("card.yaml", File.read(Program.example + "/card.yaml", limit: 1 << 20))
        let version = "credit/scorecard@1"
        for (token, code, command) in [
            (
                tokens[0], 0,
                ["artifact", "sign", model, "--key", owner.key, "--bundle", "model.sig"]
            ),
            (
                tokens[0], 0,
                [
                    "submit", model, "--card", "card.yaml", "--model",
                    "credit/scorecard", "--signature", "model.sig", "--key", owner.key,
                ]
            ),
            (tokens[2], 1, ["deploy", model, "--model", version, "--environment", "production"]),
            (tokens[0], 0, ["retire", version, "--reason", "Replaced by a better model"]),
        ] as [(String, Int32, [String])] {
            let isOffline = command[0] == "artifact"
            let ran = try isOffline ? program.run(command) : served.ask(command, token: token)
            #expect(ran.code == code, "\(ran)")
        }
        let asked = try served.ask(
            [
                "dispose", version, "--reason", "ten years have passed", "--compliance-officer",
                officer.id, "--second-officer", second.id, "--signer", officer.key, "-o",
                "request.json",
            ], token: tokens[1])
        #expect(asked.code == 0, "\(asked)")
        let sending = ["dispose", version, "--statement", "request.json"]
        let early = try served.ask(sending, token: tokens[1])
        #expect(early.code == 1 && early.errors.contains("does not count"), "\(early)")
        let signed = try program.run("statement", "sign", "request.json", "--key", second.key)
        #expect(signed.code == 0, "\(signed)")
        let done = try served.ask(sending, token: tokens[1])
        #expect(done.code == 0, "\(done)")
        let audit = try program.run("audit", "verify", "--data-dir", "service", "--replay")
        #expect(audit.code == 0, "\(audit)")
        #expect(audit.output.contains("disposed of at index"), "\(audit)")
        #expect(audit.output.contains("decisions cannot be made again"), "\(audit)")
        #expect(served.stop() == 0)
    }
}
