// Checks on an approval statement at the moment when it is recorded.

internal import CanonicalJSON
internal import Cryptography

let statementChecks: [Check] = [
    Check(
        "statement-verified", gates: [.approve], values: ["statement.verified", "problems"]
    ) { context throws(UnknownFact) in
        let verified = try context.use("statement.verified").bool()
        var problems = try context.facts.fact("statement.problems").strings()
        if !verified, problems.isEmpty { problems = ["not-verified"] }
        context.note("problems", problems)
        return problems.isEmpty ? .pass : .fail
    },

    Check(
        "request-open", gates: [.approve], values: ["request.id", "request.open"]
    ) { context throws(UnknownFact) in
        _ = try context.use("request.id").string()
        return try context.use("request.open").bool() ? .pass : .fail
    },

    Check(
        "statement-answers-request", gates: [.approve],
        values: [
            "request.id", "request.nonce", "model", "version", "statement.request",
            "statement.nonce", "statement.version",
        ]
    ) { context throws(UnknownFact) in
        let id = try context.use("request.id").string()
        let nonce = try context.use("request.nonce").string()
        let model = try context.use("model").string()
        let version = try context.use("version").integer()
        let signed = [
            try context.use("statement.request").string(),
            try context.use("statement.nonce").string(),
            try context.use("statement.version").string(),
        ]
        return signed == [id, nonce, "\(model)@\(version)"] && !nonce.isEmpty ? .pass : .fail
    },

    Check(
        "signer-not-submitter", gates: [.approve],
        values: ["statement.person", "submitter.person", "submitter.linked"]
    ) { context throws(UnknownFact) in
        let person = try context.use("statement.person").string()
        let submitter = try context.use("submitter.person").string()
        let linked = try context.use("submitter.linked").strings()
        let delegator = try context.facts.fact("statement").optional("delegation")?
            .fact("person").string()
        let persons = [person] + (delegator.map { [$0] } ?? [])
        return persons.allSatisfy { !(linked + [submitter]).contains($0) } ? .pass : .fail
    },

    // A role gained after submission does not count: else the submitter's friends are appointed
    // then.
    Check(
        "role-held-before-submission", gates: [.approve],
        values: ["statement.principal", "statement.role", "signer.roles", "request.submittedAt"]
    ) { context throws(UnknownFact) in
        _ = try context.use("statement.principal").string()
        let role = try context.use("statement.role").role()
        let submitted = try context.use("request.submittedAt").time()
        for held in try context.use("signer.roles").list()
        where try held.fact("role").role() == role {
            if try held.fact("since").time() < submitted { return .pass }
        }
        return .fail
    },

    Check(
        "role-in-quorum", gates: [.approve],
        values: ["tier", "statement.role", "statement.meaning"]
    ) { context throws(UnknownFact) in
        let tier = try context.use("tier").tier()
        let role = try context.use("statement.role").role()
        // Anybody who may approve something may object to anything.
        switch try meaning(&context) {
        case .approve:
            return context.pack.approvals[tier]?.places.contains(role) == true ? .pass : .fail
        case .reject, .requestChanges, .withdraw: return role.mayApprove ? .pass : .fail
        }
    },

    Check(
        "statement-digests", gates: [.approve],
        values: Set(["differing"] + presentDigests.map(\.fact))
    ) { context throws(UnknownFact) in
        var differing: [String] = []
        for (name, present) in presentDigests {
            let now = try context.use(present).digest()
            let signed = try context.use("statement.digests.\(name)").digest()
            if now != signed { differing.append(name) }
        }
        context.note("differing", differing)
        return differing.isEmpty ? .pass : .fail
    },

    Check(
        "one-statement-per-person", gates: [.approve],
        values: ["statement.person", "statement.meaning", "request.id", "earlier"]
    ) { context throws(UnknownFact) in
        let person = try context.use("statement.person").string()
        _ = try context.use("request.id").string()
        var earlier: [String] = []
        for prior in try context.facts.fact("priorStatements").list()
        where try prior.fact("person").string() == person {
            earlier.append(try prior.fact("digest").string())
        }
        context.note("earlier", earlier)
        switch try meaning(&context) {
        case .approve, .reject, .requestChanges: return earlier.isEmpty ? .pass : .fail
        case .withdraw:
            // Only one's own statement can be withdrawn, and the withdrawal names it.
            let prior = try context.facts.optional("statement.prior")?.string()
            return prior.map(earlier.contains) == true ? .pass : .fail
        }
    },

    Check(
        "statement-unexpired", gates: [.approve], parameters: [.clockSkewSeconds],
        values: ["statement.signedAt", "statement.expiresAt"]
    ) { context throws(UnknownFact) in
        let signed = try context.use("statement.signedAt").time()
        let expires = try context.use("statement.expiresAt").time()
        let holds =
            signed <= context.latestClaim && signed < expires && expires > context.now
        return holds ? .pass : .fail
    },
]

private func meaning(_ context: inout CheckContext) throws(UnknownFact) -> ApprovalMeaning {
    let fact = try context.use("statement.meaning")
    guard let meaning = ApprovalMeaning(rawValue: try fact.string()) else {
        throw UnknownFact(name: fact.path)
    }
    return meaning
}
