import CanonicalJSON
import Cryptography
import Governance
import Registry
import Testing

@Suite struct ReportTests {
    private func check(_ life: ReportedLife, _ report: JSON) -> ReportVerdict {
        ReportCheck.check(report, root: life.root, acceptingDevelopment: true)
    }

    private func position(_ life: ReportedLife, _ kind: String, _ number: Int = 0) throws -> String
    {
        let lines = try #require(life.report["lines"]?.array)
        let found = lines.indices.filter { lines[$0]["kind"]?.string == kind }
        return "\(try #require(found.dropFirst(number).first))"
    }

    @Test func `the report of a whole life checks clean`() async throws {
        let life = try await ReportedLife.told()
        let verdict = check(life, life.report)
        #expect(verdict.findings == [])
        #expect(verdict.lines == life.report["lines"]?.array?.count)
        #expect(verdict.decisions == 10)
        #expect(verdict.statements > 20)
        #expect(verdict.treeSize == life.report["asOf"]?["size"]?.integer)
        #expect(life.report["counts"]?["missing"]?.integer == 0)
        // What was written to be read is parsed as it was written.
        let parsed = try JSON(parsing: life.report.canonicalBytes, limits: ModelReport.limits)
        #expect(parsed == life.report)
    }

    @Test func `a report under a development root is refused unless told otherwise`() async throws {
        let life = try await ReportedLife.told()
        let verdict = ReportCheck.check(life.report, root: life.root)
        #expect(verdict.findings.map(\.code) == ["development"])
    }

    @Test func `every act of the life has its line, and nothing of another model or stranger`()
        async throws
    {
        let life = try await ReportedLife.told()
        let kinds = (life.report["lines"]?.array ?? []).compactMap { $0["kind"]?.string }
        let counts = Dictionary(kinds.map { ($0, 1) }, uniquingKeysWith: +)
        #expect(counts["version.submitted"] == 2)
        #expect(counts["evaluation.recorded"] == 2)
        #expect(counts["approval.recorded"] == 3)
        #expect(counts["deployment.decided"] == 4)
        #expect(counts["gate.asked"] == 1)
        #expect(counts["deployment.confirmed"] == 1)
        #expect(counts["deployment.ended"] == 1)
        #expect(counts["version.suspended"] == 1)
        #expect(counts["retirement.decided"] == 2)
        #expect(counts["log.opened"] == 1)
        #expect(counts["policy.activated"] == 1)
        let text = life.report.canonicalText
        #expect(!text.contains("credit/other"))
        #expect(!text.contains("the last to come"))
    }

    /// What a forger might change, with the digest made good again, and what finds it.
    static let forgeries: [(String, String, [String], @Sendable (JSON) -> JSON?, String)] = [
        ("a sentence", "version.suspended", ["summary"], { _ in "All is well." }, "differs"),
        ("a time", "version.submitted", ["time"], { _ in "2020-01-01T00:00:00.000Z" }, "differs"),
        (
            "an actor", "deployment.decided", ["actor", "principal"], { _ in "p-0000000000000000" },
            "differs"
        ),
        (
            "a named digest", "version.submitted", ["digests", "artifact"],
            { _ in
                .string(String(repeating: "0", count: 64))
            }, "differs"
        ),
        ("a byte of an entry", "approval.recorded", ["entry"], flip(at: 60), "inclusion"),
        ("an entry's seal", "approval.recorded", ["entry"], flip(fromEnd: 20), "seal"),
        (
            "a proof's hash", "evaluation.recorded", ["proof", "0"],
            { _ in
                .string(String(repeating: "a", count: 64))
            }, "inclusion"
        ),
        ("a proof's length", "evaluation.recorded", ["proof", "0"], { _ in nil }, "inclusion"),
        (
            "an index", "evaluation.recorded", ["index"], { .integer(($0.integer ?? 0) + 1) },
            "inclusion"
        ),
        (
            "a leaf hash", "evaluation.recorded", ["leafHash"],
            { _ in
                .string(String(repeating: "b", count: 64))
            }, "differs"
        ),
    ]

