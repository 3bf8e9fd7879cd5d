// Checks on what agents last saw run.

internal import CanonicalJSON

let runningChecks: [Check] = [
    Check(
        "snapshots-fresh", gates: [.retire], values: ["snapshots.overdue"]
    ) { context throws(UnknownFact) in
        try judge(&context, "overdue", need: "snapshot")
    },

    Check(
        "not-seen-running", gates: [.retire], values: ["snapshots.runs"]
    ) { context throws(UnknownFact) in
        try judge(&context, "runs", need: "stop")
    },
]

/// Whether no environment has the mark, and what would help where one has.
private func judge(
    _ context: inout CheckContext, _ mark: String, need kind: String
) throws(UnknownFact) -> CheckOutcome {
    var marked: [String] = []
    for snapshot in try context.facts.fact("snapshots").list()
    where try snapshot.fact(mark).bool() {
        let environment = try snapshot.fact("environment").string()
        marked.append(environment)
        context.need(kind, ["environment": .string(environment)])
    }
    context.note("snapshots.\(mark)", marked)
    return marked.isEmpty ? .pass : .fail
}
