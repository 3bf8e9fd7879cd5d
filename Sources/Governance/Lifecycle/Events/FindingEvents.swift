// What reviewers find about a version, and what becomes of it.

package import CanonicalJSON
package import Cryptography

/// A reviewer put a finding on record.
package struct FindingRaised: EventPayload {
    package static let kind = "finding.raised"
    package let version: VersionReference
    /// The finding's id: digest of the statement's payload.
    package let statement: SHA256Digest
    /// Digest of the envelope as stored.
    package let document: SHA256Digest
    package let severity: FindingSeverity
    /// Whether nothing is deployed until it is closed.
    package let blocking: Bool
    package let summary: String
    /// Who has to see to it.
    package let owner: PrincipalID
    /// From when on it restricts in any case.
    package let dueAt: Timestamp
    /// The approval that it is a condition of.
    package let approval: SHA256Digest?
    /// Who found it, and in which role.
    package let principal: PrincipalID
    package let role: Role

    package init(
        version: VersionReference, statement: SHA256Digest, document: SHA256Digest,
        severity: FindingSeverity, blocking: Bool, summary: String, owner: PrincipalID,
        dueAt: Timestamp, approval: SHA256Digest?, principal: PrincipalID, role: Role
    ) {
        self.version = version
        self.statement = statement
        self.document = document
        self.severity = severity
        self.blocking = blocking
        self.summary = summary
        self.owner = owner
        self.dueAt = dueAt
        self.approval = approval
        self.principal = principal
        self.role = role
    }

    /// The event of a statement.
    package init(
        _ finding: ValidationFinding, statement: SHA256Digest, document: SHA256Digest
    ) {
        self.init(
            version: finding.version, statement: statement, document: document,
            severity: finding.severity, blocking: finding.blocking, summary: finding.summary,
            owner: finding.owner, dueAt: finding.dueAt, approval: finding.approval,
            principal: finding.signer.principal, role: finding.signer.role)
    }

    package init?(_ reader: inout EventReader) {
        guard let version = reader.version("version"),
            let statement = reader.digest("statement"),
            let document = reader.digest("document"),
            let severity = reader.value(
                "severity", { $0.string.flatMap { FindingSeverity(rawValue: $0) } }),
            let blocking = reader.value("blocking", { $0.bool }),
            let summary = reader.string("summary"),
            let owner = reader.principal("owner"),
            let dueAt = reader.time("dueAt"),
            let approval = reader.nullableDigest("approval"),
            let principal = reader.principal("principal"),
            let role = reader.value("role", { $0.string.flatMap { Role(rawValue: $0) } })
        else { return nil }
        self.init(
            version: version, statement: statement, document: document, severity: severity,
            blocking: blocking, summary: summary, owner: owner, dueAt: dueAt, approval: approval,
            principal: principal, role: role)
    }

    package var members: [String: JSON] {
        [
            "version": .text(version), "statement": .digest(statement),
            "document": .digest(document), "severity": .string(severity.rawValue),
            "blocking": .bool(blocking), "summary": .string(summary), "owner": .text(owner),
            "dueAt": .text(dueAt), "approval": .digest(approval), "principal": .text(principal),
            "role": .text(role),
        ]
    }
}

/// A reviewer closed a finding.
package struct FindingClosed: EventPayload {
    package static let kind = "finding.closed"
    package let version: VersionReference
    /// The finding, by the digest of its statement.
    package let finding: SHA256Digest
    /// Digest of the payload of the statement that closes it.
    package let statement: SHA256Digest
    /// Digest of the envelope as stored.
    package let document: SHA256Digest
    package let resolution: FindingClosure.Resolution
    package let reason: String

    package init(
        version: VersionReference, finding: SHA256Digest, statement: SHA256Digest,
        document: SHA256Digest, resolution: FindingClosure.Resolution, reason: String
    ) {
        self.version = version
        self.finding = finding
        self.statement = statement
        self.document = document
        self.resolution = resolution
        self.reason = reason
    }

    package init?(_ reader: inout EventReader) {
        guard let version = reader.version("version"),
            let finding = reader.digest("finding"),
            let statement = reader.digest("statement"),
            let document = reader.digest("document"),
            let resolution = reader.value(
                "resolution",
                { $0.string.flatMap { FindingClosure.Resolution(rawValue: $0) } }),
            let reason = reader.string("reason")
        else { return nil }
        self.init(
            version: version, finding: finding, statement: statement, document: document,
            resolution: resolution, reason: reason)
    }

    package var members: [String: JSON] {
        [
            "version": .text(version), "finding": .digest(finding),
            "statement": .digest(statement), "document": .digest(document),
            "resolution": .string(resolution.rawValue), "reason": .string(reason),
        ]
    }
}
