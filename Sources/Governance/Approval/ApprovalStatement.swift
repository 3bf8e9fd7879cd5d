// The signed statement by which a person approves, rejects, withdraws or asks for changes.
//
// An in-toto statement of type https://imprimatur.dev/predicate/approval/v1 whose one subject is
// {"name":"credit/scorecard@3","digest":{"sha256":ARTIFACT}} and whose predicate is
//
//     {"origin":"example.com/log","request":{"id":"…","nonce":"…"},"model":"credit/scorecard@3",
//      "environments":["production"],"uses":[],"digests":{"card":…,"artifact":…,"evidence":…,
//      "policy":…},"conditions":[],"signer":{"principal":"p-…","role":"validator",
//      "assignment":DIGEST,"delegation":null},"meaning":"approve","factor":"key","comment":"",
//      "signedAt":…,"expiresAt":…,"prior":null}
//
// Whoever asks for changes (`request-changes`) says in the comment which. `factor` is "key" or "passkey", and a
// signature of that kind must be there. An empty `uses` does not limit the use. `conditions` exists in the
// format so that a signer can never be made to have said something else; today only its empty form is
// accepted. `delegation` is the digest of the payload of the delegation by which the signer acts in another
// person's role; `assignment` is then that person's.

package import Attestation
package import CanonicalJSON
package import Cryptography

/// What somebody signed about a version.
package struct ApprovalStatement: PredicateStatement {
    /// The request that is answered.
    package struct Request: Sendable, Hashable {
        package var id: String
        package var nonce: String

        package init(id: String, nonce: String) {
            self.id = id
            self.nonce = nonce
        }
    }

    /// Who signs, and by what right.
    package struct Signer: Sendable, Hashable {
        package var principal: PrincipalID
        package var role: Role
        /// Digest of the role assignment's payload: the delegator's, where there is a delegation.
        package var assignment: SHA256Digest
        /// Digest of the payload of the delegation by which the role is another person's.
        package var delegation: SHA256Digest?

        package init(
            principal: PrincipalID, role: Role, assignment: SHA256Digest,
            delegation: SHA256Digest? = nil
        ) {
            self.principal = principal
            self.role = role
            self.assignment = assignment
            self.delegation = delegation
        }
    }

    /// The predicate type.
    package static let predicateType = "https://imprimatur.dev/predicate/approval/v1"

    /// The log that the statement is for.
    package var origin: String
    package var request: Request
    package var version: VersionReference
    package var environments: [EnvironmentName]
    /// Uses that are approved; empty when not limited.
    package var uses: [UseName]
    package var digests: SignedDigests
    package var signer: Signer
    package var meaning: ApprovalMeaning
    /// What the signer says to have signed with.
    package var factor: SignatureFactor
    package var comment: String
    package var signedAt: Timestamp
    package var expiresAt: Timestamp
    /// The signer's earlier statement on this request, by payload digest.
    package var prior: SHA256Digest?

    package init(
        origin: String, request: Request, version: VersionReference,
        environments: [EnvironmentName], uses: [UseName], digests: SignedDigests, signer: Signer,
        meaning: ApprovalMeaning, factor: SignatureFactor = .key, comment: String,
        signedAt: Timestamp, expiresAt: Timestamp, prior: SHA256Digest? = nil
    ) {
        self.origin = origin
        self.request = request
        self.version = version
        self.environments = environments
        self.uses = uses
        self.digests = digests
        self.signer = signer
        self.meaning = meaning
        self.factor = factor
        self.comment = comment
        self.signedAt = signedAt
        self.expiresAt = expiresAt
        self.prior = prior
    }

    package var statementSubject: Statement.Subject {
        Statement.Subject(name: version.description, sha256: digests.artifact)
    }

    package var predicate: JSON {
        [
            "origin": .string(origin),
            "request": ["id": .string(request.id), "nonce": .string(request.nonce)],
            "model": .text(version), "environments": .texts(environments), "uses": .texts(uses),
            "digests": digests.json, "conditions": [],
            "signer": [
                "principal": .text(signer.principal), "role": .text(signer.role),
                "assignment": .hex(signer.assignment),
                "delegation": signer.delegation.map(JSON.hex) ?? .null,
            ],
            "meaning": .string(meaning.rawValue), "factor": .string(factor.rawValue),
            "comment": .string(comment),
            "signedAt": .text(signedAt), "expiresAt": .text(expiresAt),
            "prior": prior.map(JSON.hex) ?? .null,
        ]
    }

    package init?(predicate reader: JSONReader) {
        let origin = reader.origin()
        let request = reader.object("request") { request in
            Request(
                id: request.string("id", length: 1...100),
                nonce: request.string("nonce", length: 16...128))
        }
        let version = reader.parsed("model", as: "namespace/name@number") { VersionReference($0) }
        let environments = reader.set("environments", count: 1...50) { item in
            item.parsed(as: "an environment's name") { EnvironmentName($0) }
        }
        let uses = reader.set("uses", count: 0...50) { item in
            item.parsed(as: "a use's name") { UseName($0) }
        }
        let digests = reader.object("digests", SignedDigests.init(reading:))
        _ = reader.array("conditions", count: 0...0) { $0.json() }
        let signer = reader.object("signer", Signer.init(reading:))
        let meaning = reader.choice("meaning", of: ApprovalMeaning.self)
        let factor = reader.choice("factor", of: SignatureFactor.self)
        let comment = reader.string("comment", length: 0...4_000)
        let signedAt = reader.time("signedAt")
        let expiresAt = reader.time("expiresAt")
        let prior = reader.nullableDigest("prior")
        guard let version, let digests, let signer, let meaning, let factor, let signedAt,
            let expiresAt
        else { return nil }
        if expiresAt <= signedAt {
            reader.refuse(
                "expiresAt", JSONFinding.Code.range, "The end must lie after the signing.")
        }
        if meaning == .requestChanges, comment.allSatisfy(\.isWhitespace) {
            reader.refuse(
                "comment", JSONFinding.Code.value, "Say in the comment what has to be changed.")
        }
        self.init(
            origin: origin, request: request, version: version, environments: environments.sorted(),
            uses: uses.sorted(), digests: digests, signer: signer, meaning: meaning,
            factor: factor, comment: comment, signedAt: signedAt, expiresAt: expiresAt, prior: prior
        )
    }
}

extension ApprovalStatement.Signer {
    fileprivate init?(reading reader: JSONReader) {
        let principal = reader.principal("principal")
        let role = reader.choice("role", of: Role.self)
        let assignment = reader.digest("assignment")
        let delegation = reader.nullableDigest("delegation")
        guard let principal, let role, let assignment else { return nil }
        self.init(
            principal: principal, role: role, assignment: assignment, delegation: delegation)
    }
}

extension SignedDigests {
    init?(reading reader: JSONReader) {
        let card = reader.digest("card")
        let artifact = reader.digest("artifact")
        let evidence = reader.digest("evidence")
        let policy = reader.digest("policy")
        guard let card, let artifact, let evidence, let policy else { return nil }
        self.init(card: card, artifact: artifact, evidence: evidence, policy: policy)
    }
}
