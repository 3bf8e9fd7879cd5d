// Checks on who asks, and on whether the gate itself knows enough to answer.

internal import CanonicalJSON
internal import Cryptography

let accessChecks: [Check] = [
    Check(
        "submitter-entitled", gates: [.submit], parameters: [.roles],
        values: ["submitter.principal", "submitter.roles"]
    ) { context throws(UnknownFact) in
        try holdsRole("submitter", &context)
    },

    Check(
        "requester-entitled", gates: [.deploy, .retire], parameters: [.roles],
        values: ["requester.principal", "requester.roles"]
    ) { context throws(UnknownFact) in
        try holdsRole("requester", &context)
    },

    Check(
        "reason-given", gates: [.retire], parameters: [.minimumLength], values: ["reason.length"]
    ) { context throws(UnknownFact) in
        let reason = try context.facts.fact("reason").string()
        let letters = reason.unicodeScalars.filter { !$0.properties.isWhitespace }
        context.note("reason.length", .integer(Int64(letters.count)))
        let minimum = context.parameters[.minimumLength]?.integer ?? 1
        return letters.count >= minimum ? .pass : .fail
    },

    // I6: a fold that lags beyond a bound denies, because it may not have seen a suspension.
    Check(
        "fold-fresh", gates: [.deploy, .retire], parameters: [.maximumLagEntries],
        values: ["fold.healthy", "fold.lagEntries"]
    ) { context throws(UnknownFact) in
        let healthy = try context.use("fold.healthy").bool()
        let lag = try context.use("fold.lagEntries").integer()
        let bound = context.parameters[.maximumLagEntries]?.integer ?? 0
        return healthy && (0...bound).contains(lag) ? .pass : .fail
    },

    Check(
        "policy-active", gates: [.submit, .approve, .deploy, .retire],
        values: ["policy.signed", "policy.digest", "policy.activeDigest", "pack.effectiveFrom"]
    ) { context throws(UnknownFact) in
        context.note("pack.effectiveFrom", .string(context.pack.effectiveFrom.description))
        let signed = try context.use("policy.signed").bool()
        let digest = try context.use("policy.digest").digest()
        let active = try context.use("policy.activeDigest").digest()
        let holds =
            signed && digest == active && digest == context.pack.digest
            && context.pack.effectiveFrom <= context.now
        return holds ? .pass : .fail
    },
]

private func holdsRole(
    _ who: String, _ context: inout CheckContext
) throws(UnknownFact) -> CheckOutcome {
    _ = try context.use("\(who).principal").string()
    let held = try context.use("\(who).roles").strings()
    guard Set(held).isDisjoint(with: context.roles) else { return .pass }
    context.need("role", .array(context.roles.map(JSON.string)))
    return .fail
}