    @Test(arguments: forgeries.indices)
    func `an altered line is found`(_ number: Int) async throws {
        let (what, kind, path, edit, code) = Self.forgeries[number]
        let life = try await ReportedLife.told()
        let place = ["lines", try position(life, kind)] + path
        let forged = life.report.replacing(place, edit)
        #expect(forged != life.report, "\(what) is changed")
        #expect(check(life, forged).findings.contains { $0.code == "digest" })
        let findings = check(life, forged.redigested).findings
        #expect(findings.contains { $0.code == code }, "\(what): \(findings)")
        #expect(!findings.contains { $0.code == "digest" })
    }

    @Test func `a line left out is found by the gap`() async throws {
        let life = try await ReportedLife.told()
        let place = ["lines", try position(life, "version.suspended")]
        let forged = life.report.replacing(place) { _ in nil }.redigested
        #expect(check(life, forged).findings.contains { $0.code == "gap" })
    }

    @Test(arguments: ["log", "frame", "policy", "limitation", "count"])
    func `an altered frame is found`(_ part: String) async throws {
        let life = try await ReportedLife.told()
        let forged =
            switch part {
            case "log":
                life.report.replacing(["log", "checkpoint"]) { note in
                    .string((note.string ?? "").replacing("\n\n— ", with: "x\n\n— "))
                }
            case "frame": life.report.replacing(["trustRoot", "development"]) { _ in false }
            case "policy": life.report.replacing(["policies", "0", "version"]) { _ in "9" }
            case "limitation": life.report.replacing(["limitations", "0"]) { _ in "None." }
            default: life.report.replacing(["counts", "missing"]) { _ in 3 }
            }
        #expect(forged != life.report)
        let expected = ["log": "checkpoint", "frame": "root"][part] ?? "differs"
        let findings = check(life, forged.redigested).findings
        #expect(findings.contains { $0.code == expected }, "\(findings)")
    }

    @Test func `an altered document is found, and so is a missing one`() async throws {
        let life = try await ReportedLife.told()
        let names = (life.report["documents"]?.object ?? [:]).keys.sorted()
        for name in stride(from: 0, to: names.count, by: 6).map({ names[$0] }) {
            let altered = life.report.replacing(["documents", name], Self.flip(at: 2)).redigested
            #expect(check(life, altered).findings.contains { $0.code == "document" }, "\(name)")
            let missing = life.report.replacing(["documents", name]) { _ in nil }.redigested
            #expect(check(life, missing).findings.contains { $0.code == "document" }, "\(name)")
        }
    }

