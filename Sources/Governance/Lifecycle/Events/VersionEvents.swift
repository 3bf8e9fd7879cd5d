// What is said about one version of a model: card, evidence, approvals.

package import CanonicalJSON
package import Cryptography

/// A version was submitted for approval: signed card, signed artifact, lineage.
package struct VersionSubmitted: EventPayload {
    package static let kind = "version.submitted"
    package let version: VersionReference
    /// The card's own version string.
    package let label: String
    /// Risk tier: `1`, `2` or `3`.
    package let tier: String
    /// Digest of the card statement's payload: what approvals name.
    package let card: SHA256Digest
    /// Digest of the card's envelope as stored.
    package let cardDocument: SHA256Digest
    /// Artifact digest.
    package let artifact: SHA256Digest
    /// The artifact's file list.
    package let manifestDocument: SHA256Digest
    /// The artifact's OpenSSF Model Signing bundle.
    package let signatureDocument: SHA256Digest
    /// The key that verified it.
    package let signatureKey: KeyID
    package let submitter: PrincipalID
    /// The natural person who submitted.
    package let person: PrincipalID
    /// The approval request's id.
    package let request: String
    /// The approval request's nonce.
    package let nonce: String
    /// Pack under which it was submitted.
    package let policy: SHA256Digest
    /// What it was made from.
    package let lineage: [LineageLink]
    /// The submit gate's decision document.
    package let decision: SHA256Digest
    /// The facts it was decided on.
    package let facts: SHA256Digest

    package init(
        version: VersionReference, label: String, tier: String, card: SHA256Digest,
        cardDocument: SHA256Digest, artifact: SHA256Digest, manifestDocument: SHA256Digest,
        signatureDocument: SHA256Digest, signatureKey: KeyID, submitter: PrincipalID,
        person: PrincipalID, request: String, nonce: String, policy: SHA256Digest,
        lineage: [LineageLink], decision: SHA256Digest, facts: SHA256Digest
    ) {
        self.version = version
        self.label = label
        self.tier = tier
        self.card = card
        self.cardDocument = cardDocument
        self.artifact = artifact
        self.manifestDocument = manifestDocument
        self.signatureDocument = signatureDocument
        self.signatureKey = signatureKey
        self.submitter = submitter
        self.person = person
        self.request = request
        self.nonce = nonce
        self.policy = policy
        self.lineage = lineage
        self.decision = decision
        self.facts = facts
    }

    package init?(_ reader: inout EventReader) {
        guard let version = reader.version("version"),
            let label = reader.string("label"),
            let tier = reader.string("tier"),
            let card = reader.digest("card"),
            let cardDocument = reader.digest("cardDocument"),
            let artifact = reader.digest("artifact"),
            let manifestDocument = reader.digest("manifestDocument"),
            let signatureDocument = reader.digest("signatureDocument"),
            let signatureKey = reader.keyID("signatureKey"),
            let submitter = reader.principal("submitter"),
            let person = reader.principal("person"),
            let request = reader.string("request"),
            let nonce = reader.string("nonce"),
            let policy = reader.digest("policy"),
            let lineage = reader.value("lineage", { LineageLink.list($0) }),
            let decision = reader.digest("decision"),
            let facts = reader.digest("facts")
        else { return nil }
        self.init(
            version: version, label: label, tier: tier, card: card, cardDocument: cardDocument,
            artifact: artifact, manifestDocument: manifestDocument,
            signatureDocument: signatureDocument, signatureKey: signatureKey,
            submitter: submitter, person: person, request: request, nonce: nonce, policy: policy,
            lineage: lineage, decision: decision, facts: facts)
    }

    package var members: [String: JSON] {
        [
            "version": .text(version), "label": .string(label), "tier": .string(tier),
            "card": .digest(card), "cardDocument": .digest(cardDocument),
            "artifact": .digest(artifact), "manifestDocument": .digest(manifestDocument),
            "signatureDocument": .digest(signatureDocument),
            "signatureKey": .string(signatureKey.hex), "submitter": .text(submitter),
            "person": .text(person), "request": .string(request), "nonce": .string(nonce),
            "policy": .digest(policy), "lineage": .array(lineage.map(\.json)),
            "decision": .digest(decision), "facts": .digest(facts),
        ]
    }
}

