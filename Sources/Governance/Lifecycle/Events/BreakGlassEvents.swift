// What was permitted in an emergency, by whom, and what a third person said of it.

package import CanonicalJSON
package import Cryptography

/// Two people broke the glass for a version in an environment, until a moment.
package struct BreakGlassRecorded: EventPayload {
    package static let kind = "glass.broken"

    /// One of the two.
    package struct Signer: Sendable, Hashable {
        package let principal: PrincipalID
        package let role: Role

        package init(principal: PrincipalID, role: Role) {
            self.principal = principal
            self.role = role
        }
    }

    package let version: VersionReference
    /// Digest of the statement's payload.
    package let statement: SHA256Digest
    /// Digest of the envelope as stored.
    package let document: SHA256Digest
    package let artifact: SHA256Digest
    package let environment: EnvironmentName
    /// The pack whose rules are overridden.
    package let policy: SHA256Digest
    package let incident: String
    package let reason: String
    package let signers: [Signer]
    package let expiresAt: Timestamp
    /// By when a third person has to review it.
    package let reviewDueAt: Timestamp

    package init?(_ reader: inout EventReader) {
        guard let version = reader.version("version"),
            let statement = reader.digest("statement"),
            let document = reader.digest("document"),
            let artifact = reader.digest("artifact"),
            let environment = reader.environment("environment"),
            let policy = reader.digest("policy"),
            let incident = reader.string("incident"),
            let reason = reader.string("reason"),
            let signers = reader.value("signers", Self.signers),
            let expiresAt = reader.time("expiresAt"),
            let reviewDueAt = reader.time("reviewDueAt")
        else { return nil }
        self.version = version
        self.statement = statement
        self.document = document
        self.artifact = artifact
        self.environment = environment
        self.policy = policy
        self.incident = incident
        self.reason = reason
        self.signers = signers
        self.expiresAt = expiresAt
        self.reviewDueAt = reviewDueAt
    }

    /// The event of a statement.
    ///
    /// - Parameter reviewDueAt: by when the pack wants a review.
    package init(
        _ glass: BreakGlass, statement: SHA256Digest, document: SHA256Digest,
        reviewDueAt: Timestamp
    ) {
        version = glass.version
        self.statement = statement
        self.document = document
        artifact = glass.artifact
        environment = glass.environment
        policy = glass.policy
        incident = glass.incident
        reason = glass.reason
        signers = glass.signers.map { Signer(principal: $0.principal, role: $0.role) }
        expiresAt = glass.expiresAt
        self.reviewDueAt = reviewDueAt
    }

    /// What is wrong with by when it has to be reviewed, under the pack in force then; nil when nothing.
    package func reviewProblem(under pack: PolicyPack) -> String? {
        let hours = pack.breakGlass?.reviewHours ?? 0
        let latest = expiresAt.adding(seconds: hours * 3_600)
        guard latest < reviewDueAt else { return nil }
        return "its review is due by \(reviewDueAt), by the pack by \(latest)"
    }

    private static func signers(_ json: JSON) -> [Signer]? {
        guard let elements = json.array, elements.count == 2 else { return nil }
        let signers = elements.compactMap { element -> Signer? in
            guard element.object?.count == 2,
                let principal = element["principal"]?.string.flatMap({ PrincipalID($0) }),
                let role = element["role"]?.string.flatMap({ Role(rawValue: $0) })
            else { return nil }
            return Signer(principal: principal, role: role)
        }
        return signers.count == 2 ? signers : nil
    }

    package var members: [String: JSON] {
        [
            "version": .text(version), "statement": .digest(statement),
            "document": .digest(document), "artifact": .digest(artifact),
            "environment": .text(environment), "policy": .digest(policy),
            "incident": .string(incident), "reason": .string(reason),
            "signers": .array(
                signers.map { ["principal": .text($0.principal), "role": .text($0.role)] }),
            "expiresAt": .text(expiresAt), "reviewDueAt": .text(reviewDueAt),
        ]
    }
}

/// A third person said whether an emergency was one.
package struct BreakGlassReviewed: EventPayload {
    package static let kind = "glass.reviewed"
    package let version: VersionReference
    /// Payload digest of the break-glass.
    package let breakGlass: SHA256Digest
    /// Digest of the statement's payload.
    package let statement: SHA256Digest
    /// Digest of the envelope as stored.
    package let document: SHA256Digest
    package let principal: PrincipalID
    package let role: Role
    package let verdict: BreakGlassReview.Verdict
    package let reason: String

    /// The event of a statement.
    package init(_ review: BreakGlassReview, statement: SHA256Digest, document: SHA256Digest) {
        version = review.version
        breakGlass = review.breakGlass
        self.statement = statement
        self.document = document
        principal = review.signer.principal
        role = review.signer.role
        verdict = review.verdict
        reason = review.reason
    }

    package init?(_ reader: inout EventReader) {
        guard let version = reader.version("version"),
            let breakGlass = reader.digest("breakGlass"),
            let statement = reader.digest("statement"),
            let document = reader.digest("document"),
            let principal = reader.principal("principal"),
            let role = reader.role("role"),
            let verdict = reader.value(
                "verdict", { $0.string.flatMap { BreakGlassReview.Verdict(rawValue: $0) } }),
            let reason = reader.string("reason")
        else { return nil }
        self.version = version
        self.breakGlass = breakGlass
        self.statement = statement
        self.document = document
        self.principal = principal
        self.role = role
        self.verdict = verdict
        self.reason = reason
    }

    package var members: [String: JSON] {
        [
            "version": .text(version), "breakGlass": .digest(breakGlass),
            "statement": .digest(statement), "document": .digest(document),
            "principal": .text(principal), "role": .text(role),
            "verdict": .string(verdict.rawValue), "reason": .string(reason),
        ]
    }
}
