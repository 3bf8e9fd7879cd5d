// Model cards on the command line.

import CanonicalJSON
import Foundation
import Testing

@Suite struct `A model card` {
    private func example() throws -> String {
        try String(contentsOfFile: Program.example + "/card.yaml", encoding: .utf8)
    }

    @Test func `that is complete passes in its tier, and in a higher one all that lacks is named`()
        throws
    {
        let program = try Program()
        try program.write("card.yaml", example())
        #expect(try program.run("card", "check", "card.yaml").code == 0)
        let ran = try program.run("card", "check", "card.yaml", "--tier", "3", "--json")
        #expect(ran.code == 1, "\(ran)")
        let findings = try JSON(parsing: ran.output)["findings"]?.array ?? []
        let pointers = findings.compactMap { $0["pointer"]?.string }
        for wanted in ["/oversight/who", "/design/logic", "/provider", "/compliance/frameworks"] {
            #expect(pointers.contains(wanted), "\(pointers)")
        }
    }

    @Test func `with a wrong form and with gaps hears of both at once`() throws {
        let program = try Program()
        let text = try example().replacingOccurrences(
            of: "card_version: 1", with: "card_version: one"
        )
        .replacingOccurrences(of: "  technical:", with: "  technicalities:")
        try program.write("card.yaml", text)
        let ran = try program.run("card", "check", "card.yaml")
        #expect(ran.code == 1, "\(ran)")
        for part in ["card_version", "limits.technical is required", "technicalities"] {
            #expect(ran.errors.contains(part), "\(part) in \(ran)")
        }
    }

    @Test func `as a template is no card until it is filled in`() throws {
        let program = try Program()
        let made = try program.run("card", "new", "--tier", "1", "-o", "new.yaml")
        #expect(made.code == 0, "\(made)")
        #expect(try program.run("card", "new", "-o", "new.yaml").code == 2)
        let ran = try program.run("card", "check", "new.yaml")
        #expect(ran.code == 1 && ran.errors.contains("placeholder"), "\(ran)")
    }

    @Test(arguments: ["a: 1\na: 2\n", "{\"a\":1,\"a\":2}", "a: &x 1\n", "\u{FEFF}a: 1\n"])
    func `that readers could read differently is refused`(text: String) throws {
        let program = try Program()
        try program.write("card.yaml", text)
        let ran = try program.run("card", "check", "card.yaml")
        #expect(ran.code == 1 && ran.errors.hasPrefix("error: card.yaml: "), "\(ran)")
    }
}

@Suite struct `A policy pack` {
    @Test func `that is shipped is good, and one without a file is not`() throws {
        let program = try Program()
        #expect(try program.run("policy", "check", "-").code == 0)
        #expect(try program.run("policy", "check", Program.repository + "/policies").code == 0)
        try FileManager.default.copyItem(
            atPath: Program.repository + "/policies", toPath: program.folder + "/pack")
        try program.write("pack/tiers.yaml", "tiers: []\n")
        let ran = try program.run("policy", "check", "pack")
        #expect(ran.code == 1 && ran.errors.contains("tiers.yaml"), "\(ran)")
    }
}
