// The signed statement by which somebody who might approve a version says not to judge it.
//
// An in-toto statement of type https://imprimatur.dev/predicate/abstention/v1 about the subject
// {"name":"credit/scorecard@3","digest":{"sha256":ARTIFACT}} with the predicate
//
//     {"origin":"example.com/log","request":{"id":"…","nonce":"…"},"model":"credit/scorecard@3",
//      "artifact":ARTIFACT,"meaning":"recuse","reason":"…",
//      "signer":{"principal":"p-…","role":"validator","assignment":DIGEST},"signedAt":…}
//
// An abstention is no answer and is on record; its signer may still answer later. A recusal is for ever:
// what this person, under whatever account, has approved on the request counts no longer, and what comes
// later is refused. An objection by the same person still counts, for it forbids.

package import CanonicalJSON
package import Cryptography

/// What somebody signed about not judging a version.
package struct Abstention: OfficerStatement {
    /// The predicate type.
    package static let predicateType = "https://imprimatur.dev/predicate/abstention/v1"

    /// What the signer wants to be done with what it says otherwise.
    package enum Meaning: String, Sendable, Hashable, CaseIterable {
        /// No answer.
        case abstain
        /// None that counts, for ever: a conflict of interest.
        case recuse
    }

    /// The log that the statement is for.
    package var origin: String
    package var request: ApprovalStatement.Request
    package var version: VersionReference
    /// The version's artifact.
    package var artifact: SHA256Digest
    package var meaning: Meaning
    /// Why; in the log for ever, so without personal data.
    package var reason: String
    package var signer: SigningOfficer
    package var signedAt: Timestamp

    package init(
        origin: String, request: ApprovalStatement.Request, version: VersionReference,
        artifact: SHA256Digest, meaning: Meaning, reason: String, signer: SigningOfficer,
        signedAt: Timestamp
    ) {
        self.origin = origin
        self.request = request
        self.version = version
        self.artifact = artifact
        self.meaning = meaning
        self.reason = reason
        self.signer = signer
        self.signedAt = signedAt
    }

    package var signers: [SigningOfficer] { [signer] }

    package var predicate: JSON {
        [
            "origin": .string(origin),
            "request": ["id": .string(request.id), "nonce": .string(request.nonce)],
            "model": .text(version), "artifact": .hex(artifact),
            "meaning": .string(meaning.rawValue), "reason": .string(reason),
            "signer": signer.json, "signedAt": .text(signedAt),
        ]
    }

    package init?(predicate reader: JSONReader) {
        let origin = reader.origin()
        let request = reader.object("request") { request in
            ApprovalStatement.Request(
                id: request.string("id", length: 1...100),
                nonce: request.string("nonce", length: 16...128))
        }
        let version = reader.version()
        let artifact = reader.digest("artifact")
        let meaning = reader.choice("meaning", of: Meaning.self)
        let reason = reader.statedReason()
        let signer = reader.officer(of: ValidationFinding.roles)
        let signedAt = reader.time("signedAt")
        guard let version, let artifact, let meaning, let signer, let signedAt else { return nil }
        self.init(
            origin: origin, request: request, version: version, artifact: artifact,
            meaning: meaning, reason: reason, signer: signer, signedAt: signedAt)
    }

    /// What stands against recording the statement; empty when it is taken.
    package func problems(
        answering request: ApprovalStatement.Request, in scene: OfficerScene
    ) -> [JSONFinding] {
        let findings = problems(in: scene)
        guard self.request != request else { return findings }
        return findings + [
            .predicate("request", "another-request", "The statement answers another request.")
        ]
    }
}
