// The check that somebody entitled has put a version into its tier.
//
// It applies from a tier on, which the rule states: to versions whose tier is that one or stricter, and to
// those that would come down from such a tier. A card that understates what it is escapes by that as little
// as by stating a lower tier.

internal import CanonicalJSON

let tierChecks = [
    Check(
        "tier-determined", gates: [.approve, .deploy], parameters: [.fromTier],
        values: [
            "tier", "tierDetermination", "determined.by", "determined.problems",
            "determined.lacking",
        ], judgeTier)
]

private func judgeTier(_ context: inout CheckContext) throws(UnknownFact) -> CheckOutcome {
    let tier = try context.use("tier").tier()
    let known = try context.use("tierDetermination")
    let former = try known.optional("former.tier")?.tier()
    let isSigned = try known.fact("signed").bool()
    var signers: [String] = []
    var problems: [String] = []
    var holds = false
    if isSigned {
        for signer in try known.fact("signers").list() {
            let principal = try signer.fact("principal").string()
            signers.append("\(principal) as \(try signer.fact("role").role())")
        }
        problems = try known.fact("problems").strings()
        holds = try known.fact("determined").tier() == tier && problems.isEmpty
    }
    context.note("determined.by", signers)
    context.note("determined.problems", problems)
    context.note("determined.lacking", [])
    guard max(tier, former ?? tier).rawValue >= context.fromTier else { return .notApplicable }
    if holds, !signers.isEmpty { return .pass }
    // What is missing is a statement of a validator, or of all who have to agree to less.
    var roles = [Role.validator]
    if let former, former > tier {
        let places = context.pack.approvals[former]?.places ?? []
        roles = places.contains(.validator) ? places : places + roles
    }
    context.note("determined.lacking", roles.map(\.rawValue))
    context.need(
        "tier-determination",
        ["roles": .array(roles.map { .string($0.rawValue) }), "tier": tier.json])
    return .fail
}
