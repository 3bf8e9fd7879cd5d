// Checks on what restricts a version: what either the rows or the gate's own fold shows restricts
// (I6), whatever its kind is called.

internal import CanonicalJSON

let restrictionChecks: [Check] = [
    Check(
        "no-restriction", gates: [.deploy], values: ["restrictions.blocking"]
    ) { context throws(UnknownFact) in
        var blocking: [String] = []
        for restriction in try context.facts.fact("restrictions").list() {
            let kind = try restriction.fact("kind").string()
            guard kind != "retirement" else { continue }
            blocking.append(try describe(restriction))
            context.need(
                remedy(kind), ["kind": .string(kind), "id": try restriction.fact("id").value])
        }
        // An objection restricts even if nobody has drawn the consequence yet.
        for approval in try context.facts.fact("approvals").list() {
            let meaning = try approval.fact("meaning").string()
            guard meaning != ApprovalMeaning.approve.rawValue else { continue }
            let digest = try approval.fact("digest").string()
            blocking.append("\(meaning) \(digest) (statement)")
            if let changes = approval.optional("changes") {
                context.need(
                    "new-version",
                    ["statement": .string(digest), "changes": .string(try changes.string())])
            } else {
                context.need("new-version", .string(digest))
            }
        }
        context.note("restrictions.blocking", blocking)
        return blocking.isEmpty ? .pass : .fail
    },

    Check(
        "not-retired", gates: [.deploy, .retire], values: ["restrictions.blocking"]
    ) { context throws(UnknownFact) in
        var blocking: [String] = []
        for restriction in try context.facts.fact("restrictions").list() {
            guard try restriction.fact("kind").string() == "retirement" else { continue }
            blocking.append(try describe(restriction))
        }
        context.note("restrictions.blocking", blocking)
        return blocking.isEmpty ? .pass : .fail
    },

    Check(
        "no-active-deployment", gates: [.retire], values: ["deployments.active"]
    ) { context throws(UnknownFact) in
        var active: [String] = []
        for deployment in try context.facts.fact("activeDeployments").list() {
            let environment = try deployment.fact("environment").string()
            let id = try deployment.fact("id").string()
            active.append("\(environment) (\(id))")
            context.need("undeploy", ["environment": .string(environment), "id": .string(id)])
        }
        context.note("deployments.active", active)
        return active.isEmpty ? .pass : .fail
    },
]

/// What would end a restriction; for what nothing ends, what there is to do instead.
private func remedy(_ kind: String) -> String {
    switch RestrictionFact.Kind(rawValue: kind) {
    case .suspension: "lift"
    case .hold: "release"
    case .finding: "finding-closure"
    case .rejection, .withdrawal, .changesRequested, .retirement: "new-version"
    case .alarm: "audit"
    case .breakGlass: "halt"
    case .revocation, .incident, nil: "end"
    }
}

/// `suspension 5b1c (log)`: kind, identity, and which of rows and log shows it.
private func describe(_ restriction: FactReader) throws(UnknownFact) -> String {
    let kind = try restriction.fact("kind").string()
    let id = try restriction.fact("id").string()
    return "\(kind) \(id) (\(try restriction.fact("source").string()))"
}
