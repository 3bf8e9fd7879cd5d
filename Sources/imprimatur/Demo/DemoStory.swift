// What happens in the demo, in order. Everything is done by the commands that are printed.

internal import Foundation
internal import OfflineCommands
internal import Registry

/// The life of the model credit/scorecard.
struct DemoStory {
    let stage: DemoStage
    /// The files of the example.
    let example: [(path: String, bytes: [UInt8])]
    let listen: String

    private static let columns = [
        "--label", "repaid", "--prediction", "approved", "--score", "score", "--group", "age,sex",
    ]

    func tell() throws {
        try writeExample()
        try createService()
        try enrol()
        try submit()
        try denyUnfairModel()
        try approve()
        try deploy()
        try denyAlteredBytes()
        try suspendSecondVersion()
        try retire()
        try audit()
    }

    /// What an example holds besides the folder `model`.
    static let exampleFiles = ["card.yaml", "predictions.csv", "predictions-unfair.csv"]

    private func writeExample() throws {
        try File.makeFolder(stage.folder + "/model", mode: 0o755)
        for file in example
        where Self.exampleFiles.contains(file.path)
            || file.path.hasPrefix("model/")
        {
            try File.create("\(stage.folder)/\(file.path)", file.bytes, mode: 0o644)
        }
    }

    private func createService() throws {
        stage.step(
            "A service of its own",
            "A trust root, \(stage.databases.isEmpty ? "a private PostgreSQL" : "your PostgreSQL"), "
                + "a log, the policy pack, the first administrator.")
        try stage.run(["init", "--data-dir", "service", "--development"])
        try stage.startService([
            "serve", "--data-dir", "service", "--listen", listen, "--development",
        ])
    }

    // MARK: people

    private static let people: [(name: String, printed: String, kind: String, role: String)] = [
        ("olga", "Olga Owner", "person", "owner"),
        ("vera", "Vera Validator", "person", "validator"),
        ("carl", "Carl Compliance", "person", "compliance-officer"),
        ("fay", "Fay Fairness", "person", "fairness-reviewer"),
        ("robot", "Deployment robot", "service", "deployer"),
    ]

    private func enrol() throws {
        stage.step(
            "People and services",
            "Everybody has a key of their own and a role by signed assignment in the namespace credit. "
                + "Roles that approve need two signers.")
        stage.person = "administrator"
        let keys = "service/credentials"
        for person in Self.people {
            let isFirst = person.name == "olga"
            func run(_ arguments: [String]) throws -> String {
                try isFirst ? stage.run(arguments) : stage.quiet(arguments)
            }
            _ = try run(["key", "new", person.name + ".pem"])
            let id = try run([
                "principal", "add", "--name", person.printed, "--kind", person.kind, "--key",
                person.name + ".pem", "--signer", keys + "/administrator.pem",
            ])
            var grant = [
                "role", "grant", "--principal", id, "--role", person.role, "--namespace", "credit",
                "--signer", keys + "/administrator.pem",
            ]
            if person.role != "owner", person.role != "deployer" {
                grant += ["--signer", keys + "/custodian.pem"]
            }
            _ = try run(grant)
            _ = try run(["token", "issue", "--principal", id, "-o", person.name + ".token"])
            stage.remark("\(person.name) is \(id), \(person.role) in credit")
            if isFirst {
                _ = try stage.quiet([
                    "role", "grant", "--principal", id, "--role", "validator", "--namespace",
                    "credit", "--signer", keys + "/administrator.pem", "--signer",
                    keys + "/custodian.pem",
                ])
                stage.remark("olga is a validator too, for the models of others")
            }
        }
    }

    // MARK: submission

    private func submit() throws {
        stage.step(
            "A card and a signed artifact",
            "A card that lacks something is refused with everything that is missing, at once.")
        stage.person = "olga"
        try write("draft.yaml", text("card.yaml").removing(section: "operation"))
        try stage.run(["card", "check", "draft.yaml"], expecting: 1)
        try stage.run(["card", "check", "card.yaml"])
        let submission = [
            "submit", "model", "--card", "card.yaml", "--model", "credit/scorecard", "--key",
            "olga.pem", "--signature",
        ]
        _ = try stage.quiet([
            "artifact", "sign", "model", "--key", "robot.pem", "--bundle", "robots.sig",
        ])
        try stage.run(submission + ["robots.sig"], expecting: 1)
        stage.remark("the robot's key is known, but it is no owner's")
        try stage.run(["artifact", "sign", "model", "--key", "olga.pem", "--bundle", "model.sig"])
        try stage.run(submission + ["model.sig"])
        stage.remark("names and contacts in the card were sent beside it; signed are commitments")
    }

