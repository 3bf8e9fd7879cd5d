import Governance
import Testing

@Suite struct `Names` {
    @Test(arguments: ["credit/scorecard", "a/b", "0/9.x_y-z"])
    func `a model name reads back`(text: String) {
        #expect(ModelName(text)?.description == text)
    }

    @Test(arguments: [
        "", "credit", "/scorecard", "credit/", "credit/score card", "Credit/scorecard", "a/b/c",
        "credit/../scorecard", ".credit/x", "credit/x@1", "credit//x", "crédit/x",
        "credit/\(String(repeating: "a", count: 64))",
    ])
    func `a misspelt model name is refused`(text: String) {
        #expect(ModelName(text) == nil)
    }

    @Test func `a version reference reads back`() {
        #expect(VersionReference("credit/scorecard@3")?.number == 3)
        #expect(VersionReference("credit/scorecard@3")?.description == "credit/scorecard@3")
    }

    @Test(arguments: ["@0", "@-1", "@+1", "@01", "@1000000000", "@", "", "@1@2", "@٣", "@1 "])
    func `a misspelt version is refused`(suffix: String) {
        #expect(VersionReference("credit/scorecard" + suffix) == nil)
    }

    @Test(arguments: [
        ("credit", "credit", true), ("credit", "fraud", false), ("*", "credit", true),
        ("**", "credit", true), ("eu/*", "credit", false), ("credit/**", "credit", false),
    ])
    func `a pattern covers what it says`(pattern: String, namespace: String, covers: Bool) throws {
        let name = try #require(Namespace(namespace))
        #expect(NamespacePattern(pattern)?.matches(name) == covers)
    }

    @Test(arguments: ["", "cred*", "**/x", "a//b", "/", "***", "A", "a/b/c/d/e/f/g/h/i"])
    func `a misspelt pattern is refused`(pattern: String) {
        #expect(NamespacePattern(pattern) == nil)
    }

    @Test(arguments: [
        "", "p-", "p-0123456789abcde", "p-0123456789abcdef0", "P-0123456789abcdef",
        "p-0123456789ABCDEF", "q-0123456789abcdef", "p-0123456789abcdeg",
    ])
    func `a misspelt pseudonym is refused`(text: String) {
        #expect(PrincipalID(text) == nil)
    }

    @Test func `a pseudonym is made of eight bytes`() {
        let id = PrincipalID(bytes: [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF])
        #expect(id?.description == "p-0123456789abcdef")
        #expect(PrincipalID(bytes: [1]) == nil)
    }

    @Test func `no role both administers and approves`() {
        for role in Role.allCases where role == .administrator || role == .policyApprover {
            #expect(!role.mayApprove)
        }
        for role in Role.allCases where role.mayApprove { #expect(role.needsTwoSigners) }
    }
}
