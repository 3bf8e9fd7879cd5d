// The parts that facts are made of: things, people, restrictions, and the gate's own state.

package import CanonicalJSON
package import Cryptography

/// The card as it is now.
package struct CardFact: Sendable, Hashable {
    /// Digest of the card statement's payload.
    package var digest: SHA256Digest
    /// What `PolicyPack.missingCardFields` found.
    package var missing: [JSONPointer]
    /// What else is wrong with it, as codes with pointers.
    package var findings: [String]
    /// What it declares for the evaluation of fairness.
    package var fairness: DeclaredFairness?

    package init(
        digest: SHA256Digest, missing: [JSONPointer], findings: [String] = [],
        fairness: DeclaredFairness? = nil
    ) {
        self.digest = digest
        self.missing = missing
        self.findings = findings
        self.fairness = fairness
    }

    /// As a part of the facts document.
    package var json: JSON {
        .facts([
            "digest": .hex(digest), "missing": .texts(missing),
            "findings": .array(findings.map(JSON.string)), "fairness": fairness?.json,
        ])
    }
}

/// The artifact's bytes and its signature.
package struct ArtifactFact: Sendable, Hashable {
    /// Digest of the artifact that was submitted.
    package var approvedDigest: SHA256Digest?
    /// Digest of the bytes that somebody wants to use.
    package var presentedDigest: SHA256Digest?
    package var signature: SignatureFact?
    /// What lies beside those bytes and no signature covers, as whoever wants to use them found it; nil
    /// when nobody says that they looked.
    package var uncovered: [UncoveredFact]?
    /// What the headers of those bytes say and the card says otherwise, as whoever wants to use them found
    /// it; nil when nobody says that they looked.
    package var contradictions: [ContradictionFact]?
    /// Who computed the digest of those bytes, at the deploy gate.
    package var digestSource: DigestSource?
    /// Digest of the payload of the snapshot by which an agent said so; nil when none did.
    package var digestStatement: SHA256Digest?

    /// Whose word a digest is.
    package enum DigestSource: String, Sendable, Hashable, CaseIterable {
        /// Of whoever asks.
        case callerClaimed = "caller-claimed"
        /// Of an agent that signed that it computed it from the bytes on the target.
        case agentRecomputed = "agent-recomputed"
    }

    package init(
        approvedDigest: SHA256Digest? = nil, presentedDigest: SHA256Digest? = nil,
        signature: SignatureFact? = nil, uncovered: [UncoveredFact]? = nil,
        contradictions: [ContradictionFact]? = nil
    ) {
        self.approvedDigest = approvedDigest
        self.presentedDigest = presentedDigest
        self.signature = signature
        self.uncovered = uncovered
        self.contradictions = contradictions
    }

    /// As a part of the facts document.
    package var json: JSON {
        .facts([
            "approvedDigest": approvedDigest.map(JSON.hex),
            "presentedDigest": presentedDigest.map(JSON.hex), "signature": signature?.json,
            "uncovered": .list(uncovered?.map(\.json)),
            "contradictions": .list(contradictions?.map(\.json)),
            "digestSource": digestSource.map { .string($0.rawValue) },
            "digestStatement": digestStatement.map(JSON.hex),
        ])
    }
}

/// Something among the files that no signature covers.
package struct UncoveredFact: Sendable, Hashable {
    /// Relative to the artifact.
    package var path: String
    /// Why: one of the reasons of a coverage report.
    package var reason: String

    package init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    /// As a part of the facts document.
    package var json: JSON { ["path": .string(path), "reason": .string(reason)] }
}

/// Something that the card and the header of a weights file say differently.
package struct ContradictionFact: Sendable, Hashable {
    /// The member of the card's /model.
    package var field: String
    /// What the card says.
    package var card: String
    /// What the header says.
    package var header: String
    /// Relative to the artifact.
    package var path: String

    package init(field: String, card: String, header: String, path: String) {
        self.field = field
        self.card = card
        self.header = header
        self.path = path
    }

    /// As a part of the facts document.
    package var json: JSON {
        [
            "field": .string(field), "card": .string(card), "header": .string(header),
            "path": .string(path),
        ]
    }
}

/// What checking the artifact's signature gave.
package struct SignatureFact: Sendable, Hashable {
    package var verified: Bool
    /// Who holds the key; nil when nobody does.
    package var signer: PrincipalID?
    /// Roles of the signer in the model's namespace.
    package var signerRoles: [Role]
    /// Codes of everything that is wrong.
    package var findings: [String]
    /// How a certificate showed who signed; nil for a registered key.
    package var source: CertifiedSource?
    /// When a signature by certificate existed.
    package var signedAt: Timestamp?

    package init(
        verified: Bool, signer: PrincipalID? = nil, signerRoles: [Role] = [],
        findings: [String] = []
    ) {
        self.verified = verified
        self.signer = signer
        self.signerRoles = signerRoles
        self.findings = findings
    }

    /// As a part of the facts document.
    package var json: JSON {
        .facts([
            "verified": .bool(verified), "signer": signer.map(JSON.text),
            "signerRoles": .texts(signerRoles), "findings": .array(findings.map(JSON.string)),
            "method": source.map { .string($0.method.rawValue) },
            "trust": source.map { .string($0.trust) },
            "identity": source.map { .string($0.identity) },
            "issuer": source.map { .string($0.issuer) },
            "signedAt": signedAt.map(JSON.text),
            "timeSource": source.map { .string($0.time.rawValue) },
            "revocation": source.map { .string($0.revocation.rawValue) },
        ])
    }
}