    private func denyUnfairModel() throws {
        stage.step(
            "The gate says no",
            "Nobody has approved; and an evaluation shows that the youngest are refused too often.")
        stage.person = "robot"
        try stage.run(deployment(of: "model", 1), expecting: 1)
        try evaluate("predictions-unfair.csv", version: 1, artifact: "model", "unfair.json")
        stage.person = "robot"
        try stage.run(deployment(of: "model", 1), expecting: 1)
        stage.remark("DEP-203 names the measure, its exact value and the limit in the policy")
    }

    func evaluate(
        _ file: String, version: Int, artifact: String, _ statement: String, shown: Bool = true
    ) throws {
        stage.person = "fay"
        let origin = try origin()
        let evaluation =
            ["evaluate", "fairness", file] + Self.columns + [
                "--origin", origin, "--model", "credit/scorecard", "--artifact", artifact, "--key",
                "fay.pem", "-o", statement,
            ]
        let record = ["evaluate", "submit", statement, "--model", "credit/scorecard@\(version)"]
        for arguments in [evaluation, record] {
            _ = try shown ? stage.run(arguments) : stage.quiet(arguments)
        }
    }

    private func origin() throws -> String {
        let lines = try stage.quiet(["whoami"]).split(separator: "\n")
        let line = lines.first { $0.hasPrefix("origin") } ?? ""
        return line.split(separator: " ").last.map(String.init) ?? ""
    }

    // MARK: approval and deployment

    private func approve() throws {
        stage.step(
            "A fair evaluation, and two people approve",
            "The service computes every rate again. The submitter cannot approve; each signer sees "
                + "what is signed.")
        try evaluate("predictions.csv", version: 1, artifact: "model", "fair.json")
        stage.person = "olga"
        try stage.run(approval(1, "olga", "validator"), expecting: 1)
        stage.remark("being a validator does not help: it is her own submission")
        stage.person = "vera"
        try stage.run(approval(1, "vera", "validator"))
        stage.person = "carl"
        try stage.run(approval(1, "carl", "compliance-officer"))
        try stage.run(["status", "credit/scorecard@1"])
    }

    func approval(_ version: Int, _ name: String, _ role: String) -> [String] {
        [
            "approve", "credit/scorecard@\(version)", "--key", name + ".pem", "--role", role,
            "--environment", "production",
        ]
    }

    func deployment(of path: String, _ version: Int) -> [String] {
        [
            "deploy", path, "--model", "credit/scorecard@\(version)", "--environment", "production",
        ]
    }

    private func deploy() throws {
        stage.step(
            "The gate says yes",
            "The robot hashes the bytes on its disk, gets a permit, and verifies permit and receipt "
                + "against its own trust root.")
        stage.person = "robot"
        try stage.run(
            deployment(of: "model", 1)
                + ["--confirm", "--stage", "staged", "--permit", "permit.json"])
        try stage.run([
            "permit", "check", "permit.json", "model", "--root", "service/root.json",
            "--environment", "production", "--accept-development",
        ])
    }

    private func denyAlteredBytes() throws {
        stage.step("One byte is changed", "The bytes on the disk are not the approved ones.")
        try FileManager.default.copyItem(
            atPath: stage.folder + "/model", toPath: stage.folder + "/altered")
        let card = try text("altered/scorecard.json")
        try write("altered/scorecard.json", card.replacingOccurrences(of: "60", with: "61"))
        try stage.run(deployment(of: "altered", 1), expecting: 1)
        try stage.run(
            [
                "permit", "check", "permit.json", "altered", "--root", "service/root.json",
                "--accept-development",
            ], expecting: 1)
    }

    // MARK: files

    func text(_ name: String) throws -> String {
        String(decoding: try File.read("\(stage.folder)/\(name)", limit: 1 << 20), as: UTF8.self)
    }

    func write(_ name: String, _ text: String) throws {
        try Files.write("\(stage.folder)/\(name)", Array(text.utf8))
    }
}

extension String {
    /// The YAML text without one section at its top level.
    fileprivate func removing(section name: String) -> String {
        var isInside = false
        let lines = split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            if line.first.map({ $0 != " " && $0 != "#" }) == true {
                isInside = line.hasPrefix(name + ":")
            }
            return !isInside
        }
        return lines.joined(separator: "\n")
    }
}
