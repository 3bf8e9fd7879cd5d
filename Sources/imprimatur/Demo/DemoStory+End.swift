// How the demo ends: a suspension, a retirement, and what an auditor sees of it all.

internal import Foundation

extension DemoStory {
    func suspendSecondVersion() throws {
        stage.step(
            "A second version, approved and then suspended",
            "What forbids needs no quorum: one entitled person, at once. Version 1 is not touched.")
        try prepareSecondVersion()
        stage.person = "robot"
        try stage.run(deployment(of: "model2", 2) + ["--dry-run"])
        stage.person = "vera"
        try stage.run([
            "suspend", "credit/scorecard@2", "--reason",
            "Complaints about refusals are looked into.",
        ])
        stage.person = "robot"
        try stage.run(deployment(of: "model2", 2), expecting: 1)
        try stage.run(deployment(of: "model", 1) + ["--dry-run"])
    }

    private func prepareSecondVersion() throws {
        try FileManager.default.copyItem(
            atPath: stage.folder + "/model", toPath: stage.folder + "/model2")
        try write("model2/README.txt", text("model2/README.txt") + "\nSecond edition.\n")
        try write(
            "card2.yaml",
            text("card.yaml").replacingOccurrences(
                of: "version: \"2026.11\"", with: "version: \"2026.12\""))
        stage.person = "olga"
        _ = try stage.quiet([
            "artifact", "sign", "model2", "--key", "olga.pem", "--bundle", "model2.sig",
        ])
        _ = try stage.quiet([
            "submit", "model2", "--card", "card2.yaml", "--model", "credit/scorecard",
            "--signature", "model2.sig", "--key", "olga.pem",
        ])
        try evaluate(
            "predictions.csv", version: 2, artifact: "model2", "fair2.json", shown: false)
        for (name, role) in [("vera", "validator"), ("carl", "compliance-officer")] {
            stage.person = name
            _ = try stage.quiet(approval(2, name, role))
        }
        stage.remark("credit/scorecard@2 was submitted, evaluated and approved like the first")
    }

    func retire() throws {
        stage.step("The end of version 1", "Not while it runs; then with a certificate.")
        stage.person = "olga"
        let retirement = [
            "retire", "credit/scorecard@1", "--reason", "Replaced by a newer edition.",
        ]
        try stage.run(retirement, expecting: 1)
        stage.person = "robot"
        let id = try deploymentID()
        try stage.run(["undeploy", id, "--reason", "Taken down."])
        stage.person = "olga"
        try stage.run(retirement + ["--certificate", "certificate.json"])
        stage.person = "robot"
        try stage.run(deployment(of: "model", 1), expecting: 1)
    }

    private func deploymentID() throws -> String {
        let lines = try stage.quiet(["status", "credit/scorecard@1"]).split(separator: "\n")
        let line = lines.first { $0.hasPrefix("deployed") && $0.hasSuffix("active") } ?? ""
        return line.split(separator: " ").dropFirst().first.map(String.init) ?? ""
    }

    func audit() throws {
        stage.step(
            "The auditor",
            "A report in which every line has its proof; the whole log, checked against what is pinned "
                + "outside the database; every table rebuilt from the log.")
        stage.person = "auditor"
        for format in ["html", "json"] {
            try stage.run([
                "report", "model", "credit/scorecard", "--format", format, "-o", "report.\(format)",
            ])
        }
        try stage.run([
            "report", "verify", "report.json", "--root", "service/root.json",
            "--accept-development",
        ])
        try stage.run([
            "audit", "check", "card@1.tlog-proof", "--entry", "card@1.entry", "--root",
            "service/root.json",
        ])
        try stage.run(["audit", "verify", "--data-dir", "service", "--replay"])
    }
}
