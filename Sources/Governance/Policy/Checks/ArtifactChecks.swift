// Checks on the thing itself: its bytes, its signature, its card, its tier.

internal import CanonicalJSON
internal import Cryptography

let artifactChecks: [Check] = [
    Check(
        "artifact-bytes", gates: [.deploy, .retire],
        values: ["artifact.approvedDigest", "artifact.presentedDigest"]
    ) { context throws(UnknownFact) in
        let approved = try context.use("artifact.approvedDigest").digest()
        let presented = try context.use("artifact.presentedDigest").digest()
        guard approved != presented else { return .pass }
        context.need("artifact", .string(approved.hex))
        return .fail
    },

    Check(
        "artifact-signature", gates: [.submit, .deploy, .retire], parameters: [.roles],
        values: [
            "artifact.signature.verified", "artifact.signature.findings",
            "artifact.signature.signer", "artifact.signature.signerRoles", "problems",
        ]
    ) { context throws(UnknownFact) in
        let verified = try context.use("artifact.signature.verified").bool()
        var problems = try context.use("artifact.signature.findings").strings()
        if verified {
            _ = try context.use("artifact.signature.signer").string()
            let held = try context.use("artifact.signature.signerRoles").strings()
            if Set(held).isDisjoint(with: context.roles) { problems.append("signer-not-entitled") }
        } else if problems.isEmpty {
            problems.append("not-verified")
        }
        context.note("problems", problems)
        guard !problems.isEmpty || !verified else { return .pass }
        context.need("artifact-signature", .array(context.roles.map(JSON.string)))
        return .fail
    },

    // Whoever wants to use the bytes says what lies beside them. Who says nothing has only the digest
    // to show, and that covers every file but those that the caller called signatures.
    Check(
        "nothing-uncovered", gates: [.deploy], parameters: [.allowedPaths], values: ["uncovered"]
    ) { context throws(UnknownFact) in
        guard let found = context.facts.optional("artifact.uncovered") else { return .pass }
        let allowed = context.parameters[.allowedPaths]?.array?.compactMap(\.string) ?? []
        var refused: [String] = []
        for gap in try found.list() {
            let path = try gap.fact("path").string()
            let reason = try gap.fact("reason").string()
            // What a link leads to can be anything, whatever the link is called.
            let isFile = reason != "symbolic-link" && reason != "special-file"
            if !isFile || !allowed.contains(where: { PathPattern($0).matches(path) }) {
                refused.append(path)
            }
        }
        context.note("uncovered", refused)
        return refused.isEmpty ? .pass : .fail
    },

    Check(
        "card-complete", gates: [.submit, .deploy], values: ["card.digest", "card.missing"]
    ) { context throws(UnknownFact) in
        _ = try context.use("card.digest").digest()
        let missing = try context.use("card.missing").strings()
        for field in missing { context.need("card-field", .string(field)) }
        return missing.isEmpty ? .pass : .fail
    },

    Check(
        "card-valid", gates: [.submit], values: ["card.digest", "card.findings"]
    ) { context throws(UnknownFact) in
        _ = try context.use("card.digest").digest()
        return try context.use("card.findings").strings().isEmpty ? .pass : .fail
    },

    Check(
        "tier-allowed", gates: [.submit, .approve, .deploy], values: ["model", "tier"]
    ) { context throws(UnknownFact) in
        _ = try context.use("model").string()
        return try context.use("tier").tier() == .prohibited ? .fail : .pass
    },
]
