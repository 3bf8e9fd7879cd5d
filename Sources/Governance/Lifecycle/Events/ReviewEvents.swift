// Why a version has to be looked at again, and in which tier somebody put it.

package import CanonicalJSON
package import Cryptography

/// A monitor or an officer says that a version no longer does what was approved.
package struct VersionAlerted: EventPayload {
    package static let kind = "version.alerted"

    /// What it is about.
    package enum Cause: String, Sendable, Hashable, CaseIterable {
        /// A measure of the running model has left its bounds.
        case drift
        /// The model did harm, or was about to.
        case incident
    }

    package let version: VersionReference
    /// The alert's id.
    package let alert: String
    package let cause: Cause
    /// The metric that drifted, or what the incident is called elsewhere.
    package let name: String
    /// A decimal; nil where nothing was measured.
    package let value: String?
    /// The bound that the value has left, a decimal; nil where nothing was measured.
    package let threshold: String?
    package let reason: String

    package init(
        version: VersionReference, alert: String, cause: Cause, name: String, value: String?,
        threshold: String?, reason: String
    ) {
        self.version = version
        self.alert = alert
        self.cause = cause
        self.name = name
        self.value = value
        self.threshold = threshold
        self.reason = reason
    }

    package init?(_ reader: inout EventReader) {
        guard let version = reader.version("version"),
            let alert = reader.string("alert"),
            let cause = reader.value("cause", { $0.string.flatMap { Cause(rawValue: $0) } }),
            let name = reader.string("name"),
            let value = reader.nullable("value", \.string),
            let threshold = reader.nullable("threshold", \.string),
            let reason = reader.string("reason")
        else { return nil }
        self.init(
            version: version, alert: alert, cause: cause, name: name, value: value,
            threshold: threshold, reason: reason)
    }

    package var members: [String: JSON] {
        [
            "version": .text(version), "alert": .string(alert), "cause": .string(cause.rawValue),
            "name": .string(name), "value": value.map(JSON.string) ?? .null,
            "threshold": threshold.map(JSON.string) ?? .null, "reason": .string(reason),
        ]
    }

    /// What happened, in a few words: `psi 0.31 beyond 0.25: applicants are younger`.
    package var words: String {
        let measured =
            value.flatMap { value in threshold.map { " \(value) beyond \($0)" } } ?? ""
        return "\(name)\(measured): \(reason)"
    }
}

/// A validator put a version into a tier.
package struct TierDetermined: EventPayload {
    package static let kind = "tier.determined"
    /// One of those who signed.
    package typealias Signer = BreakGlassRecorded.Signer

    package let version: VersionReference
    /// Digest of the statement's payload.
    package let statement: SHA256Digest
    /// Digest of the envelope as stored.
    package let document: SHA256Digest
    /// What the pack made of the card.
    package let derived: Tier
    /// The tier that holds.
    package let tier: Tier
    /// The pack that the tier was derived by.
    package let policy: SHA256Digest
    package let reason: String
    package let signers: [Signer]

    /// The event of a statement.
    package init(
        _ determination: TierDetermination, statement: SHA256Digest, document: SHA256Digest
    ) {
        version = determination.version
        self.statement = statement
        self.document = document
        derived = determination.derived
        tier = determination.tier
        policy = determination.policy
        reason = determination.reason
        signers = determination.signers.map {
            Signer(principal: $0.principal, role: $0.role)
        }
    }

    package init?(_ reader: inout EventReader) {
        guard let version = reader.version("version"),
            let statement = reader.digest("statement"),
            let document = reader.digest("document"),
            let derived = reader.value("derived", Self.tier),
            let tier = reader.value("tier", Self.tier),
            let policy = reader.digest("policy"),
            let reason = reader.string("reason"),
            let signers = reader.value("signers", Self.signers)
        else { return nil }
        self.version = version
        self.statement = statement
        self.document = document
        self.derived = derived
        self.tier = tier
        self.policy = policy
        self.reason = reason
        self.signers = signers
    }

    private static func tier(_ json: JSON) -> Tier? {
        Tier(json: json).flatMap { Tier.usable.contains($0) ? $0 : nil }
    }

    private static func signers(_ json: JSON) -> [Signer]? {
        guard let elements = json.array, TierDetermination.signerCount.contains(elements.count)
        else { return nil }
        let signers = elements.compactMap { element -> Signer? in
            guard element.object?.count == 2,
                let principal = element["principal"]?.string.flatMap({ PrincipalID($0) }),
                let role = element["role"]?.string.flatMap({ Role(rawValue: $0) })
            else { return nil }
            return Signer(principal: principal, role: role)
        }
        return signers.count == elements.count ? signers : nil
    }

    package var members: [String: JSON] {
        [
            "version": .text(version), "statement": .digest(statement),
            "document": .digest(document), "derived": derived.json, "tier": tier.json,
            "policy": .digest(policy), "reason": .string(reason),
            "signers": .array(
                signers.map { ["principal": .text($0.principal), "role": .text($0.role)] }),
        ]
    }
}
