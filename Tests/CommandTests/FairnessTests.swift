// Fairness evaluations on the command line, on real data where it is.

import Attestation
import CanonicalJSON
import Cryptography
import Fairness
import Governance
import TestSupport
import Testing

@Suite struct `A fairness evaluation` {
    static let columns = [
        "--label", "repaid", "--prediction", "approved", "--score", "score", "--group", "age,sex",
    ]

    @Test func `is signed so that anybody can compute it again`() throws {
        let program = try Program()
        try program.run("key", "new", "k.pem", "--public-key", "k.pub")
        let artifact = String(repeating: "ab", count: 32)
        let ran = try program.run(
            ["evaluate", "fairness", Program.example + "/predictions.csv", "--json"] + Self.columns
                + [
                    "--origin", "example.com/log", "--model", "credit/scorecard", "--artifact",
                    artifact, "--key", "k.pem", "-o", "statement.json",
                ])
        #expect(ran.code == 0, "\(ran)")
        let envelope = try Envelope(parsing: program.read("statement.json"))
        let key = try PublicKey(pem: program.read("k.pub"))
        let verdict = envelope.verifyStatement(with: [key], predicateType: FairnessPredicate.type)
        let statement = try #require(verdict.statement?.statement)
        #expect(statement.subjects.first?.sha256?.hex == artifact)
        let predicate = try FairnessPredicate(recomputing: statement.predicate)
        #expect(predicate.evaluation.document == (try JSON(parsing: ran.output))["evaluation"])
        let shown = try program.run("statement", "show", "statement.json", "--public-key", "k.pub")
        #expect(shown.code == 0 && shown.output.contains("verified"), "\(shown)")
    }

    @Test func `is a table for people, and says why something is undefined`() throws {
        let program = try Program()
        try program.write("p.csv", "y,p,g\n1,1,a\n0,0,a\n0,1,b\n0,0,b\n")
        let ran = try program.run(
            "evaluate", "fairness", "p.csv", "--label", "y", "--prediction", "p", "--group", "g")
        #expect(ran.code == 0, "\(ran)")
        #expect(ran.output.contains("by g"))
        #expect(ran.output.contains("undefined, because"))
    }

    @Test(arguments: [
        ("y,p\n1,1\n", 2), ("y,p,g\n", 2), ("y,p,g\n1,2,a\n0,3,a\n", 2), ("", 2),
    ])
    func `of a file that cannot be read gives no numbers`(text: String, code: Int32) throws {
        let program = try Program()
        try program.write("p.csv", text)
        let ran = try program.run(
            "evaluate", "fairness", "p.csv", "--label", "y", "--prediction", "p", "--group", "g")
        #expect(ran.code == code && ran.output.isEmpty, "\(ran)")
    }

    @Test(
        .enabled(
            if: Fixtures.has("fairness/compas_predictions.csv"),
            "skipped: shared/fixtures is not there"))
    func `of COMPAS finds the worst ratio between races`() throws {
        let fixtures = try #require(Fixtures.directory())
        let ran = try Program().run(
            "evaluate", "fairness", fixtures + "/fairness/compas_predictions.csv", "--label",
            "y_true", "--prediction", "y_pred", "--group", "race,sex", "--json")
        #expect(ran.code == 0, "\(ran)")
        let groupings = try JSON(parsing: ran.output)["evaluation"]?["groupings"]?.array ?? []
        let byRace = groupings.first { $0["columns"] == ["race"] }
        // The worked example of FairnessMeasure.swift.
        #expect(byRace?["measures"]?["disparate_impact"]?["fraction"] == "237/754")
    }
}
