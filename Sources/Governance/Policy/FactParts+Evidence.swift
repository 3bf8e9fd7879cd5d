// The parts of facts that are signed evidence: approvals and evaluations.

package import Attestation
package import CanonicalJSON
package import Cryptography
package import Fairness

/// The state that an approval was given for, or that is there now.
package struct SignedDigests: Sendable, Hashable {
    package var card: SHA256Digest
    package var artifact: SHA256Digest
    package var evidence: SHA256Digest
    /// The pack that the version was submitted under.
    package var policy: SHA256Digest

    package init(
        card: SHA256Digest, artifact: SHA256Digest, evidence: SHA256Digest, policy: SHA256Digest
    ) {
        self.card = card
        self.artifact = artifact
        self.evidence = evidence
        self.policy = policy
    }

    /// As a part of the facts document.
    package var json: JSON {
        [
            "card": .hex(card), "artifact": .hex(artifact), "evidence": .hex(evidence),
            "policy": .hex(policy),
        ]
    }
}

/// A statement on the present request, and whether it was made by someone entitled to.
package struct ApprovalFact: Sendable, Hashable {
    /// Digest of the statement's payload.
    package var digest: SHA256Digest
    package var principal: PrincipalID
    /// The natural person behind the principal.
    package var person: PrincipalID
    package var role: Role
    package var meaning: ApprovalMeaning
    package var environments: [EnvironmentName]
    /// Empty: not limited to uses.
    package var uses: [UseName]
    package var digests: SignedDigests
    package var signedAt: Timestamp
    package var expiresAt: Timestamp
    /// Whether `TrustChain` found the signer entitled.
    package var valid: Bool
    /// Codes of everything that is wrong.
    package var problems: [String]
    /// What it was signed with.
    package var factor = SignatureFactor.key
    /// What has to be changed, when that is what the statement says.
    package var changes: String?
    /// For whom it was given; nil for the signer's own.
    package var delegation: DelegationFact?
    /// What has happened since that calls for another look; nil where no pack asks.
    package var outdated: [ReviewDue]?

    package init(
        digest: SHA256Digest, principal: PrincipalID, person: PrincipalID, role: Role,
        meaning: ApprovalMeaning, environments: [EnvironmentName], uses: [UseName],
        digests: SignedDigests, signedAt: Timestamp, expiresAt: Timestamp, valid: Bool,
        problems: [String] = [], changes: String? = nil, delegation: DelegationFact? = nil
    ) {
        self.digest = digest
        self.principal = principal
        self.person = person
        self.role = role
        self.meaning = meaning
        self.environments = environments
        self.uses = uses
        self.digests = digests
        self.signedAt = signedAt
        self.expiresAt = expiresAt
        self.valid = valid
        self.problems = problems
        self.changes = changes
        self.delegation = delegation
    }

    /// As a part of the facts document.
    package var json: JSON {
        .facts([
            "digest": .hex(digest), "principal": .text(principal), "person": .text(person),
            "role": .text(role), "meaning": .string(meaning.rawValue),
            "environments": .texts(environments), "uses": .texts(uses), "digests": digests.json,
            "signedAt": .text(signedAt), "expiresAt": .text(expiresAt), "valid": .bool(valid),
            "problems": .array(problems.map(JSON.string)),
            // A plain key goes without saying, as in all facts from before there was a choice.
            "factor": factor == .key ? nil : .string(factor.rawValue),
            "changes": changes.map(JSON.string), "delegation": delegation?.json,
            "outdated": .list(outdated?.map(\.json)),
        ])
    }
}

/// An evaluation of the version, checked.
package struct EvaluationFact: Sendable, Hashable {
    /// Digest of the statement's payload.
    package var digest: SHA256Digest
    /// `fairness`.
    package var kind: String
    /// Whether the signature is by a key whose holder may sign evaluations.
    package var verified: Bool
    /// Whether every rate follows from the counts.
    package var recomputed: Bool
    /// The artifact that was evaluated.
    package var artifactDigest: SHA256Digest
    /// Digest of the predictions file; nil when the evaluation cannot be read.
    package var dataset: SHA256Digest?
    /// What was read from it; nil when the evaluation cannot be read.
    package var columns: PredictionColumns?
    package var measures: [MeasureFact]
    package var evaluatedAt: Timestamp
    package var signer: PrincipalID?
    /// Codes of everything that is wrong.
    package var problems: [String]

    package init(
        digest: SHA256Digest, kind: String = "fairness", verified: Bool, recomputed: Bool,
        artifactDigest: SHA256Digest, dataset: SHA256Digest?, columns: PredictionColumns?,
        measures: [MeasureFact], evaluatedAt: Timestamp, signer: PrincipalID? = nil,
        problems: [String] = []
    ) {
        self.digest = digest
        self.kind = kind
        self.verified = verified
        self.recomputed = recomputed
        self.artifactDigest = artifactDigest
        self.dataset = dataset
        self.columns = columns
        self.measures = measures
        self.evaluatedAt = evaluatedAt
        self.signer = signer
        self.problems = problems
    }

    /// As a part of the facts document.
    package var json: JSON {
        .facts([
            "digest": .hex(digest), "kind": .string(kind), "verified": .bool(verified),
            "recomputed": .bool(recomputed), "artifactDigest": .hex(artifactDigest),
            "dataset": dataset.map(JSON.hex), "columns": columns.map(Self.json),
            "measures": .array(measures.map(\.json)), "evaluatedAt": .text(evaluatedAt),
            "signer": signer.map(JSON.text), "problems": .array(problems.map(JSON.string)),
        ])
    }
}

