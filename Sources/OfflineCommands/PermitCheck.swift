// The full check of a permit in its bundle, offline: signature, bytes, time, and its place in the log.
//
// A bundle (sigstore, v0.3) holds the permit's envelope and one log entry. The permit counts when
//   1. a permit key that the root certifies for now has signed it, for these bytes, here, now;
//   2. the log entry is signed by a service key that the root certified at the entry's own time, says
//      "deployment.decided: allow" (of a permit to run, "run.decided: allow"), and names the permit's digest, version, environment and bytes;
//   3. the inclusion proof leads from the entry to the root of a checkpoint that the log key of the
//      root (and the witnesses asked for) signed;
//   4. the root itself has not expired.
// All that speaks against it is told, not the first.

package import Attestation
internal import CanonicalJSON
package import Cryptography
package import Governance
internal import TransparencyLog

/// What a permit's bundle is worth.
package struct PermitCheck {
    /// One reason against it.
    package struct Finding: Hashable {
        package let code: String
        package let message: String
    }

    /// Everything that speaks against it.
    package private(set) var findings: [Finding] = []
    /// What the permit says; believed only without findings.
    package private(set) var claimed: Permit?
    /// SHA-256 of the signed payload.
    package private(set) var digest: SHA256Digest?
    /// The place of its entry in the log.
    package private(set) var index: Int64?
    /// The witnesses that cosigned.
    package private(set) var cosigned: [String] = []

    /// What a status list says; unknown without one.
    package private(set) var revocation = Revocation.unknown

    /// What is known of a permit after it was given.
    package enum Revocation: Equatable {
        case unknown
        /// A list that counts has nothing against it.
        case good(issuedAt: String)
        case bad(StatusList.Status)
        /// There is a list, and it does not count.
        case undecided
    }

    /// Whether nothing speaks against it.
    package var isValid: Bool { findings.isEmpty && claimed != nil }
    /// Whether nothing but the status list stands in the way of an answer.
    package var isUndecided: Bool { isValid && revocation == .undecided }

    /// Takes in what a status list says.
    package mutating func consult(_ status: StatusCheck) {
        guard status.isValid, let list = status.list, let claimed else {
            revocation = .undecided
            return
        }
        guard let bad = list.status(of: claimed) else {
            revocation = .good(issuedAt: list.issuedAt)
            return
        }
        revocation = .bad(bad)
        let subject = list.versions[claimed.model] == nil ? claimed.deployment : claimed.model
        refuse(bad.rawValue, "\(subject) is \(bad.rawValue), by the list of \(list.issuedAt).")
    }

    /// Checks a bundle; `now` decides about the time of permit, keys and root.
    package init(
        _ bundle: SigstoreBundle, receipts: ReceiptCheck, expecting expectation: PermitExpectation,
        now: Timestamp
    ) {
        let root = receipts.root
        if now < root.issuedAt || root.expiresAt < now {
            refuse(
                "root-expired",
                "The trust root is valid from \(root.issuedAt) to \(root.expiresAt).")
        }
        var expectation = expectation
        expectation.origin = root.origin
        expectation.root = Permit.Root(version: root.version, digest: root.digest)
        let verdict = Permit.verify(
            bundle.envelope, keys: root.permitKeys(at: now), expecting: expectation,
            now: now.description)
        claimed = verdict.claimed
        digest = bundle.envelope.payloadDigest
        for finding in verdict.findings { refuse(finding.code.rawValue, finding.line) }
        let entry = EntryCheck(of: bundle, receipts: receipts)
        findings += entry.findings
        (index, cosigned) = (entry.index, entry.cosigned)
        if let event = entry.event { check(event) }
    }

    private mutating func refuse(_ code: String, _ message: String) {
        findings.append(Finding(code: code, message: message))
    }

    /// The entry is the service's own word that exactly this permit was given.
    private mutating func check(_ recorded: Event) {
        let given: (event: DeploymentDecided, kind: Permit.Kind)? =
            switch recorded {
            case .deploymentDecided(let event): (event, .deploy)
            case .runDecided(let event): (event.decided, .run)
            default: nil
            }
        guard let (event, kind) = given, event.verdict == .allow else {
            refuse("entry-mismatch", "The log entry is no permission to deploy or to run.")
            return
        }
        guard event.permit == digest else {
            refuse("entry-mismatch", "The log entry is about another permit.")
            return
        }
        guard let claimed else { return }
        if claimed.kind != kind || !claimed.agrees(with: event) {
            refuse("entry-mismatch", "The log entry and the permit disagree.")
        }
    }
}

extension PermitCheck {
    /// The check as JSON.
    var json: JSON {
        [
            "valid": .bool(isValid && !isUndecided),
            "permit": digest.map { .string($0.hex) } ?? .null,
            "model": claimed.map { .string($0.model) } ?? .null,
            "environment": claimed.map { .string($0.environment) } ?? .null,
            "target": claimed.map { .string($0.target) } ?? .null,
            "use": claimed.map { .string($0.use) } ?? .null,
            "deployment": claimed.map { .string($0.deployment) } ?? .null,
            "trustRoot": claimed.map {
                [
                    "version": .integer($0.root.version),
                    "digest": .string($0.root.digest.hex),
                ]
            } ?? .null,
            "artifact": claimed.map { .string($0.manifest.digest.hex) } ?? .null,
            "notBefore": claimed.map { .string($0.notBefore) } ?? .null,
            "notAfter": claimed.map { .string($0.notAfter) } ?? .null,
            "development": claimed.map { .bool($0.development) } ?? .null,
            "index": index.map { .integer($0) } ?? .null,
            "witnesses": .array(cosigned.map(JSON.string)),
            "kind": claimed.map { .string($0.kind.rawValue) } ?? .null,
            "revocation": .string(revocation.word),
            "findings": .array(
                findings.map { ["code": .string($0.code), "message": .string($0.message)] }),
        ]
    }
}

extension PermitCheck.Revocation {
    fileprivate var word: String {
        switch self {
        case .unknown: "unknown"
        case .good: "good"
        case .bad(let status): status.rawValue
        case .undecided: "undecided"
        }
    }
}