/// Somebody who asks, and the roles held in the model's namespace.
package struct HolderFact: Sendable, Hashable {
    package var principal: PrincipalID
    /// The natural person behind the principal.
    package var person: PrincipalID
    package var roles: [Role]

    package init(principal: PrincipalID, person: PrincipalID, roles: [Role]) {
        self.principal = principal
        self.person = person
        self.roles = roles
    }

    /// As a part of the facts document.
    package var json: JSON {
        ["principal": .text(principal), "person": .text(person), "roles": .texts(roles)]
    }
}

/// Who submitted the version.
package struct SubmitterFact: Sendable, Hashable {
    package var principal: PrincipalID
    /// The natural person behind the principal.
    package var person: PrincipalID
    /// Every other person id that is known to be the same person.
    package var linked: [PrincipalID]

    package init(principal: PrincipalID, person: PrincipalID, linked: [PrincipalID] = []) {
        self.principal = principal
        self.person = person
        self.linked = linked
    }

    /// As a part of the facts document.
    package var json: JSON {
        ["principal": .text(principal), "person": .text(person), "linked": .texts(linked)]
    }
}

/// Something that restricts the version.
package struct RestrictionFact: Sendable, Hashable {
    package var kind: Kind
    /// Which one: an entry's or statement's identity.
    package var id: String
    package var source: Source
    package var reason: String

    package init(kind: Kind, id: String, source: Source, reason: String) {
        self.kind = kind
        self.id = id
        self.source = source
        self.reason = reason
    }

    /// As a part of the facts document.
    package var json: JSON {
        [
            "kind": .string(kind.rawValue), "id": .string(id), "source": .string(source.rawValue),
            "reason": .string(reason),
        ]
    }
}

/// A deployment that is active.
package struct DeploymentFact: Sendable, Hashable {
    package var id: String
    package var environment: EnvironmentName

    package init(id: String, environment: EnvironmentName) {
        self.id = id
        self.environment = environment
    }

    /// As a part of the facts document.
    package var json: JSON {
        ["id": .string(id), "environment": .text(environment)]
    }
}

/// How far the gate's own reading of the log has come.
package struct FoldFact: Sendable, Hashable {
    package var healthy: Bool
    /// Entries of the log that the fold has not read.
    package var lagEntries: Int64

    package init(healthy: Bool, lagEntries: Int64) {
        self.healthy = healthy
        self.lagEntries = lagEntries
    }

    /// As a part of the facts document.
    package var json: JSON {
        ["healthy": .bool(healthy), "lagEntries": .integer(lagEntries)]
    }
}

/// The pack that decides, and what is known about it.
package struct PolicyFact: Sendable, Hashable {
    /// The pack that is asked.
    package var digest: SHA256Digest
    /// The pack that the log says is active.
    package var activeDigest: SHA256Digest
    /// The pack that the version was submitted under.
    package var requestDigest: SHA256Digest?
    /// Whether those entitled have signed it.
    package var signed: Bool

    package init(
        digest: SHA256Digest, activeDigest: SHA256Digest, requestDigest: SHA256Digest? = nil,
        signed: Bool
    ) {
        self.digest = digest
        self.activeDigest = activeDigest
        self.requestDigest = requestDigest
        self.signed = signed
    }

    /// As a part of the facts document.
    package var json: JSON {
        .facts([
            "digest": .hex(digest), "activeDigest": .hex(activeDigest),
            "requestDigest": requestDigest.map(JSON.hex), "signed": .bool(signed),
        ])
    }
}

extension RestrictionFact {
    /// What kind of restriction.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case suspension
        case rejection
        case withdrawal
        /// An approver asked for changes: a further version is the answer.
        case changesRequested = "changes-requested"
        case revocation
        case incident
        case hold
        case retirement
        /// A finding that blocks, or that was not met in time.
        case finding
        /// Rows or documents say otherwise than the log.
        case alarm
        /// An emergency is over, or was not reviewed; it follows from the log alone.
        case breakGlass = "break-glass"
    }

    /// Where the restriction is known from; `log` alone means that rows were lost, an alarm.
    package enum Source: String, Sendable, Hashable, CaseIterable {
        case rows
        case log
        case both
    }
}

extension JSON {
    /// A digest as hex.
    static func hex(_ digest: SHA256Digest) -> JSON { .string(digest.hex) }

    /// Values by their texts.
    static func texts(_ values: [some CustomStringConvertible]) -> JSON {
        .array(values.map { .string($0.description) })
    }
}
