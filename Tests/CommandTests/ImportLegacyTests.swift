// Models that run already, by command line: hashed, signed by two officers, seen as what they are.

import CanonicalJSON
import Foundation
import Registry
import Testing

@Suite(.enabled(if: Postgres.isThere, "skipped: there is no PostgreSQL server"))
struct `Importing what runs already by command line` {
    @Test func `hashes it, wants two officers, and says that nobody approved it`() throws {
        let served = try Served(Program())
        let program = served.program
        let cora = try served.enrol("cora", "compliance-officer", in: "credit")
        let rita = try served.enrol("rita", "risk-officer", in: "credit")
        let olga = try served.enrol("olga", "owner", in: "credit")
        let token = try served.token(of: cora)
        try FileManager.default.createDirectory(
            atPath: program.folder + "/old-scorer", withIntermediateDirectories: true)
        try program.write("old-scorer/weights.bin", "weights")
        try program.write(
            "legacy.json",
            """
            {"items":[{"model":"credit/old-scorer","environment":"production","path":"old-scorer"}]}
            """)
        let due = "2027-03-31T00:00:00.000Z"
        func bringIn(_ second: Enrolled, signers: [Enrolled], _ more: String...) throws -> Ran {
            try served.ask(
                [
                    "import", "legacy", "legacy.json", "--namespace", "credit", "--reason",
                    "in production since 2024", "--compliance-officer", cora.id,
                    "--second-officer", second.id,
                ] + signers.flatMap { ["--signer", $0.key] } + more, token: token)
        }
        let undated = try bringIn(rita, signers: [cora, rita])
        #expect(undated.code != 0 && undated.errors.contains("dueAt"), "\(undated)")
        let owner = try bringIn(olga, signers: [cora, olga], "--due", due)
        #expect(owner.code != 0 && owner.errors.contains("role"), "\(owner)")
        let alone = try bringIn(rita, signers: [cora], "--due", due)
        #expect(alone.code == 1 && alone.errors.contains("import-not-entitled"), "\(alone)")

        let both = try bringIn(rita, signers: [cora, rita], "--due", due)
        #expect(both.code == 0 && both.output.contains("imported as legacy"), "\(both)")
        let twice = try bringIn(rita, signers: [cora, rita], "--due", due)
        #expect(twice.code == 1 && twice.errors.contains("legacy-known"), "\(twice)")

        let report = try served.ask(
            ["report", "model", "credit/old-scorer", "--format", "json", "-o", "report.json"],
            token: token)
        #expect(report.code == 0, "\(report)")
        let text = String(decoding: try program.read("report.json"), as: UTF8.self)
        #expect(text.contains("2027-03-31"), "\(text.prefix(400))")
        #expect(served.stop() == 0)
        let verified = try program.run("audit", "verify", "--data-dir", "service", "--replay")
        #expect(verified.code == 0, "\(verified)")
    }
}
