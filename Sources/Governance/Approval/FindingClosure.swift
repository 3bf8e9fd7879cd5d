// The signed statement by which a reviewer closes a finding.
//
// An in-toto statement of type https://imprimatur.dev/predicate/finding-closure/v1 about the subject
// {"name":"credit/scorecard@3","digest":{"sha256":ARTIFACT}} with the predicate
//
//     {"origin":"example.com/log","model":"credit/scorecard@3","finding":DIGEST,"resolution":"resolved",
//      "reason":"…","digests":{"card":…,"artifact":…,"evidence":…,"policy":…},
//      "signer":{"principal":"p-…","role":"validator","assignment":DIGEST},"signedAt":…,"expiresAt":…}
//
// Whoever closes holds the role in which the finding was made, or is a risk officer; is none of those who
// made the version, and not the one who had to see to it. The statement is about the state that the
// version then has.

package import CanonicalJSON
package import Cryptography

/// What a reviewer signed about the end of a finding.
package struct FindingClosure: OfficerStatement {
    /// The predicate type.
    package static let predicateType = "https://imprimatur.dev/predicate/finding-closure/v1"

    /// Why a finding is closed.
    package enum Resolution: String, Sendable, Hashable, CaseIterable {
        /// What was wrong is right now, or what was to be done is done.
        case resolved
        /// It was no fault.
        case refuted
        /// It stays, and somebody answers for it: risk officers only.
        case accepted
    }

    /// The log that the statement is for.
    package var origin: String
    package var version: VersionReference
    /// The finding, by payload digest.
    package var finding: SHA256Digest
    package var resolution: Resolution
    /// Why; in the log for ever, so without personal data.
    package var reason: String
    /// The state that the signer looked at.
    package var digests: SignedDigests
    package var signer: SigningOfficer
    package var signedAt: Timestamp
    package var expiresAt: Timestamp

    package init(
        origin: String, version: VersionReference, finding: SHA256Digest, resolution: Resolution,
        reason: String, digests: SignedDigests, signer: SigningOfficer, signedAt: Timestamp,
        expiresAt: Timestamp
    ) {
        self.origin = origin
        self.version = version
        self.finding = finding
        self.resolution = resolution
        self.reason = reason
        self.digests = digests
        self.signer = signer
        self.signedAt = signedAt
        self.expiresAt = expiresAt
    }

    package var artifact: SHA256Digest { digests.artifact }
    package var signers: [SigningOfficer] { [signer] }
    package var takenUntil: Timestamp? { expiresAt }

    package var predicate: JSON {
        [
            "origin": .string(origin), "model": .text(version), "finding": .hex(finding),
            "resolution": .string(resolution.rawValue), "reason": .string(reason),
            "digests": digests.json, "signer": signer.json, "signedAt": .text(signedAt),
            "expiresAt": .text(expiresAt),
        ]
    }

    package init?(predicate reader: JSONReader) {
        let origin = reader.origin()
        let version = reader.version()
        let finding = reader.digest("finding")
        let resolution = reader.choice("resolution", of: Resolution.self)
        let reason = reader.statedReason()
        let digests = reader.object("digests", SignedDigests.init(reading:))
        let signer = reader.officer(of: ValidationFinding.roles)
        let times = reader.signingTimes()
        guard let version, let finding, let resolution, let digests, let signer, let times else {
            return nil
        }
        self.init(
            origin: origin, version: version, finding: finding, resolution: resolution,
            reason: reason, digests: digests, signer: signer, signedAt: times.signedAt,
            expiresAt: times.expiresAt)
    }
}

extension FindingClosure {
    /// What stands against believing that this closes a finding; empty when it does.
    ///
    /// - Parameters:
    ///   - digests: the present state of the version.
    ///   - authors: everybody who made the version, with all who are the same person.
    package func problems(
        closing raised: FindingRaised, digests: SignedDigests, authors: Set<PrincipalID>,
        in scene: OfficerScene
    ) -> [JSONFinding] {
        var findings = problems(in: scene)
        func find(_ member: String, _ code: String, _ message: String) {
            findings.append(.predicate(member, code, message))
        }
        if version != raised.version || finding != raised.statement {
            find("finding", "another-finding", "The statement is about another finding.")
        }
        if self.digests != digests {
            find("digests", "another-state", "The version is in another state than was signed for.")
        }
        if signer.role != raised.role, signer.role != .riskOfficer {
            find(
                "signer", "another-role",
                "What a \(raised.role) found, a \(raised.role) or a risk officer closes.")
        }
        if resolution == .accepted, signer.role != .riskOfficer {
            find("resolution", "role-cannot-accept", "Only a risk officer accepts a risk.")
        }
        findings += problems(ofAuthors: authors, scene.chain)
        let linked = Set(scene.chain.linked(to: signer.principal))
        if !linked.isDisjoint(with: scene.chain.linked(to: raised.owner)) {
            find("signer", "is-owner", "\(signer.principal) had to see to the finding.")
        }
        return findings
    }
}
