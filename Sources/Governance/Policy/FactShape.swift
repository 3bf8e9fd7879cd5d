// Which facts exist at each gate. A member that is not listed here makes the decision deny: nobody
// may add a fact that rules do not know, and believe that it was taken into account (I7).

internal import CanonicalJSON

/// The members that a value among the facts may have.
indirect enum FactShape: Sendable {
    case value
    case object([String: FactShape])
    case list(FactShape)

    /// The facts of a gate.
    static func facts(of gate: Gate) -> FactShape {
        switch gate {
        case .submit: submit
        case .approve: approve
        case .deploy: deploy
        case .retire: retire
        }
    }

    /// Dotted paths of members that are not part of the shape, in order.
    func unknown(in json: JSON) -> [String] {
        fits(json) ? [] : unknown(in: json, at: "")
    }

    /// Whether there are none: the common case, and much the quicker question.
    private func fits(_ json: JSON) -> Bool {
        switch (self, json) {
        case (.object(let known), .object(let members)):
            members.allSatisfy { name, value in known[name]?.fits(value) == true }
        case (.list(let shape), .array(let elements)): elements.allSatisfy(shape.fits)
        case (.value, .object), (.value, .array): false
        default: true
        }
    }

    private func unknown(in json: JSON, at path: String) -> [String] {
        func joined(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
        switch (self, json) {
        case (.object(let known), .object(let members)):
            return members.keys.sorted(by: bytesPrecede).flatMap { name -> [String] in
                guard let shape = known[name], let value = members[name] else {
                    return [joined(name)]
                }
                return shape.unknown(in: value, at: joined(name))
            }
        case (.list(let shape), .array(let elements)):
            return elements.enumerated().flatMap { shape.unknown(in: $1, at: joined(String($0))) }
        case (.value, .object), (.value, .array):
            return [path]
        default:
            return []
        }
    }

    private static func object(_ names: String..., with more: [String: FactShape] = [:])
        -> FactShape
    {
        let values = Dictionary(uniqueKeysWithValues: names.map { ($0, FactShape.value) })
        return .object(values.merging(more) { _, shape in shape })
    }

    private static let values = FactShape.list(.value)
    private static let digests = object("card", "artifact", "evidence", "policy")
    private static let holder = object("principal", "person", with: ["roles": values])
    private static let submitter = object("person", "principal", with: ["linked": values])
    private static let policy = object("digest", "activeDigest", "requestDigest", "signed")
    private static let card = object(
        "digest",
        with: [
            "missing": values, "findings": values,
            "fairness": .object([
                "attributes": values,
                "datasets": .list(object("sha256", with: ["sensitive": values])),
            ]),
        ])
    private static let evidence = object("digest")
    private static let fold = object("healthy", "lagEntries")
    private static let artifact = object(
        "approvedDigest", "presentedDigest", "digestSource", "digestStatement",
        with: [
            "signature": object(
                "verified", "signer", "method", "trust", "identity", "issuer", "signedAt",
                "timeSource", "revocation", with: ["signerRoles": values, "findings": values]),
            "uncovered": .list(object("path", "reason")),
            "contradictions": .list(object("field", "card", "header", "path")),
        ])
    private static let restrictions = FactShape.list(object("kind", "id", "source", "reason"))
    private static let findings = FactShape.list(
        object("id", "severity", "blocking", "role", "owner", "dueAt", "source"))
    private static let waivers = FactShape.list(
        object(
            "digest", "rule", "policy", "principal", "person", "role", "signedAt", "expiresAt",
            with: ["problems": values]))
    private static let breakGlass = FactShape.list(
        object(
            "digest", "environment", "artifact", "policy", "incident", "signedAt", "expiresAt",
            with: ["signers": .list(object("principal", "person", "role")), "problems": values]))
    private static let tierDetermination = object(
        "derived", "signed", "statement", "determined", "reason",
        with: [
            "former": object("version", "tier"), "signers": .list(object("principal", "role")),
            "problems": values,
        ])
    private static let deployments = FactShape.list(object("id", "environment"))
    private static let snapshots = FactShape.list(
        object("environment", "takenAt", "overdue", "runs"))
    private static let delegation = object("digest", "delegator", "person")
    private static let approvals = FactShape.list(
        object(
            "digest", "principal", "person", "role", "meaning", "signedAt", "expiresAt", "valid",
            "factor", "changes",
            with: [
                "environments": values, "uses": values, "digests": digests, "problems": values,
                "delegation": delegation,
                "outdated": .list(object("trigger", "since", "reason")),
            ]))
    private static let evaluations = FactShape.list(
        object(
            "digest", "kind", "verified", "recomputed", "artifactDigest", "dataset", "evaluatedAt",
            "signer",
            with: [
                "problems": values,
                "columns": object("label", "prediction", "positive", with: ["groups": values]),
                "measures": .list(
                    object(
                        "measure", "minimumGroupSize", "minimumDenominator", "value", "reason",
                        with: ["columns": values])),
            ]))
    private static let statement = object(
        "verified", "request", "nonce", "version", "principal", "person", "role", "meaning",
        "signedAt", "expiresAt", "prior",
        with: ["problems": values, "digests": digests, "delegation": delegation])

    private static let submit = object(
        "model", "tier",
        with: [
            "card": card, "artifact": artifact,
            "submitter": object("principal", "person", with: ["roles": values]), "policy": policy,
        ])
    private static let approve = object(
        "model", "version", "tier",
        with: [
            "card": card, "artifact": artifact, "evidence": evidence, "policy": policy,
            "request": object("id", "nonce", "open", "submittedAt"), "statement": statement,
            "signer": .object(["roles": .list(object("role", "since"))]),
            "submitter": submitter, "tierDetermination": tierDetermination,
            "priorStatements": .list(object("digest", "person", "meaning")),
        ])
    private static let deploy = object(
        "model", "version", "tier", "environment", "use",
        with: [
            "card": card, "artifact": artifact, "evidence": evidence, "policy": policy,
            "requester": holder, "submitter": submitter, "approvals": approvals,
            "evaluations": evaluations, "restrictions": restrictions, "findings": findings,
            "waivers": waivers, "breakGlass": breakGlass,
            "tierDetermination": tierDetermination,
            "activeDeployments": deployments, "fold": fold,
            "legacy": object("statement", "environment", "dueAt"),
        ])
    private static let retire = object(
        "model", "version", "tier", "reason",
        with: [
            "artifact": artifact, "policy": policy, "requester": holder,
            "restrictions": restrictions, "waivers": waivers, "activeDeployments": deployments,
            "fold": fold,
            "snapshots": snapshots,
        ])
}
