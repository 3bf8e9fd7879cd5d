// What a gate is told, as types: whoever gathers facts cannot misspell one. A part that could not
// be gathered is nil and absent from the document, and every rule that needs it denies with its
// name.
//
// The document is the `json` of one of the four structs; docs/reference/policy-pack.md lists it
// member by member. Times are RFC 3339 with milliseconds, digests lowercase hex, fractions "n/d",
// tiers 1, 2, 3 or "prohibited".

package import CanonicalJSON
package import Cryptography

/// What the deploy gate is told.
package struct DeployFacts: Sendable, Hashable {
    package var version: VersionReference
    package var tier: Tier?
    package var card: CardFact?
    package var artifact: ArtifactFact?
    /// Digest of the evidence set as it is now.
    package var evidence: SHA256Digest?
    package var requester: HolderFact?
    package var environment: EnvironmentName?
    /// What the model is to be used for; needed where an approval is limited to uses.
    package var use: UseName?
    /// All statements on the present approval request, objections included.
    package var approvals: [ApprovalFact]?
    package var evaluations: [EvaluationFact]?
    /// The union of what the rows and the gate's own fold of the log show (I6).
    package var restrictions: [RestrictionFact]?
    /// Open findings, whether they restrict or not.
    package var findings: [FindingFact]?
    /// What came in as legacy with these bytes in this environment; nil when nothing did.
    package var legacy: LegacyFact?
    /// Rules that somebody wants to be set aside; nil for none.
    package var waivers: [WaiverFact]?
    /// Emergencies in this environment whose time is not over; nil for none.
    package var breakGlass: [BreakGlassFact]?
    /// How the tier came about; nil where nobody asks and nobody has signed anything.
    package var tierDetermination: TierFact?
    package var activeDeployments: [DeploymentFact]?
    package var submitter: SubmitterFact?
    package var fold: FoldFact?
    package var policy: PolicyFact?

    package init(version: VersionReference) { self.version = version }

    /// The facts document.
    package var json: JSON {
        .facts([
            "model": .text(version.model), "version": .integer(version.number),
            "tier": tier?.json, "card": card?.json, "artifact": artifact?.json,
            "evidence": evidence.map { ["digest": .string($0.hex)] }, "requester": requester?.json,
            "environment": environment.map(JSON.text), "use": use.map(JSON.text),
            "approvals": .list(approvals?.map(\.json)),
            "evaluations": .list(evaluations?.map(\.json)),
            "restrictions": .list(restrictions?.map(\.json)),
            "findings": .list(findings?.map(\.json)), "legacy": legacy?.json,
            "waivers": .list(waivers?.map(\.json)),
            "breakGlass": .list(breakGlass?.map(\.json)),
            "tierDetermination": tierDetermination?.json,
            "activeDeployments": .list(activeDeployments?.map(\.json)),
            "submitter": submitter?.json, "fold": fold?.json, "policy": policy?.json,
        ])
    }
}

/// What the submit gate is told; the version has no number yet.
package struct SubmitFacts: Sendable, Hashable {
    package var model: ModelName
    package var tier: Tier?
    package var card: CardFact?
    package var artifact: ArtifactFact?
    package var submitter: HolderFact?
    package var policy: PolicyFact?

    package init(model: ModelName) { self.model = model }

    /// The facts document.
    package var json: JSON {
        .facts([
            "model": .text(model), "tier": tier?.json, "card": card?.json,
            "artifact": artifact?.json, "submitter": submitter?.json, "policy": policy?.json,
        ])
    }
}

/// What the approve gate is told when a statement is to be recorded.
package struct ApproveFacts: Sendable, Hashable {
    package var version: VersionReference
    package var tier: Tier?
    package var card: CardFact?
    package var artifact: ArtifactFact?
    /// Digest of the evidence set as it is now.
    package var evidence: SHA256Digest?
    package var policy: PolicyFact?
    package var request: RequestFact?
    package var statement: StatementFact?
    /// The roles that the signer holds in the namespace, each with the moment since when: the later
    /// of the assignment's beginning and its entry in the log, so that it cannot be dated back.
    package var signerRoles: [HeldRole]?
    package var submitter: SubmitterFact?
    /// Statements already recorded on this request.
    package var priorStatements: [PriorStatement]?
    /// How the tier came about; nil where nobody asks and nobody has signed anything.
    package var tierDetermination: TierFact?

    package init(version: VersionReference) { self.version = version }

    /// A role and since when it is held.
    package struct HeldRole: Sendable, Hashable {
        package var role: Role
        package var since: Timestamp

        package init(role: Role, since: Timestamp) {
            self.role = role
            self.since = since
        }
    }

    /// A statement that was recorded before.
    package struct PriorStatement: Sendable, Hashable {
        package var digest: SHA256Digest
        package var person: PrincipalID
        package var meaning: ApprovalMeaning

        package init(digest: SHA256Digest, person: PrincipalID, meaning: ApprovalMeaning) {
            self.digest = digest
            self.person = person
            self.meaning = meaning
        }
    }

    /// The facts document.
    package var json: JSON {
        let roles = signerRoles?.map { held -> JSON in
            ["role": .text(held.role), "since": .text(held.since)]
        }
        let priors = priorStatements?.map { prior -> JSON in
            [
                "digest": .string(prior.digest.hex), "person": .text(prior.person),
                "meaning": .string(prior.meaning.rawValue),
            ]
        }
        return .facts([
            "model": .text(version.model), "version": .integer(version.number),
            "tier": tier?.json, "card": card?.json, "artifact": artifact?.json,
            "evidence": evidence.map { ["digest": .string($0.hex)] }, "policy": policy?.json,
            "request": request?.json, "statement": statement?.json,
            "signer": roles.map { ["roles": .array($0)] }, "submitter": submitter?.json,
            "priorStatements": .list(priors), "tierDetermination": tierDetermination?.json,
        ])
    }
}

/// What the retire gate is told.
package struct RetireFacts: Sendable, Hashable {
    package var version: VersionReference
    package var tier: Tier?
    /// `presentedDigest` is computed from the file list that the signature covers.
    package var artifact: ArtifactFact?
    package var requester: HolderFact?
    package var restrictions: [RestrictionFact]?
    /// Rules that somebody wants to be set aside; nil for none.
    package var waivers: [WaiverFact]?
    package var activeDeployments: [DeploymentFact]?
    /// What was last seen to run in the environments that concern the version.
    package var snapshots: [SnapshotFact]?
    package var reason: String?
    package var fold: FoldFact?
    package var policy: PolicyFact?

    package init(version: VersionReference) { self.version = version }

    /// The facts document.
    package var json: JSON {
        .facts([
            "model": .text(version.model), "version": .integer(version.number),
            "tier": tier?.json, "artifact": artifact?.json, "requester": requester?.json,
            "restrictions": .list(restrictions?.map(\.json)),
            "waivers": .list(waivers?.map(\.json)),
            "activeDeployments": .list(activeDeployments?.map(\.json)),
            "snapshots": .list(snapshots?.map(\.json)),
            "reason": reason.map(JSON.string), "fold": fold?.json, "policy": policy?.json,
        ])
    }
}

extension JSON {
    /// An object of those members that are known.
    static func facts(_ members: [String: JSON?]) -> JSON {
        .object(members.compactMapValues { $0 })
    }

    /// An array, when there is one.
    static func list(_ elements: [JSON]?) -> JSON? { elements.map(JSON.array) }
}
