// Permits: the signed answer of the gate, in the shape of a verification summary.
//
// Specification: an in-toto Statement v1 in a DSSE envelope signed by one permit key. Subject: the
// model with its artifact digest. Predicate: SLSA Verification Summary Attestation v1
// (slsa.dev/spec/v1.1/verification_summary) with one member more, "imprimatur":
//   {"verifier":{"id":URI}, "timeVerified":T, "verificationResult":"PASSED",
//    "resourceUri":"imprimatur:<ns/name@n>?environment=<environment>",
//    "policy":{"uri":URI,"digest":{"sha256":hex}},
//    "inputAttestations":[{"uri":URI,"digest":{"sha256":hex}}], "verifiedLevels":[text],
//    "imprimatur":{"origin","model","environment","target","use","kind":"deploy"|"run",
//                  "deployment","notBefore":T,"notAfter":T,"nonce":hex,"decision":hex,
//                  "trustRoot":{"version":integer,"digest":hex},"development":bool,
//                  "files":[{"path","size","sha256"}]}}
// - Every member is required, and no other is accepted.
// - T is RFC 3339 in UTC with milliseconds, 24 bytes: "2026-11-21T08:00:00.000Z". In this one form
//   the order of the bytes is the order in time.
// - files is the artifact as in ArtifactManifest.swift; its digest must be the subject's digest.
// - A permit holds from notBefore up to, not including, notAfter.
// - A summary that says anything but PASSED is no permit.
// - target and use are empty when the gate was asked for none. A permit is for exactly its target: one
//   with a target holds nowhere else, one without holds only where no target is asked for.
// - deployment is the id under which what was permitted is confirmed and ended.
// - trustRoot is the root under which the gate decided.
// - nonce: 32 to 64 lowercase hexadecimal digits, new in every permit.
// The statement is signed before its decision is committed; the receipt travels in the bundle,
// outside the signature.

import CanonicalJSON
package import Cryptography

/// What the gate has allowed: these bytes, there, from then until then.
package struct Permit: Sendable, Hashable {
    /// What may be done with it.
    package enum Kind: String, Sendable, Hashable {
        /// Bring the model into the environment, once.
        case deploy
        /// Start it again where it has been deployed.
        case run
    }

    /// A document on which the decision rests.
    package struct Input: Sendable, Hashable {
        /// Where it is.
        package let uri: String
        /// SHA-256 of its signed payload.
        package let sha256: SHA256Digest

        package init(uri: String, sha256: SHA256Digest) {
            self.uri = uri
            self.sha256 = sha256
        }
    }

    /// Which trust root.
    package struct Root: Sendable, Hashable {
        package let version: Int64
        /// SHA-256 of the root's signed payload.
        package let digest: SHA256Digest

        package init(version: Int64, digest: SHA256Digest) {
            self.version = version
            self.digest = digest
        }
    }

    /// The predicate type of verification summaries.
    package static let predicateType = "https://slsa.dev/verification_summary/v1"

    /// The log in which the decision stands.
    package let origin: String
    /// "ns/name@n".
    package let model: String
    /// Where it may go.
    package let environment: String
    /// Which machine, cluster or place within the environment; empty when none was named.
    package let target: String
    /// What the model is to be used for; empty when none was named.
    package let use: String
    /// What may be done with it.
    package let kind: Kind
    /// The deployment's id, "d-…".
    package let deployment: String
    /// First moment at which it holds, in the form of T above.
    package let notBefore: String
    /// First moment at which it no longer holds.
    package let notAfter: String
    /// New in every permit.
    package let nonce: String
    /// The bytes that it is about.
    package let manifest: ArtifactManifest
    /// Digest of the decision's record.
    package let decision: SHA256Digest
    /// The trust root under which it was decided.
    package let root: Root
    /// Whether it was made under a development root.
    package let development: Bool
    /// Who decided.
    package let verifierID: String
    /// When it was decided.
    package let timeVerified: String
    /// The policy pack by which it was decided.
    package let policy: Input
    /// The statements on which the decision rests.
    package let inputs: [Input]
    /// What was found to hold, as words of the policy.
    package let verifiedLevels: [String]

    package init(
        origin: String, model: String, environment: String, target: String, use: String,
        kind: Kind, deployment: String, notBefore: String, notAfter: String, nonce: String,
        manifest: ArtifactManifest, decision: SHA256Digest, root: Root, development: Bool,
        verifierID: String, timeVerified: String, policy: Input, inputs: [Input],
        verifiedLevels: [String]
    ) {
        self.origin = origin
        self.model = model
        self.environment = environment
        self.target = target
        self.use = use
        self.kind = kind
        self.deployment = deployment
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.nonce = nonce
        self.manifest = manifest
        self.decision = decision
        self.root = root
        self.development = development
        self.verifierID = verifierID
        self.timeVerified = timeVerified
        self.policy = policy
        self.inputs = inputs
        self.verifiedLevels = verifiedLevels
    }

    /// "imprimatur:<ns/name@n>?environment=<environment>".
    package static func resourceURI(model: String, environment: String) -> String {
        "imprimatur:\(model)?environment=\(environment)"
    }

    /// The statement to sign.
    ///
    /// It is read back before it is handed out, so that nothing is signed that no checker accepts;
    /// throws `malformed` when a field is not of its form.
    package func statement() throws(AttestationError) -> Statement {
        let statement = Statement(
            subjects: [.init(name: model, sha256: manifest.digest)],
            predicateType: Self.predicateType,
            predicate: predicate)
        let readBack = try Permit(statement)
        guard readBack == self else {
            throw AttestationError(.malformed, "The permit cannot be written faithfully.")
        }
        return statement
    }

    private var predicate: JSON {
        [
            "verifier": ["id": .string(verifierID)],
            "timeVerified": .string(timeVerified),
            "verificationResult": "PASSED",
            "resourceUri": .string(Self.resourceURI(model: model, environment: environment)),
            "policy": policy.json,
            "inputAttestations": .array(inputs.map(\.json)),
            "verifiedLevels": .array(verifiedLevels.map(JSON.string)),
            "imprimatur": [
                "origin": .string(origin),
                "model": .string(model),
                "environment": .string(environment),
                "target": .string(target),
                "use": .string(use),
                "kind": .string(kind.rawValue),
                "deployment": .string(deployment),
                "notBefore": .string(notBefore),
                "notAfter": .string(notAfter),
                "nonce": .string(nonce),
                "decision": .string(decision.hex),
                "trustRoot": [
                    "version": .integer(root.version), "digest": .string(root.digest.hex),
                ],
                "development": .bool(development),
                "files": manifest.json,
            ],
        ]
    }
}

extension Permit.Input {
    fileprivate var json: JSON {
        ["uri": .string(uri), "digest": ["sha256": .string(sha256.hex)]]
    }

    init(_ json: JSON, _ what: String) throws(AttestationError) {
        let reader = try MemberReader(json, what, allowing: ["uri", "digest"])
        uri = try reader.string("uri")
        sha256 = try reader.object("digest", allowing: ["sha256"]).digest("sha256")
    }
}