extension EvaluationFact {
    private static func json(_ columns: PredictionColumns) -> JSON {
        [
            "label": .string(columns.label), "prediction": .string(columns.prediction),
            "positive": .string(columns.positive),
            "groups": .array(columns.groups.map(JSON.string)),
        ]
    }
}

/// A measure of one grouping under given minima.
package struct MeasureFact: Sendable, Hashable {
    package var measure: FairnessMeasure
    package var columns: [String]
    package var minimumGroupSize: Int64
    package var minimumDenominator: Int64
    package var value: FairnessValue

    package init(
        measure: FairnessMeasure, columns: [String], minimumGroupSize: Int64,
        minimumDenominator: Int64, value: FairnessValue
    ) {
        self.measure = measure
        self.columns = columns
        self.minimumGroupSize = minimumGroupSize
        self.minimumDenominator = minimumDenominator
        self.value = value
    }

    /// As a part of the facts document.
    package var json: JSON {
        var members: [String: JSON] = [
            "measure": .string(measure.rawValue), "columns": .array(columns.map(JSON.string)),
            "minimumGroupSize": .integer(minimumGroupSize),
            "minimumDenominator": .integer(minimumDenominator),
        ]
        switch value {
        case .defined(let fraction): members["value"] = .string(fraction.text)
        case .undefined(let reason):
            members["value"] = .null
            members["reason"] = .string(reason.rawValue)
        }
        return .object(members)
    }
}

/// The approval request that a statement answers.
package struct RequestFact: Sendable, Hashable {
    package var id: String
    package var nonce: String
    /// False once it was rejected, withdrawn or superseded.
    package var open: Bool
    /// First submission of this artifact.
    package var submittedAt: Timestamp

    package init(id: String, nonce: String, open: Bool, submittedAt: Timestamp) {
        self.id = id
        self.nonce = nonce
        self.open = open
        self.submittedAt = submittedAt
    }

    /// As a part of the facts document.
    package var json: JSON {
        [
            "id": .string(id), "nonce": .string(nonce), "open": .bool(open),
            "submittedAt": .text(submittedAt),
        ]
    }
}

/// An approval statement that wants to be recorded.
package struct StatementFact: Sendable, Hashable {
    /// Whether `TrustChain` found the signer entitled.
    package var verified: Bool
    /// Codes of everything that is wrong.
    package var problems: [String]
    /// The natural person behind the signer.
    package var person: PrincipalID
    package var statement: ApprovalStatement
    /// For whom it is given; nil for the signer's own.
    package var delegation: DelegationFact?

    package init(
        verified: Bool, problems: [String], person: PrincipalID, statement: ApprovalStatement,
        delegation: DelegationFact? = nil
    ) {
        self.delegation = delegation
        self.verified = verified
        self.problems = problems
        self.person = person
        self.statement = statement
    }

    /// As a part of the facts document.
    package var json: JSON {
        .facts([
            "verified": .bool(verified), "problems": .array(problems.map(JSON.string)),
            "request": .string(statement.request.id), "nonce": .string(statement.request.nonce),
            "version": .text(statement.version), "principal": .text(statement.signer.principal),
            "person": .text(person), "role": .text(statement.signer.role),
            "meaning": .string(statement.meaning.rawValue), "signedAt": .text(statement.signedAt),
            "expiresAt": .text(statement.expiresAt), "prior": statement.prior.map(JSON.hex),
            "digests": statement.digests.json, "delegation": delegation?.json,
        ])
    }
}

extension MeasureFact {
    /// Every measure that the demands want of an evaluation, computed under the demands' own
    /// minima.
    package static func facts(
        of evaluation: FairnessEvaluation, for demands: [FairnessDemand]
    ) -> [MeasureFact] {
        var facts: [MeasureFact] = []
        for demand in demands {
            var parameters = evaluation.parameters
            parameters.minimumGroupSize = demand.minimumGroupSize
            parameters.minimumDenominator = demand.minimumDenominator
            let measure = demand.threshold.measure
            for grouping in evaluation.evaluated(under: parameters).groupings {
                let fact = MeasureFact(
                    measure: measure, columns: grouping.columns,
                    minimumGroupSize: demand.minimumGroupSize,
                    minimumDenominator: demand.minimumDenominator,
                    value: grouping.measures[measure] ?? .undefined(.empty))
                if !facts.contains(fact) { facts.append(fact) }
            }
        }
        return facts
    }
}
