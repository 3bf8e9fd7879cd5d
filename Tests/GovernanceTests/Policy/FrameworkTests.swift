// Frameworks as dated data, and what shows a control.

import CanonicalJSON
import Cryptography
import Testing

@testable import Governance

@Suite struct `Frameworks` {
    private func day(_ text: String) throws -> Day { try #require(Day(text)) }

    @Test func `count from their day and up to their end`() throws {
        let pack = try ShippedPack.pack()
        let before = pack.frameworks(on: try day("2026-04-16")).map(\.id)
        let after = pack.frameworks(on: try day("2026-04-17")).map(\.id)
        #expect(before.contains("sr-11-7") && !before.contains("sr-26-2"))
        #expect(after.contains("sr-26-2") && !after.contains("sr-11-7"))
        #expect(pack.frameworks.first { $0.id == "sr-11-7" }?.supersededBy == "sr-26-2")
    }

    @Test func `of the EU carry the moved days of high-risk duties, and prohibitions did not move`()
        throws
    {
        let act = try #require(
            try ShippedPack.pack().frameworks.first { $0.id == "eu-ai-act" })
        for control in act.controls {
            let moved = control.validity.from == Day("2027-12-02")
            #expect(moved == (control.id != "5"), "\(control.id)")
            #expect(control.validity.contains(try day("2027-12-01")) == (control.id == "5"))
            #expect(control.validity.contains(try day("2027-12-02")))
        }
    }

    @Test
    func `have no control without a rule or a query, and no rule a control that is not there`()
        throws
    {
        let pack = try ShippedPack.pack()
        #expect(pack.frameworks.count == 10)
        for framework in pack.frameworks {
            for control in framework.controls where control.evidence == nil {
                let name = try #require(ControlName("\(framework.id)/\(control.id)"))
                #expect(!pack.rules(serving: name).isEmpty, "\(name)")
            }
        }
    }

    @Test(
        arguments: [
            ("/frameworks/0/effective_from", "2026-13-01", "/frameworks/0/effective_from"),
            ("/frameworks/1/superseded_by", "sr-99", "/frameworks"),
            ("/frameworks/1/effective_until", "yesterday", "/frameworks/1/effective_until"),
            ("/frameworks/2/effective_until", "2026-04-17", "/frameworks/2/effective_until"),
            ("/frameworks/0/controls/0/id", "no number!", "/frameworks/0/controls/0/id"),
            ("/frameworks/0/controls/0/evidence", "teir > 1", "/frameworks/0/controls/0/evidence"),
            ("/frameworks/0/controls/0/id", "99", "/frameworks/0/controls/0"),
            ("/frameworks/0/id", "gdpr", "/frameworks"),
        ])
    func `that are wrong are refused with their place`(
        _ pointer: String, _ value: String, _ place: String
    ) throws {
        let files = try ShippedPack.files("frameworks.yaml", pointer) { _ in .string(value) }
        let error = #expect(throws: PackFindings.self) { try PolicyPack.parse(files) }
        let places = error?.findings.filter { $0.file == "frameworks.yaml" }
            .map { $0.finding.pointer.description }
        #expect(places?.contains(place) == true, "\(error?.findings ?? [])")
    }

    @Test func `that a rule serves must be there`() throws {
        let files = try ShippedPack.files("gates/deploy.yaml", "/rules/0/controls") { _ in
            ["eu-ai-act/999"]
        }
        let error = #expect(throws: PackFindings.self) { try PolicyPack.parse(files) }
        #expect(error?.findings.map(\.finding.code) == ["reference"])
    }

    @Test func `are no part of a pack without their file, whose digest stays`() throws {
        let files = try ShippedPack.files().filter { $0.path != "frameworks.yaml" }
        let pack = try PolicyPack.parse(files)
        #expect(pack.frameworks.isEmpty)
        #expect(pack.digest == PolicyPack.digest(of: files))
        #expect(throws: PackFindings.self) {
            try PolicyPack.parse(
                ShippedPack.files() + [ShippedPack.file("tests/deploy.yaml")])
        }
    }
}
