// What the deploy and retire gates answered, and what runs.

package import CanonicalJSON
package import Cryptography

/// The deploy gate decided.
package struct DeploymentDecided: EventPayload {
    package static let kind = "deployment.decided"
    package let version: VersionReference
    package let environment: EnvironmentName
    /// What it is deployed to, as the caller names it; empty for none.
    package let target: String
    /// What it is to be used for; null when the caller named no use.
    package let use: UseName?
    package let verdict: Verdict
    /// The digest that the caller presented.
    package let artifact: SHA256Digest
    /// The decision document.
    package let decision: SHA256Digest
    /// The facts it was decided on.
    package let facts: SHA256Digest
    /// Digest and version of the trust root under which it was decided.
    package let trustRoot: SHA256Digest
    package let trustRootVersion: Int64
    /// Id of the deployment; empty when denied.
    package let deployment: String
    /// Digest of the permit's payload; null when denied.
    package let permit: SHA256Digest?
    /// Digest of the permit's envelope.
    package let permitDocument: SHA256Digest?
    /// When the permit ends.
    package let notAfter: Timestamp?

    package init(
        version: VersionReference, environment: EnvironmentName, target: String, use: UseName?,
        verdict: Verdict, artifact: SHA256Digest, decision: SHA256Digest, facts: SHA256Digest,
        trustRoot: SHA256Digest, trustRootVersion: Int64, deployment: String,
        permit: SHA256Digest?, permitDocument: SHA256Digest?, notAfter: Timestamp?
    ) {
        self.version = version
        self.environment = environment
        self.target = target
        self.use = use
        self.verdict = verdict
        self.artifact = artifact
        self.decision = decision
        self.facts = facts
        self.trustRoot = trustRoot
        self.trustRootVersion = trustRootVersion
        self.deployment = deployment
        self.permit = permit
        self.permitDocument = permitDocument
        self.notAfter = notAfter
    }

    package init?(_ reader: inout EventReader) {
        guard let version = reader.version("version"),
            let environment = reader.environment("environment"),
            let target = reader.string("target"),
            let use = reader.nullable("use", { $0.string.flatMap { UseName($0) } }),
            let verdict = reader.value("verdict", { $0.string.flatMap { Verdict(rawValue: $0) } }),
            let artifact = reader.digest("artifact"),
            let decision = reader.digest("decision"),
            let facts = reader.digest("facts"),
            let trustRoot = reader.digest("trustRoot"),
            let trustRootVersion = reader.integer("trustRootVersion"),
            let deployment = reader.string("deployment"),
            let permit = reader.nullableDigest("permit"),
            let permitDocument = reader.nullableDigest("permitDocument"),
            let notAfter = reader.nullable("notAfter", { $0.string.flatMap { Timestamp($0) } })
        else { return nil }
        self.init(
            version: version, environment: environment, target: target, use: use,
            verdict: verdict, artifact: artifact, decision: decision, facts: facts,
            trustRoot: trustRoot, trustRootVersion: trustRootVersion, deployment: deployment,
            permit: permit, permitDocument: permitDocument, notAfter: notAfter)
    }

    package var members: [String: JSON] {
        [
            "version": .text(version), "environment": .text(environment),
            "target": .string(target), "use": use.map { .text($0) } ?? .null,
            "verdict": .string(verdict.rawValue), "artifact": .digest(artifact),
            "decision": .digest(decision), "facts": .digest(facts),
            "trustRoot": .digest(trustRoot), "trustRootVersion": .integer(trustRootVersion),
            "deployment": .string(deployment), "permit": .digest(permit),
            "permitDocument": .digest(permitDocument),
            "notAfter": notAfter.map { .text($0) } ?? .null,
        ]
    }
}

