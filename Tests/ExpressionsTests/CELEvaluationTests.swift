// Facts: what is read, what is reported as read, and what becomes of a fact that is not there.

import CanonicalJSON
import Testing

@testable import Expressions

@Suite struct CELEvaluationTests {
    @Test(
        arguments: [
            ("tier < 3 || roles.exists(r, r == 'validator')", true), ("rate < 0.8", true),
            ("rate == 427.0 / 1227.0", true), ("0.1 + 0.2 == 0.3", true),
            ("now - approvals[0].signed < duration('768h')", true),
            ("age > duration('1h30m')", true), ("approvals.exists_one(a, a.valid)", true),
            ("approvals.filter(a, a.valid).all(a, a.role == 'validator')", true),
            ("labels.stage == 'canary' && 'stage' in labels", true),
            ("has(labels.stage) && !has(labels.region)", true),
            ("has(approvals[1].delegate) && !has(approvals[0].delegate)", true),
            ("card.owner == null && !has(card.owner)", true), ("has(card.digest)", true),
            ("approvals[1].comment == 'late'", true), ("'risk' in approvals.map(a, a.role)", true),
            ("card.digest.matches('^[0-9a-f]{2}$')", true), ("int(rate * 100.0) == 34", true),
            ("string(tier) + '/' + string(rate) == '3/427/1227'", true), ("tier > 3", false),
        ])
    func `conditions over facts`(_ text: String, _ holds: Bool) throws {
        let evaluation = try evaluate(text)
        #expect(try evaluation.result.get() == .bool(holds), "\(text)")
        #expect(evaluation.holds == holds)
    }

