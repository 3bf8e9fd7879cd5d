// The signed statement by which a third person says whether an emergency was one.
//
// An in-toto statement of type https://imprimatur.dev/predicate/break-glass-review/v1 about the subject
// {"name":"credit/scorecard@3","digest":{"sha256":ARTIFACT}} with the predicate
//
//     {"origin":"example.com/log","model":"credit/scorecard@3","artifact":ARTIFACT,"breakGlass":DIGEST,
//      "verdict":"justified","reason":"…",
//      "signer":{"principal":"p-…","role":"validator","assignment":DIGEST},"signedAt":…}
//
// The reviewer is neither of the two nor an author. `justified` can be said when the time of the
// break-glass is over, for nobody knows before what was done in it; `unjustified` at once, and ends it.

package import CanonicalJSON
package import Cryptography

/// What somebody signed about an emergency.
package struct BreakGlassReview: OfficerStatement {
    /// The predicate type.
    package static let predicateType = "https://imprimatur.dev/predicate/break-glass-review/v1"

    /// What the reviewer found.
    package enum Verdict: String, Sendable, Hashable, CaseIterable {
        case justified
        case unjustified
    }

    /// The log that the statement is for.
    package var origin: String
    package var version: VersionReference
    /// The version's artifact.
    package var artifact: SHA256Digest
    /// Payload digest of the break-glass.
    package var breakGlass: SHA256Digest
    package var verdict: Verdict
    /// Why; in the log for ever, so without personal data.
    package var reason: String
    package var signer: SigningOfficer
    package var signedAt: Timestamp

    package init(
        origin: String, version: VersionReference, artifact: SHA256Digest,
        breakGlass: SHA256Digest, verdict: Verdict, reason: String, signer: SigningOfficer,
        signedAt: Timestamp
    ) {
        self.origin = origin
        self.version = version
        self.artifact = artifact
        self.breakGlass = breakGlass
        self.verdict = verdict
        self.reason = reason
        self.signer = signer
        self.signedAt = signedAt
    }

    package var signers: [SigningOfficer] { [signer] }

    package var predicate: JSON {
        [
            "origin": .string(origin), "model": .text(version), "artifact": .hex(artifact),
            "breakGlass": .hex(breakGlass), "verdict": .string(verdict.rawValue),
            "reason": .string(reason), "signer": signer.json, "signedAt": .text(signedAt),
        ]
    }

    package init?(predicate reader: JSONReader) {
        let origin = reader.origin()
        let version = reader.version()
        let artifact = reader.digest("artifact")
        let breakGlass = reader.digest("breakGlass")
        let verdict = reader.choice("verdict", of: Verdict.self)
        let reason = reader.statedReason()
        let signer = reader.officer(of: BreakGlass.roles)
        let signedAt = reader.time("signedAt")
        guard let version, let artifact, let breakGlass, let verdict, let signer, let signedAt
        else { return nil }
        self.init(
            origin: origin, version: version, artifact: artifact, breakGlass: breakGlass,
            verdict: verdict, reason: reason, signer: signer, signedAt: signedAt)
    }

    /// What stands against believing the review of a break-glass; empty when nothing does.
    ///
    /// - Parameter authors: everybody who made the version, with all who are the same person.
    package func problems(
        of reviewed: BreakGlassRecorded, authors: Set<PrincipalID>, in scene: OfficerScene
    ) -> [JSONFinding] {
        var findings = problems(in: scene) + problems(ofAuthors: authors, scene.chain)
        func find(_ member: String, _ code: String, _ message: String) {
            findings.append(.predicate(member, code, message))
        }
        if version != reviewed.version || breakGlass != reviewed.statement {
            find("breakGlass", "another-break-glass", "The statement is about another emergency.")
        }
        let reviewer = scene.chain.linked(to: signer.principal)
        if reviewed.signers.contains(where: { reviewer.contains($0.principal) }) {
            find("signer", "broke-the-glass", "\(signer.principal) is one of the two.")
        }
        if verdict == .justified, scene.now < reviewed.expiresAt {
            find(
                "verdict", "too-early",
                "Before \(reviewed.expiresAt) nobody knows what will have been done.")
        }
        return findings
    }
}
