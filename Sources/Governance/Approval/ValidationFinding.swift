// The signed statement by which a reviewer puts on record what is wrong with a version, or what has to be
// done about it by when.
//
// An in-toto statement of type https://imprimatur.dev/predicate/validation-finding/v1 about the subject
// {"name":"credit/scorecard@3","digest":{"sha256":ARTIFACT}} with the predicate
//
//     {"origin":"example.com/log","model":"credit/scorecard@3","artifact":ARTIFACT,"severity":"high",
//      "blocking":true,"summary":"…","owner":"p-…","dueAt":…,"approval":null,
//      "signer":{"principal":"p-…","role":"validator","assignment":DIGEST},"signedAt":…}
//
// The finding's id is the digest of the payload. A blocking finding restricts from its commit until it is
// closed; another one from the moment it is due. With `approval`, the digest of the signer's approval, it
// is a condition of that approval: a duty with an owner and a day, whose lapse denies.

package import CanonicalJSON
package import Cryptography

/// How bad a finding is.
package enum FindingSeverity: String, Sendable, Hashable, CaseIterable {
    case low, medium, high, critical
}

/// What a reviewer signed about a version.
package struct ValidationFinding: OfficerStatement {
    /// The predicate type.
    package static let predicateType = "https://imprimatur.dev/predicate/validation-finding/v1"
    /// Longest summary in characters.
    package static let longestSummary = 2_000

    /// The log that the statement is for.
    package var origin: String
    package var version: VersionReference
    /// The version's artifact.
    package var artifact: SHA256Digest
    package var severity: FindingSeverity
    /// Whether nothing is deployed until it is closed.
    package var blocking: Bool
    /// What is wrong, or what is to be done; in the log for ever, so without personal data.
    package var summary: String
    /// Who has to see to it.
    package var owner: PrincipalID
    /// From when on it restricts even when it does not block.
    package var dueAt: Timestamp
    /// The approval that this is a condition of, by payload digest.
    package var approval: SHA256Digest?
    package var signer: SigningOfficer
    package var signedAt: Timestamp

    package init(
        origin: String, version: VersionReference, artifact: SHA256Digest,
        severity: FindingSeverity, blocking: Bool, summary: String, owner: PrincipalID,
        dueAt: Timestamp, approval: SHA256Digest? = nil, signer: SigningOfficer,
        signedAt: Timestamp
    ) {
        self.origin = origin
        self.version = version
        self.artifact = artifact
        self.severity = severity
        self.blocking = blocking
        self.summary = summary
        self.owner = owner
        self.dueAt = dueAt
        self.approval = approval
        self.signer = signer
        self.signedAt = signedAt
    }

    package var signers: [SigningOfficer] { [signer] }

    /// Roles that may find and close: those that judge models.
    package static let roles = Set(Role.allCases.filter(\.mayApprove))

    package var predicate: JSON {
        [
            "origin": .string(origin), "model": .text(version), "artifact": .hex(artifact),
            "severity": .string(severity.rawValue), "blocking": .bool(blocking),
            "summary": .string(summary), "owner": .text(owner), "dueAt": .text(dueAt),
            "approval": approval.map(JSON.hex) ?? .null, "signer": signer.json,
            "signedAt": .text(signedAt),
        ]
    }

    package init?(predicate reader: JSONReader) {
        let origin = reader.origin()
        let version = reader.version()
        let artifact = reader.digest("artifact")
        let severity = reader.choice("severity", of: FindingSeverity.self)
        let blocking = reader.bool("blocking")
        let summary = reader.string("summary", length: 1...Self.longestSummary)
        let owner = reader.principal("owner")
        let dueAt = reader.time("dueAt")
        let approval = reader.nullableDigest("approval")
        let signer = reader.officer(of: Self.roles)
        let signedAt = reader.time("signedAt")
        guard let version, let artifact, let severity, let owner, let dueAt, let signer,
            let signedAt
        else { return nil }
        if dueAt <= signedAt {
            reader.refuse("dueAt", JSONFinding.Code.range, "It is due after it was signed.")
        }
        self.init(
            origin: origin, version: version, artifact: artifact, severity: severity,
            blocking: blocking, summary: summary, owner: owner, dueAt: dueAt, approval: approval,
            signer: signer, signedAt: signedAt)
    }
}
