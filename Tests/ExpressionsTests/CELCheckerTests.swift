// Types: what fits, and where a pack is told that something does not.

import Testing

@testable import Expressions

@Suite struct CELCheckerTests {
    @Test(
        arguments: [
            ("tier > 2", "bool"), ("tier + 1", "int"), ("rate * 2.0", "decimal"),
            ("rate / 3.0", "decimal"), ("now - age", "timestamp"), ("now - now", "duration"),
            ("age + now", "timestamp"), ("roles + []", "list(string)"),
            ("approvals[0].role", "string"), ("approvals[0].comment", "nullable(string)"),
            ("approvals.map(a, a.signed)", "list(timestamp)"),
            ("approvals.filter(a, a.valid)", "list(approval)"), ("labels.stage", "string"),
            ("labels['stage']", "string"), ("[]", "list(nothing)"),
            ("[[], [1]]", "list(list(int))"), ("{'a': 1}", "map(string, int)"),
            ("card.owner == null", "bool"), ("null == null", "bool"),
            ("tier > 1 ? 1 : null", "nullable(int)"), ("size(labels) + roles.size()", "int"),
            ("has(card.successor)", "bool"), ("'a' in roles", "bool"), ("'a' in labels", "bool"),
            ("card.owner + 'x'", "string"), ("[1, null]", "list(nullable(int))"),
        ])
    func `every expression has a type`(_ text: String, _ type: String) throws {
        #expect(try CELProgram(text, in: gate).type.description == type)
    }

    @Test(
        arguments: [
            ("tier > 2.0", .type, 6), ("rate >= 1", .type, 6), ("tier == '3'", .type, 6),
            ("now > '2026-01-01T00:00:00Z'", .type, 5), ("now + now", .type, 5),
            ("age - now", .type, 5), ("tier == null", .type, 6), ("teir > 1", .name, 1),
            ("card.onwer == null", .name, 6), ("card.owner.x", .type, 12),
            ("roles.valid", .type, 7), ("approvals[0].rolle", .name, 14), ("!tier", .type, 1),
            ("-roles", .type, 1), ("tier && true", .type, 6), ("true || tier", .type, 6),
            ("tier ? 1 : 2", .type, 1), ("true ? 1 : 'a'", .type, 6), ("[1, 'a']", .type, 5),
            ("{1: 1, 'a': 2}", .type, 8), ("{1.0: 1}", .type, 2), ("roles['a']", .type, 7),
            ("labels[0]", .type, 8), ("tier[0]", .type, 5), ("roles.all(r, r)", .type, 14),
            ("tier.all(t, true)", .type, 6), ("roles.filter(r, 1)", .type, 17), ("x", .name, 1),
            ("roles.map(r, r)[0] == r", .name, 23), ("1 in roles", .type, 3),
            ("'a' in 'abc'", .type, 5), ("5.5 % 2.0", .type, 5), ("roles < roles", .type, 7),
            ("'a' - 'b'", .type, 5), ("size(1)", .type, 1), ("tier.size()", .type, 6),
            ("contains('a', 'b')", .type, 1), ("'a'.startsWith(1)", .type, 5),
            ("nosuch(1)", .name, 1), ("double(1)", .unsupported, 1), ("type(1)", .unsupported, 1),
            ("dyn(1)", .unsupported, 1), ("uint(1)", .unsupported, 1),
            ("'a'.matches(card.digest)", .unsupported, 18), ("'a'.matches('[')", .value, 13),
            ("timestamp('now')", .value, 1), ("int(true)", .type, 1), ("has(tier.x)", .type, 10),
            ("has(card.x)", .name, 10), ("string(null)", .type, 1), ("now.getHours(1)", .type, 5),
        ] as [(String, CELFault.Code, Int)])
    func `what does not fit is found when it is loaded`(
        _ text: String, _ code: CELFault.Code, _ column: Int
    ) {
        let fault = fault(text)
        #expect(fault?.code == code, "\(text)")
        #expect(fault?.position == CELPosition(line: 1, column: column), "\(text)")
    }

    @Test func `a condition is true or false`() throws {
        #expect(throws: Never.self) { try CELProgram.condition("tier > 1", in: gate) }
        let fault = #expect(throws: CELFault.self) { try CELProgram.condition("tier", in: gate) }
        #expect(fault?.code == .type)
    }
}