    @Test func `a decision that does not follow from its facts is found`() async throws {
        // An insider who holds log and service keys can record any decision; only replay finds it.
        let life = try await ReportedLife.told()
        let place = try position(life, "deployment.decided")
        let line = try #require(life.report["lines"]?[Int(place) ?? 0])
        let name = try #require(line["digests"]?["decision"]?.string)
        let facts = try #require(line["digests"]?["facts"]?.string)
        func document(_ name: String) throws -> JSON {
            let text = try #require(life.report["documents"]?[name]?.string)
            return try JSON(parsing: try #require(Base64.decode(text)))
        }
        let files = try #require(
            (life.report["lines"]?.array ?? []).first { $0["kind"]?.string == "policy.activated" }?[
                "digests"]?["files"]?.string)
        let packed = try #require(life.report["documents"]?[files]?.string)
        let pack = try PolicyPack.parse(PackFiles.read(try #require(Base64.decode(packed))))
        let decision = try document(name)
        #expect(Decision.replay(document: decision, facts: try document(facts), pack: pack) == [])
        let forged = decision.replacing(["verdict"]) { _ in "allow" }
        #expect(Decision.replay(document: forged, facts: try document(facts), pack: pack) != [])
    }

    @Test func `another trust root finds everything wrong`() async throws {
        let life = try await ReportedLife.told()
        let other = try await TestService.with { $0.registry.root }
        let findings = ReportCheck.check(
            life.report, root: other, acceptingDevelopment: true
        ).findings
        #expect(Set(findings.map(\.code)).isSuperset(of: ["root", "checkpoint", "seal"]))
    }

    @Test func `an erased name shows as its pseudonym, and the report still holds`() async throws {
        let life = try await ReportedLife.told()
        #expect(check(life, life.erased).findings == [])
        #expect(life.report["counts"]?["erased"]?.integer == 0)
        #expect(life.erased["counts"]?["erased"]?.integer == 1)
        #expect(!life.erased.canonicalText.contains("Müller"))
        let page = String(decoding: ReportPage.render(life.erased), as: UTF8.self)
        #expect(!page.contains("Müller"))
        #expect(page.contains(life.erasedPrincipal.description))
    }

    @Test func `a printed name comes with the salt that proves it`() async throws {
        let life = try await ReportedLife.told()
        let people = try #require(life.report["people"]?.array)
        var proven = 0
        for person in people {
            guard let commitment = person["commitment"]?.string else { continue }
            let name = try #require(person["name"]?["value"])
            let salt = try #require(person["name"]?["salt"]?.string.flatMap { Hex.decode($0) })
            #expect(SHA256.hash(salt + name.canonicalBytes).hex == commitment)
            proven += 1
        }
        #expect(proven >= 5)
    }

    @Test(arguments: ["value", "salt"])
    func `a name that is not the committed one is found`(_ member: String) async throws {
        let life = try await ReportedLife.told()
        let people = try #require(life.report["people"]?.array)
        let position = try #require(people.firstIndex { $0["name"]?["value"] == "Mei-Ling Tan" })
        let forged = life.report.replacing(["people", "\(position)", "name", member]) { _ in
            member == "value" ? "Somebody Else" : .string(String(repeating: "0", count: 64))
        }.redigested
        #expect(check(life, forged).findings.contains { $0.code == "commitment" })
    }

    @Test func `names are withheld from readers who are not entitled to them`() async throws {
        let life = try await ReportedLife.told()
        #expect(check(life, life.withheld).findings == [])
        #expect(life.report["names"] == "disclosed")
        #expect(life.withheld["names"] == "withheld")
        #expect(life.withheld["counts"]?["erased"]?.integer == 0)
        for name in ["Ada Okonkwo", "Mei-Ling Tan", "Weiß"] {
            #expect(life.report.canonicalText.contains(name))
            #expect(!life.withheld.canonicalText.contains(name))
        }
    }

    @Test func `a model that the log does not know is not found`() async throws {
        try await TestService.with { service in
            try await service.settle()
            let model = try #require(ModelName("credit/nothing"))
            await #expect(throws: Refusal.self) {
                try await service.registry.report(model: model, for: service.administrator.caller)
            }
        }
    }

    @Test(arguments: [
        "{}", "[]", "null", #"{"type":"imprimatur.dev/report/v1"}"#, #"{"lines":[{}]}"#,
    ])
    func `what is no report gives findings and an empty page`(_ text: String) async throws {
        let life = try await ReportedLife.told()
        let json = try JSON(parsing: Array(text.utf8))
        #expect(!check(life, json).holds)
        #expect(ReportPage.render(json).count > 1000)
    }

    /// Changes one byte of base64-coded bytes.
    static func flip(at offset: Int = 0, fromEnd: Int? = nil) -> @Sendable (JSON) -> JSON? {
        { json in
            guard var bytes = json.string.flatMap({ Base64.decode($0) }), !bytes.isEmpty else {
                return nil
            }
            let place = fromEnd.map { bytes.count - $0 } ?? min(offset, bytes.count - 1)
            // Letters stay letters and digits stay digits, so that the form stays good.
            bytes[place] = bytes[place] == UInt8(ascii: "a") ? UInt8(ascii: "b") : UInt8(ascii: "a")
            return .string(Base64.encode(bytes))
        }
    }
}
