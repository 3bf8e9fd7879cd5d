// What the floor accepts in the place of a check: a condition in CEL that implies it, read off its form.
//
// A condition is a conjunction, A && B && C; it makes a check when its parts include every part that
// the check consists of, as written here. More parts make it stricter and never weaker, whatever
// they are: && is false when one side is, even if another is an error. So a pack may tighten what the
// floor demands and cannot bend it, and whoever reads the pack reads the real condition. Nothing is
// guessed: an equivalent spelling that is not the one below does not count, and the pack is refused
// with the spelling wanted. Names of macro variables do not matter.
//
// ROLES stands for a list of strings out of those that the floor allows, LIMIT for a whole number
// from 0 to 100,000, SKEW for a duration of at most an hour. Worked example: the condition
//
//     fold.lagEntries <= 50 && fold.healthy && fold.lagEntries >= 0 && tier < 3
//
// makes fold-fresh; fold.healthy && fold.lagEntries <= 50 does not, for its second part is missing.

internal import Expressions

/// Conditions that make a check of the floor.
enum FloorCondition {
    /// By the name of the check. What a language cannot verify has no condition here: distinct persons
    /// in every place of a quorum, and what counts as an evaluation.
    static let texts: [String: String] = [
        "policy-active": """
        policy.signed && policy.digest == policy.activeDigest && policy.digest == pack.digest
            && pack.effectiveFrom <= now
        """,
        "artifact-bytes": "artifact.presentedDigest == artifact.approvedDigest",
        "artifact-signature": """
        artifact.signature.verified && size(artifact.signature.findings) == 0
            && artifact.signature.signer != ""
            && artifact.signature.signerRoles.exists(r, r in ROLES)
        """,
        "card-complete": "size(card.missing) == 0",
        "card-valid": "size(card.findings) == 0",
        "submitter-entitled": "submitter.roles.exists(r, r in ROLES)",
        "requester-entitled": "requester.roles.exists(r, r in ROLES)",
        "not-retired": "restrictions.all(r, r.kind != \"retirement\")",
        "no-active-deployment": "size(activeDeployments) == 0",
        "snapshots-fresh": "snapshots.all(s, !s.overdue)",
        "not-seen-running": "snapshots.all(s, !s.runs)",
        "fold-fresh": "fold.healthy && fold.lagEntries >= 0 && fold.lagEntries <= LIMIT",
        "statement-verified": "statement.verified && size(statement.problems) == 0",
        "request-open": "request.open",
        "statement-answers-request": """
        statement.request == request.id && statement.nonce == request.nonce
            && size(request.nonce) > 0 && statement.version == model + "@" + string(version)
        """,
        "signer-not-submitter": """
        statement.person != submitter.person && !(statement.person in submitter.linked)
        """,
        "role-held-before-submission": """
        signer.roles.exists(r, r.role == statement.role && r.since < request.submittedAt)
        """,
        "statement-digests": """
        statement.digests.card == card.digest
            && statement.digests.artifact == artifact.approvedDigest
            && statement.digests.evidence == evidence.digest
            && statement.digests.policy == policy.requestDigest
        """,
        "one-statement-per-person": """
        statement.meaning in ["approve", "reject", "withdraw"]
            && (statement.meaning == "withdraw"
                ? priorStatements.exists(s, s.person == statement.person
                    && s.digest == statement.prior)
                : priorStatements.all(s, s.person != statement.person))
        """,
        "statement-unexpired": """
        statement.signedAt <= now + duration(SKEW) && statement.signedAt < statement.expiresAt
            && statement.expiresAt > now
        """,
    ]

    /// Every text, read.
    private static let parsed: [String: CELSyntax] = texts.compactMapValues {
        try? CELParser.parse($0)
    }

    /// The checks of the floor that a condition makes, by name in order.
    static func checks(madeBy condition: CELSyntax, at gate: Gate) -> [String] {
        let parts = condition.conjuncts
        return PackFloor.every(gate).filter { name in
            guard let wanted = parsed[name] else { return false }
            let roles = PackFloor.roles[name] ?? []
            return wanted.conjuncts.allSatisfy { pattern in
                parts.contains { FloorMatcher(roles: roles).matches($0, pattern, [:]) }
            }
        }.sorted()
    }

    /// How to state a check as a condition; empty where that cannot be done.
    static func advice(_ name: String) -> String {
        guard let text = parsed[name]?.description else { return " Use `check: \(name)`." }
        return " Use `check: \(name)`, or a condition with these parts: \(text)"
    }
}

/// Compares an expression with one of the texts above.
private struct FloorMatcher {
    /// What ROLES may consist of.
    let roles: Set<String>

    private static let longestSkew: Int64 = 3_600
    private static let largestLimit: Int64 = 100_000

    /// Whether the expression says what the pattern says; `names` are the variables of macros around
    /// it, the pattern's to the expression's.
    func matches(_ part: CELSyntax, _ pattern: CELSyntax, _ names: [String: String]) -> Bool {
        switch (part.kind, pattern.kind) {
        case (.list(let elements), .name("ROLES")): return areRoles(elements)
        case (.literal(.int(let value)), .name("LIMIT")):
            return (0...Self.largestLimit).contains(value)
        case (.literal(.string(let text)), .name("SKEW")):
            guard let span = CELSpan(text.string), let longest = CELSpan("\(Self.longestSkew)s"),
                let none = CELSpan("0s")
            else { return false }
            return none <= span && span <= longest
        case (.name(let name), .name(let wanted)):
            // A macro's variable is nobody else's, and what it hides is not meant.
            return names[wanted].map { $0 == name }
                ?? (name == wanted && !names.values.contains(name))
        case (
            .macro(let macro, let range, let variable, nil, let body),
            .macro(let wanted, let wantedRange, let wantedVariable, nil, let wantedBody)
        ):
            var inner = names
            inner[wantedVariable] = variable
            return macro == wanted && matches(range, wantedRange, names)
                && matches(body, wantedBody, inner)
        default:
            let (parts, patterns) = (part.parts, pattern.parts)
            return part.operation == pattern.operation && parts.count == patterns.count
                && zip(parts, patterns).allSatisfy { matches($0, $1, names) }
        }
    }

    private func areRoles(_ elements: [CELSyntax]) -> Bool {
        !elements.isEmpty
            && elements.allSatisfy { element in
                guard case .literal(.string(let role)) = element.kind else { return false }
                return roles.contains(role.string)
            }
    }
}
