// What the tests of expressions share.

import CanonicalJSON
import Testing

@testable import Expressions

/// Facts as a gate might have them.
let approval = CELRecordType(
    "approval",
    [
        CELField("role", .string), CELField("valid", .bool), CELField("signed", .timestamp),
        CELField("comment", .nullable(.string)), CELField("delegate", .string, isOptional: true),
    ])

let gate = CELEnvironment([
    CELField("tier", .int), CELField("rate", .decimal), CELField("now", .timestamp),
    CELField("age", .duration), CELField("roles", .list(.string)),
    CELField("approvals", .list(.record(approval))), CELField("labels", .map(.string, .string)),
    CELField(
        "card",
        .record(
            CELRecordType(
                "card",
                [
                    CELField("owner", .nullable(.string)), CELField("digest", .string),
                    CELField("successor", .string, isOptional: true),
                ]))),
])

let facts: JSON = [
    "tier": 3, "rate": "427/1227", "now": "2026-02-01T00:00:00.000Z", "age": "36h",
    "roles": ["developer", "validator"],
    "approvals": [
        ["role": "validator", "valid": true, "signed": "2026-01-01T00:00:00Z", "comment": .null],
        [
            "role": "risk", "valid": false, "signed": "2026-01-02T00:00:00Z", "comment": "late",
            "delegate": "p-1",
        ],
    ],
    "labels": ["stage": "canary"],
    "card": ["owner": .null, "digest": "ab"],
]

/// Evaluates over the facts of the gate.
func evaluate(_ text: String, limit: Int = CELLimits.cost) throws -> CELEvaluation {
    try CELProgram(text, in: gate).evaluate(CELBinding(facts, gate), costLimit: limit)
}

/// The value of an expression without variables, as JSON.
func value(_ text: String) throws -> JSON {
    let none = CELEnvironment([])
    return try CELProgram(text, in: none).evaluate(CELBinding([:], none)).result.get().json
}

/// The fault that loading an expression ends with.
func fault(_ text: String, in environment: CELEnvironment = gate) -> CELFault? {
    do throws(CELFault) {
        _ = try CELProgram(text, in: environment)
        return nil
    } catch {
        return error
    }
}