/// A signed evaluation was recorded.
package struct EvaluationRecorded: EventPayload {
    package static let kind = "evaluation.recorded"
    package let version: VersionReference
    /// Kind of evaluation, such as `fairness`.
    package let evaluation: String
    /// Digest of the statement's payload.
    package let statement: SHA256Digest
    /// Digest of the envelope as stored.
    package let document: SHA256Digest
    package let signer: KeyID
    /// As claimed by the signer.
    package let evaluatedAt: Timestamp

    package init(
        version: VersionReference, evaluation: String, statement: SHA256Digest,
        document:
            SHA256Digest, signer: KeyID, evaluatedAt: Timestamp
    ) {
        self.version = version
        self.evaluation = evaluation
        self.statement = statement
        self.document = document
        self.signer = signer
        self.evaluatedAt = evaluatedAt
    }

    package init?(_ reader: inout EventReader) {
        guard let version = reader.version("version"),
            let evaluation = reader.string("evaluation"),
            let statement = reader.digest("statement"),
            let document = reader.digest("document"),
            let signer = reader.keyID("signer"),
            let evaluatedAt = reader.time("evaluatedAt")
        else { return nil }
        self.init(
            version: version, evaluation: evaluation, statement: statement, document: document,
            signer: signer, evaluatedAt: evaluatedAt)
    }

    package var members: [String: JSON] {
        [
            "version": .text(version), "evaluation": .string(evaluation),
            "statement": .digest(statement), "document": .digest(document),
            "signer": .string(signer.hex), "evaluatedAt": .text(evaluatedAt),
        ]
    }
}

/// A signed approval, rejection or withdrawal was recorded.
package struct ApprovalRecorded: EventPayload {
    package static let kind = "approval.recorded"
    package let version: VersionReference
    package let request: String
    /// Digest of the statement's payload.
    package let statement: SHA256Digest
    /// Digest of the envelope as stored.
    package let document: SHA256Digest
    package let principal: PrincipalID
    package let person: PrincipalID
    package let role: Role
    package let meaning: ApprovalMeaning
    package let key: KeyID
    /// As claimed by the signer.
    package let signedAt: Timestamp
    package let expiresAt: Timestamp
    /// The approve gate's decision document; null for an objection, which no pack can refuse.
    package let decision: SHA256Digest?
    /// The facts it was decided on; null for an objection.
    package let facts: SHA256Digest?

    package init(
        version: VersionReference, request: String, statement: SHA256Digest,
        document: SHA256Digest, principal: PrincipalID, person: PrincipalID, role: Role,
        meaning: ApprovalMeaning, key: KeyID, signedAt: Timestamp, expiresAt: Timestamp,
        decision: SHA256Digest?, facts: SHA256Digest?
    ) {
        self.version = version
        self.request = request
        self.statement = statement
        self.document = document
        self.principal = principal
        self.person = person
        self.role = role
        self.meaning = meaning
        self.key = key
        self.signedAt = signedAt
        self.expiresAt = expiresAt
        self.decision = decision
        self.facts = facts
    }

    package init?(_ reader: inout EventReader) {
        guard let version = reader.version("version"),
            let request = reader.string("request"),
            let statement = reader.digest("statement"),
            let document = reader.digest("document"),
            let principal = reader.principal("principal"),
            let person = reader.principal("person"),
            let role = reader.role("role"),
            let meaning = reader.value(
                "meaning", { $0.string.flatMap { ApprovalMeaning(rawValue: $0) } }),
            let key = reader.keyID("key"),
            let signedAt = reader.time("signedAt"),
            let expiresAt = reader.time("expiresAt"),
            let decision = reader.nullableDigest("decision"),
            let facts = reader.nullableDigest("facts")
        else { return nil }
        self.init(
            version: version, request: request, statement: statement, document: document,
            principal: principal, person: person, role: role, meaning: meaning, key: key,
            signedAt: signedAt, expiresAt: expiresAt, decision: decision, facts: facts)
    }

    package var members: [String: JSON] {
        [
            "version": .text(version), "request": .string(request),
            "statement": .digest(statement), "document": .digest(document),
            "principal": .text(principal), "person": .text(person), "role": .text(role),
            "meaning": .string(meaning.rawValue), "key": .string(key.hex),
            "signedAt": .text(signedAt), "expiresAt": .text(expiresAt),
            "decision": .digest(decision), "facts": .digest(facts),
        ]
    }
}

/// One thing a version was made from, as the log records it.
package struct LineageLink: Sendable, Hashable {
    /// What it is: such as `trained_on` or `derived_from`.
    package let kind: String
    /// Its version label; empty for none.
    package let label: String
    /// Its name.
    package let name: String
    /// Its digest as `algorithm:hex`.
    package let digest: String

    package init(kind: String, label: String, name: String, digest: String) {
        self.kind = kind
        self.label = label
        self.name = name
        self.digest = digest
    }

    /// The link as the log writes it.
    package var json: JSON {
        [
            "kind": .string(kind), "label": .string(label), "name": .string(name),
            "digest": .string(digest),
        ]
    }

    static func list(_ json: JSON) -> [LineageLink]? {
        guard let elements = json.array else { return nil }
        let links = elements.compactMap { element -> LineageLink? in
            guard element.object?.count == 4, let kind = element["kind"]?.string,
                let label = element["label"]?.string, let name = element["name"]?.string,
                let digest = element["digest"]?.string
            else { return nil }
            return LineageLink(kind: kind, label: label, name: name, digest: digest)
        }
        return links.count == elements.count ? links : nil
    }
}
