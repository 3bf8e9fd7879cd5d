// Whether a permit may be used: by whom it is signed, for which bytes, where, and when.
//
// Pure: whoever checks brings the permit keys (certified by his trust root), the digest of the bytes
// he has, and the time. That the decision is in the log is proven by the receipt beside the permit.

package import Cryptography

/// What a checker has in hand; what is nil is not compared. The target always is.
package struct PermitExpectation: Sendable, Hashable {
    /// Digest of the bytes about to be used.
    package var artifact: SHA256Digest
    /// The log that is trusted.
    package var origin: String?
    /// "ns/name@n".
    package var model: String?
    /// Where the bytes are about to be used.
    package var environment: String?
    /// The machine, cluster or place; empty for none, and then a permit for one is refused.
    package var target: String
    /// What the model is about to be used for.
    package var use: String?
    /// The deployment that is about to begin or to go on.
    package var deployment: String?
    /// The trust root that the checker has.
    package var root: Permit.Root?
    /// What is about to be done.
    package var kind: Permit.Kind?
    /// Whether a permit from a development root will do.
    package var acceptsDevelopment: Bool

    package init(
        artifact: SHA256Digest, origin: String? = nil, model: String? = nil,
        environment: String? = nil, target: String = "", use: String? = nil,
        deployment: String? = nil, root: Permit.Root? = nil, kind: Permit.Kind? = nil,
        acceptsDevelopment: Bool = false
    ) {
        self.artifact = artifact
        self.origin = origin
        self.model = model
        self.environment = environment
        self.target = target
        self.use = use
        self.deployment = deployment
        self.root = root
        self.kind = kind
        self.acceptsDevelopment = acceptsDevelopment
    }
}

/// A permit that may be used; only verification makes one.
package struct VerifiedPermit: Sendable, Hashable {
    /// What is allowed.
    package let permit: Permit
    /// SHA-256 of the signed payload.
    package let payloadDigest: SHA256Digest
    /// The permit key that signed.
    package let signer: KeyID

    fileprivate init(permit: Permit, payloadDigest: SHA256Digest, signer: KeyID) {
        self.permit = permit
        self.payloadDigest = payloadDigest
        self.signer = signer
    }
}

/// The answer to "may this permit be used for these bytes, here, now?".
package struct PermitVerdict: Sendable, Hashable {
    /// All reasons why not.
    package let findings: [AttestationFinding]
    /// What it says, when it can be read; believed only if `verified` is there.
    package let claimed: Permit?
    /// The permit, when it may be used.
    package let verified: VerifiedPermit?

    /// Whether it may be used.
    package var isValid: Bool { verified != nil }
}

extension Permit {
    /// Checks a permit; `now` is a time in the form "2026-11-21T08:00:00.000Z".
    package static func verify(
        _ envelope: Envelope,
        keys: [PublicKey],
        expecting expectation: PermitExpectation,
        now: String,
        limits: AttestationLimits = .default
    ) -> PermitVerdict {
        var findings: [AttestationFinding] = []
        if envelope.payloadType != Statement.payloadType {
            findings.append(
                AttestationFinding(.payloadTypeMismatch, "The payload is no in-toto statement."))
        }
        if envelope.signatures.count != 1 {
            findings.append(
                AttestationFinding(
                    .signatureCount, "\(envelope.signatures.count) signatures, not exactly one."))
        }
        let signer = envelope.verify(with: keys).first
        if signer == nil {
            findings.append(
                AttestationFinding(.signatureInvalid, "No trusted permit key has signed this."))
        }
        let permit: Permit
        do {
            permit = try Permit(
                Statement(parsing: envelope.payload, limits: limits), limits: limits)
        } catch {
            return PermitVerdict(
                findings: findings + error.findings, claimed: nil, verified: nil)
        }
        findings += permit.findings(against: expectation, now: now)
        guard findings.isEmpty, let signer else {
            return PermitVerdict(findings: findings, claimed: permit, verified: nil)
        }
        return PermitVerdict(
            findings: [], claimed: permit,
            verified: VerifiedPermit(
                permit: permit, payloadDigest: envelope.payloadDigest, signer: signer))
    }

    private func findings(
        against expectation: PermitExpectation, now: String
    ) -> [AttestationFinding] {
        var findings: [AttestationFinding] = []
        func require(
            _ holds: Bool, _ code: AttestationFinding.Code, _ message: @autoclosure () -> String
        ) {
            if !holds { findings.append(AttestationFinding(code, message())) }
        }
        func agrees(_ stated: String, _ expected: String?) -> Bool {
            expected.map { $0.utf8.elementsEqual(stated.utf8) } ?? true
        }
        require(
            manifest.digest == expectation.artifact, .artifactMismatch,
            "The permit is for \(manifest.digest), the bytes are \(expectation.artifact).")
        require(
            agrees(origin, expectation.origin), .originMismatch,
            "The permit comes from the log \(origin).")
        require(
            agrees(model, expectation.model), .modelMismatch, "The permit is for \(model).")
        require(
            agrees(environment, expectation.environment), .environmentMismatch,
            "The permit is for the environment \(environment).")
        require(
            agrees(target, expectation.target), .targetMismatch,
            target.isEmpty
                ? "The permit is for no target." : "The permit is for the target \(target).")
        require(
            agrees(use, expectation.use), .useMismatch,
            use.isEmpty ? "The permit is for no named use." : "The permit is for the use \(use).")
        require(
            agrees(deployment, expectation.deployment), .deploymentMismatch,
            "The permit is for the deployment \(deployment).")
        require(
            expectation.kind.map { $0 == kind } ?? true, .kindMismatch,
            "The permit is for \(kind.rawValue).")
        if let problem = expectation.root.flatMap(problem(underRoot:)) {
            require(false, .rootMismatch, problem)
        }
        require(
            !development || expectation.acceptsDevelopment, .development,
            "The permit was made under a development root.")
        guard isInstant(now) else {
            require(false, .malformed, "The time of checking is no time.")
            return findings
        }
        require(now >= notBefore, .notYetValid, "The permit holds from \(notBefore).")
        require(now < notAfter, .expired, "The permit held until \(notAfter).")
        return findings
    }

    /// A root that was rotated since is no objection: whether its permit key still counts is asked
    /// of the checker's own root. One that the checker does not have yet, or another one of the same
    /// version, is.
    private func problem(underRoot own: Root) -> String? {
        if root.version > own.version {
            return "The permit was decided under version \(root.version) of the trust root; "
                + "version \(own.version) is at hand."
        }
        guard root.version == own.version, root.digest != own.digest else { return nil }
        return "The permit was decided under another trust root, \(root.digest)."
    }
}
