// Policy packs on the command line.

import CanonicalJSON
import Foundation
import Testing

@Suite struct `Commands about policy packs` {
    private static let pack = Program.repository + "/policies"

    /// A copy of the shipped pack with one text replaced in a file.
    private func copy(
        _ program: Program, _ name: String, _ file: String, _ old: String, _ new: String
    ) throws {
        let files = FileManager.default
        let place = program.folder + "/" + name
        try files.copyItem(atPath: Self.pack, toPath: place)
        let text = try String(contentsOfFile: "\(place)/\(file)", encoding: .utf8)
        #expect(text.contains(old))
        try text.replacingOccurrences(of: old, with: new)
            .write(toFile: "\(place)/\(file)", atomically: true, encoding: .utf8)
    }

    @Test func `that ships is good, passes its tests and leaves no part untested`() throws {
        let program = try Program()
        for arguments in [
            ["check", Self.pack], ["check", "-"], ["test", Self.pack], ["coverage", Self.pack],
        ] {
            let ran = try program.run(["policy"] + arguments)
            #expect(ran.code == 0, "\(ran)")
        }
    }

    @Test func `with a fault is refused with file, line and column`() throws {
        let program = try Program()
        try copy(program, "bad", "gates/submit.yaml", "size(card.missing)", "size(card.mising)")
        let ran = try program.run("policy", "check", "bad")
        #expect(ran.code == 1)
        #expect(ran.errors.contains("gates/submit.yaml:"), "\(ran)")
        let json = try program.run("policy", "check", "bad", "--json")
        let findings = try JSON(parsing: json.output)["findings"]?.array ?? []
        #expect(findings.contains { ($0["line"]?.integer ?? 0) > 1 && $0["column"] != nil })
    }

    @Test func `that decides otherwise fails its tests, and differs`() throws {
        let program = try Program()
        try copy(program, "loose", "gates/deploy.yaml", "<= 1000", "<= 2000")
        let tested = try program.run("policy", "test", "loose")
        #expect(tested.code == 1)
        #expect(tested.output.contains("behind the log by more"), "\(tested)")
        let differs = try program.run("policy", "diff", Self.pack, "loose")
        #expect(differs.code == 1)
        #expect(differs.output.contains("looser"), "\(differs)")
        #expect(try program.run("policy", "diff", "-", Self.pack).code == 0)
    }

    @Test func `that ships is proved, and a trace is taken again under any pack`() throws {
        let program = try Program()
        let proved = try program.run("policy", "prove", "-", "--collusion", "2", "--tier", "3")
        #expect(proved.code == 0 && proved.output.contains("none exists"), "\(proved)")
        let lowest = try program.run("policy", "prove", "-", "--tier", "1", "--json")
        #expect(lowest.code == 1, "\(lowest)")
        try program.write("trace.json", lowest.output)
        let again = try program.run(
            "policy", "prove", Self.pack, "--tier", "1", "--trace", "trace.json")
        #expect(again.code == 1 && again.output.contains("every step is taken"), "\(again)")
        let higher = try program.run(
            "policy", "prove", Self.pack, "--tier", "3", "--trace", "trace.json")
        #expect(higher.code == 0 && higher.output.contains("step 3 is refused"), "\(higher)")
        #expect(try program.run("policy", "prove", "-", "--collusion", "5").code == 64)
        #expect(try program.run("policy", "prove", "nowhere").code != 0)
    }

    @Test func `explains its rules and shows which laws count on a day`() throws {
        let program = try Program()
        let explained = try program.run("policy", "explain", "DEP-001")
        #expect(explained.code == 0)
        #expect(explained.output.contains("artifact.presentedDigest"), "\(explained)")
        #expect(try program.run("policy", "explain", "DEP-999").code == 1)
        let before = try program.run("policy", "frameworks", "--at", "2026-04-16").output
        let after = try program.run("policy", "frameworks", "--at", "2026-04-17").output
        #expect(before.contains("sr-11-7/documentation") && !before.contains("sr-26-2/"))
        #expect(after.contains("sr-26-2/documentation") && !after.contains("sr-11-7/"))
        #expect(try program.run("policy", "frameworks", "--at", "soon").code == 64)
    }
}