/// What was permitted runs.
package struct DeploymentConfirmed: EventPayload {
    package static let kind = "deployment.confirmed"
    package let deployment: String
    package let version: VersionReference
    package let environment: EnvironmentName

    package init(
        deployment: String, version: VersionReference, environment: EnvironmentName
    ) {
        self.deployment = deployment
        self.version = version
        self.environment = environment
    }

    package init?(_ reader: inout EventReader) {
        guard let deployment = reader.string("deployment"),
            let version = reader.version("version"),
            let environment = reader.environment("environment")
        else { return nil }
        self.init(
            deployment: deployment, version: version, environment: environment)
    }

    package var members: [String: JSON] {
        [
            "deployment": .string(deployment), "version": .text(version),
            "environment": .text(environment),
        ]
    }
}

/// What ran no longer runs.
package struct DeploymentEnded: EventPayload {
    package static let kind = "deployment.ended"
    package let deployment: String
    package let version: VersionReference
    package let environment: EnvironmentName
    package let reason: String

    package init(
        deployment: String, version: VersionReference, environment: EnvironmentName,
        reason:
            String
    ) {
        self.deployment = deployment
        self.version = version
        self.environment = environment
        self.reason = reason
    }

    package init?(_ reader: inout EventReader) {
        guard let deployment = reader.string("deployment"),
            let version = reader.version("version"),
            let environment = reader.environment("environment"),
            let reason = reader.string("reason")
        else { return nil }
        self.init(
            deployment: deployment, version: version, environment: environment, reason: reason)
    }

    package var members: [String: JSON] {
        [
            "deployment": .string(deployment), "version": .text(version),
            "environment": .text(environment), "reason": .string(reason),
        ]
    }
}

/// The retire gate decided.
package struct RetirementDecided: EventPayload {
    package static let kind = "retirement.decided"
    package let version: VersionReference
    package let verdict: Verdict
    /// The decision document.
    package let decision: SHA256Digest
    /// The facts it was decided on.
    package let facts: SHA256Digest
    /// Digest and version of the trust root under which it was decided.
    package let trustRoot: SHA256Digest
    package let trustRootVersion: Int64
    package let reason: String
    /// The version that takes over; empty for none.
    package let successor: String
    /// Digest of the retirement certificate's payload; null when denied.
    package let certificate: SHA256Digest?
    /// Digest of the certificate's envelope.
    package let certificateDocument: SHA256Digest?

    package init(
        version: VersionReference, verdict: Verdict, decision: SHA256Digest,
        facts: SHA256Digest, trustRoot: SHA256Digest, trustRootVersion: Int64, reason: String,
        successor: String, certificate: SHA256Digest?, certificateDocument: SHA256Digest?
    ) {
        self.version = version
        self.verdict = verdict
        self.decision = decision
        self.facts = facts
        self.trustRoot = trustRoot
        self.trustRootVersion = trustRootVersion
        self.reason = reason
        self.successor = successor
        self.certificate = certificate
        self.certificateDocument = certificateDocument
    }

    package init?(_ reader: inout EventReader) {
        guard let version = reader.version("version"),
            let verdict = reader.value("verdict", { $0.string.flatMap { Verdict(rawValue: $0) } }),
            let decision = reader.digest("decision"),
            let facts = reader.digest("facts"),
            let trustRoot = reader.digest("trustRoot"),
            let trustRootVersion = reader.integer("trustRootVersion"),
            let reason = reader.string("reason"),
            let successor = reader.string("successor"),
            let certificate = reader.nullableDigest("certificate"),
            let certificateDocument = reader.nullableDigest("certificateDocument")
        else { return nil }
        self.init(
            version: version, verdict: verdict, decision: decision, facts: facts,
            trustRoot: trustRoot, trustRootVersion: trustRootVersion, reason: reason,
            successor: successor, certificate: certificate,
            certificateDocument: certificateDocument)
    }

    package var members: [String: JSON] {
        [
            "version": .text(version), "verdict": .string(verdict.rawValue),
            "decision": .digest(decision), "facts": .digest(facts),
            "trustRoot": .digest(trustRoot), "trustRootVersion": .integer(trustRootVersion),
            "reason": .string(reason),
            "successor": .string(successor), "certificate": .digest(certificate),
            "certificateDocument": .digest(certificateDocument),
        ]
    }
}
