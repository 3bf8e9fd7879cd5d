// That a report shows how far nothing is left out, and that what is left out there is found.

import CanonicalJSON
import Cryptography
import Governance
import Registry
import Testing
import TransparencyLog

/// A report of a counted log, and the pieces to make another one of.
private struct CountedReport: Sendable {
    let report: JSON
    let root: TrustRoot
    let team: TestTeam

    static let model = ModelName("credit/scorecard")

    private static let shared = Task { try await make() }

    static func made() async throws -> CountedReport { try await shared.value }

    private static func make() async throws -> CountedReport {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            _ = try await service.submit(by: team.owner, "credit/other", seed: "other")
            try await service.count()
            // After the count: told, but not covered.
            _ = try await service.deploy(version, by: team.deployer)
            try await service.settled()
            guard let model else { throw TestFailure("name") }
            var report = JSON.null
            _ = try await service.eventually {
                report = try await service.registry.report(
                    model: model, for: service.administrator.caller
                ).json
                return report["completeness"]?["map"]?.isNull == false
            }
            return CountedReport(report: report, root: service.registry.root, team: team)
        }
    }

    func check(_ report: JSON) -> ReportVerdict {
        ReportCheck.check(report, root: root, acceptingDevelopment: true)
    }

    /// The report as somebody makes it who leaves lines out, with everything that follows made good.
    func leavingOut(_ isOut: (ReportLine) -> Bool) throws -> JSON {
        let lines = try (report["lines"]?.array ?? []).map { line in
            try ReportLine(
                index: line["index"]?.integer ?? 0,
                bytes: Base64.decode(line["entry"]?.string ?? "") ?? [],
                proof: (line["proof"]?.array ?? []).compactMap {
                    SHA256Digest(hex: $0.string ?? "")
                })
        }
        let documents = (report["documents"]?.object ?? [:]).compactMap { name, text in
            SHA256Digest(hex: name).map { ($0, Base64.decode(text.string ?? "") ?? []) }
        }
        let note = Array((report["log"]?["checkpoint"]?.string ?? "").utf8)
        let keys = try root.logKeys.map { try VerifierKey($0.key) }
        let opened = Checkpoint.open(note, origin: root.origin, logKeys: keys)
        let completeness = try JSONReader.decode(report["completeness"] ?? .null) {
            ReportCompleteness(reading: $0)
        }
        let people = report["people"]?.array ?? []
        let names = people.compactMap { person -> (PrincipalID, ModelReport.PrintedName)? in
            guard let id = PrincipalID(person["principal"]?.string ?? ""),
                let value = person["name"]?["value"]?.string,
                let salt = Hex.decode(person["name"]?["salt"]?.string ?? "")
            else { return nil }
            return (id, ModelReport.PrintedName(value: value, salt: salt))
        }
        return ModelReport(
            .init(
                model: try #require(Self.model),
                asOf: try #require(Timestamp(report["asOf"]?["time"]?.string ?? "")),
                checkpoint: try #require(opened.checkpoint).checkpoint, note: note,
                trustRoot: .init(root), lines: lines.filter { !isOut($0) },
                names: Dictionary(uniqueKeysWithValues: names),
                documents: Dictionary(uniqueKeysWithValues: documents), completeness: completeness)
        ).json
    }
}

@Suite struct `A report's completeness` {
    @Test func `is shown up to the last count, and no further`() async throws {
        let made = try await CountedReport.made()
        let verdict = made.check(made.report)
        #expect(verdict.findings == [])
        let section = try #require(made.report["completeness"])
        let size = try #require(section["map"]?["size"]?.integer)
        #expect(verdict.completeBelow == size && size < verdict.treeSize)
        #expect(section["covers"]?.string?.contains("up to index \(size - 1)") == true)
        #expect(
            section["doesNotCover"]?.string?.contains("Entries \(size) to \(verdict.treeSize - 1)")
                == true)
        let names = (section["subjects"]?.array ?? []).compactMap { $0["name"]?.string }
        #expect(names.contains("model/credit/scorecard"))
        #expect(names.contains("version/credit/scorecard@1"))
        #expect(names.contains("policy"))
        #expect(!names.contains { $0.contains("other") })
        // The owner submitted another model, too: the number says so, the entry is not here.
        let owner = (section["actors"]?.array ?? []).first {
            $0["name"]?.string == made.team.owner.principal.description
        }
        #expect(owner?["count"]?.integer == 2)
        #expect(owner?["here"]?.integer == 1)
        let deployer = (section["absent"]?.array ?? []).compactMap { $0["name"]?.string }
        #expect(deployer.contains(made.team.deployer.principal.description))
    }

    @Test func `the report made again is the report`() async throws {
        let made = try await CountedReport.made()
        #expect(try made.leavingOut { _ in false } == made.report)
    }

    /// What a service that holds every key can leave out, as far as the numbers show no gap.
    @Test(arguments: ["approval.recorded", "evaluation.recorded"])
    func `the last entries of a version cannot be left out below the count`(_ kind: String)
        async throws
    {
        let made = try await CountedReport.made()
        let version = "version/credit/scorecard@1"
        let size = try #require(made.report["completeness"]?["map"]?["size"]?.integer)
        let lines = (made.report["lines"]?.array ?? []).filter { $0["kind"]?.string == kind }
        let first = try #require(lines.first?["index"]?.integer)
        // Everything of the version from there on: its numbers have no gap.
        let forged = try made.leavingOut { line in
            line.index >= first && line.index < size && line.entry.subjects[version]?.wrote == true
                || line.index >= size && line.entry.subjects[version]?.wrote == true
        }
        #expect(Set(made.check(forged).findings.map(\.code)).contains("completeness"))
        #expect(!made.check(forged).findings.contains { $0.code == "gap" })
    }

    @Test func `what came after the count is not covered, and the report says so`() async throws {
        let made = try await CountedReport.made()
        let size = try #require(made.report["completeness"]?["map"]?["size"]?.integer)
        let shorter = try made.leavingOut { line in
            line.index >= size && line.entry.event.kind == "deployment.decided"
        }
        #expect(made.check(shorter).findings == [])
        #expect(made.check(shorter).completeBelow == size)
    }

    @Test func `without its count a report is not complete, and does not say that it is`()
        async throws
    {
        let made = try await CountedReport.made()
        let without = try made.leavingOut { $0.entry.event.kind == "actors.counted" }
        #expect(made.check(without).completeBelow == 0)
        #expect(without["completeness"]?["map"] == .null)
        #expect(without["completeness"]?["covers"]?.string?.contains("not counted") == true)
    }

    static let lies: [(String, [String], @Sendable (JSON) -> JSON?)] = [
        ("a higher count", ["subjects", "0", "count"], { .integer(($0.integer ?? 0) + 1) }),
        ("another last entry", ["actors", "0", "last"], { .integer(($0.integer ?? 0) + 1) }),
        ("a subject less", ["subjects", "0"], { _ in nil }),
        ("a person less", ["actors", "0"], { _ in nil }),
        ("an absent person less", ["absent", "0"], { _ in nil }),
        (
            "a path's hash", ["actors", "0", "path", "0"],
            { _ in .string(String(repeating: "0", count: 64)) }
        ),
    ]

    @Test(arguments: lies.indices)
    func `a changed proof is found`(_ number: Int) async throws {
        let made = try await CountedReport.made()
        let (name, path, edit) = Self.lies[number]
        let forged = made.report.replacing(["completeness"] + path, edit).redigested
        #expect(
            made.check(forged).findings.contains { $0.code == "completeness" }, "\(name)")
    }
}
