// How the demo ends: a suspension, a retirement, and what an auditor sees of it all.

internal import Foundation

extension DemoStory {
    func suspendSecondVersion() throws {
        stage.step(
            "A second version, approved, with a finding, and then suspended",
            "What forbids needs no quorum: one entitled person, at once. Version 1 is not touched.")
        try prepareSecondVersion()
        try findSomething()
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
            guard name == "carl" else {
                _ = try stage.quiet(approval(2, name, role))
                continue
            }
            try stage.run(
                approval(2, name, role) + [
                    "--condition", "Refusals are watched by age for a quarter.", "--owner",
                    submitter(of: 2), "--due", "2099-01-01T00:00:00.000Z",
                ])
        }
        stage.remark("credit/scorecard@2 was submitted, evaluated and approved, under a condition")
    }

    private func submitter(of version: Int) throws -> String {
        let lines = try stage.quiet(["status", "credit/scorecard@\(version)"])
            .split(separator: "\n")
        let line = lines.first { $0.hasPrefix("submitted") } ?? ""
        return line.split(separator: " ").last.map(String.init) ?? ""
    }

    /// A blocking finding, which its finder closes when it is settled.
    private func findSomething() throws {
        stage.person = "vera"
        try stage.run([
            "finding", "raise", "credit/scorecard@2", "--key", "vera.pem", "--role", "validator",
            "--severity", "high", "--blocking", "--summary", "No reason codes for refusals.",
            "--owner", submitter(of: 2), "--due", "2099-01-01T00:00:00.000Z",
        ])
        stage.person = "robot"
        try stage.run(deployment(of: "model2", 2) + ["--dry-run"], expecting: 1)
        let findings = try stage.quiet(["status", "credit/scorecard@2"]).split(separator: "\n")
            .filter { $0.hasPrefix("finding") && $0.contains("blocking") }
        let finding =
            findings.first?.split(whereSeparator: { " ,".contains($0) })
            .first { $0.utf8.count == 64 }.map(String.init) ?? ""
        stage.person = "vera"
        try stage.run([
            "finding", "close", "credit/scorecard@2", "--finding", finding, "--reason",
            "Refusals name their reasons now.", "--key", "vera.pem", "--role", "validator",
        ])
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