    @Test(
        arguments: [
            ("tier < 3 || size(roles) == 2", ["tier": 3, "size(roles)": 2]),
            ("tier == 3 || size(roles) == 2", ["tier": 3]),
            (
                "roles.exists(r, r == 'validator')",
                ["size(roles)": 2, "roles[0]": "developer", "roles[1]": "validator"]
            ),
            (
                "approvals.filter(a, a.valid).all(a, a.role == 'validator')",
                [
                    "size(approvals)": 2, "approvals[0].valid": true, "approvals[1].valid": false,
                    "approvals[0].role": "validator",
                ]
            ),
            ("has(card.successor)", ["has(card.successor)": false]),
            ("labels['stage'] == 'x'", [#"labels["stage"]"#: "canary"]),
            ("rate > 0.5", ["rate": "427/1227"]), ("[1, 2].exists(x, x > 1)", [:]),
            ("'a' in roles", ["roles": ["developer", "validator"]]),
            ("approvals[tier - 2].valid", ["tier": 3, "approvals[1].valid": false]),
        ] as [(String, [String: JSON])])
    func `the facts that were read are named with their values`(
        _ text: String, _ values: [String: JSON]
    ) throws {
        let evaluation = try evaluate(text)
        #expect(evaluation.values == values, "\(text)")
        #expect(evaluation.usesAreComplete)
    }

    @Test(
        arguments: [
            ("card.successor == 'x'", .noSuchField), ("approvals[0].delegate == 'x'", .noSuchField),
            ("labels.region == 'eu'", .noSuchKey), ("card.owner + 'x' == 'x'", .noMatchingOverload),
            ("card.owner < 'x'", .noMatchingOverload),
            ("size(card.owner) > 0", .noMatchingOverload),
            ("approvals[7].valid", .outOfBounds), ("int(card.digest) > 0", .invalidArgument),
            ("now + duration('999999h') > now && false || 1 / 0 > 0", .divideByZero),
            ("roles[0].matches('d') && card.owner.startsWith('x')", .noMatchingOverload),
            ("now.getHours(card.digest) > 0", .invalidArgument),
        ] as [(String, CELError.Code)])
    func `what is not there is an error, and an error does not hold`(
        _ text: String, _ code: CELError.Code
    ) throws {
        let evaluation = try evaluate(text)
        #expect(!evaluation.holds)
        guard case .failure(let error) = evaluation.result else {
            Issue.record("\(text) has a value")
            return
        }
        #expect(error.code == code, "\(text)")
    }

    @Test func `the missing fact is named with its path`() throws {
        guard case .failure(let error) = try evaluate("approvals[0].delegate == 'x'").result else {
            Issue.record("a value")
            return
        }
        #expect(error.message == "The fact approvals[0].delegate is missing.")
        #expect(error.position == CELPosition(line: 1, column: 14))
    }

    @Test(
        arguments: [
            ("tier", "three", "type"), ("tier", "3", "type"), ("now", "yesterday", "type"),
            ("rate", "a half", "type"), ("roles", ["a", 1], "type"), ("card", [:], "missing"),
            ("age", .null, "type"), ("unheard", 1, "unknown"),
        ] as [(String, JSON, String)])
    func `facts of another shape are never evaluated`(
        _ name: String, _ value: JSON, _ code: String
    ) throws {
        var members = try #require(facts.object)
        #expect(throws: Never.self) { try CELBinding(.object(members), gate) }
        members[name] = value
        let error = #expect(throws: JSONFindings.self) { try CELBinding(.object(members), gate) }
        #expect(error?.findings.first?.code == code)
    }

    @Test func `texts are compared code point by code point`() throws {
        #expect(try value(#"'\u00e9' == 'e\u0301'"#) == false)
        #expect(try value(#"size('e\u0301')"#) == 2)
        #expect(try value(#"'e\u0301'.startsWith('e')"#) == true)
        #expect(try value(#"{'\u00e9': 1, 'e\u0301': 2}['e\u0301']"#) == 2)
        #expect(try value(#"'\uffff' < '\U00010000'"#) == true)
    }

    @Test(
        arguments: [
            ("0.1 + 0.2", "0.3"), ("1.0 / 3.0", "1/3"), ("1.0 / 3.0 * 3.0", "1"),
            ("-0.5 - 0.25", "-0.75"), ("decimal('0.80') == 0.8", true), ("decimal(2) / 4.0", "0.5"),
            ("string(0.10)", "0.1"), ("int(2.9)", 2), ("int(-2.9)", -2), ("-(0.5) < 0.0", true),
            ("1e-3", "0.001"), ("decimal('1/3') < 0.3334", true), ("bool('true')", true),
            ("int('-12')", -12), ("string(duration('1.5h'))", "5400s"),
            ("string(duration('-250ms'))", "-0.25s"),
            ("timestamp(0)", "1970-01-01T00:00:00Z"),
            ("timestamp('2026-03-01T00:30:00+01:00')", "2026-02-28T23:30:00Z"),
            ("timestamp(951782400).getDate()", 29), ("timestamp(-1).getSeconds()", 59),
            ("timestamp('0001-01-01T00:00:00Z').getDayOfWeek()", 1),
            ("timestamp('1969-12-31T23:59:59.5Z')", "1969-12-31T23:59:59.5Z"),
            ("timestamp('2024-12-31T00:00:00Z').getDayOfYear()", 365),
        ] as [(String, JSON)])
    func `decimals and times are exact`(_ text: String, _ expected: JSON) throws {
        #expect(try value(text) == expected)
    }

    @Test(
        arguments: [
            ("1.0 / 0.0", .divideByZero), ("1e30 * 1e30", .overflow), ("int(1e20)", .overflow),
            ("1e-30 * 1e-30", .overflow), ("int('1.5')", .invalidArgument),
            ("bool('yes')", .invalidArgument), ("timestamp(253402300800)", .overflow),
        ] as [(String, CELError.Code)])
    func `what no exact value can show is an error`(_ text: String, _ code: CELError.Code) {
        let error = #expect(throws: CELError.self) { try value(text) }
        #expect(error?.code == code)
    }
}
