// Statements that can be believed: the only way to one leads through a verified signature.

package import Cryptography

/// A statement together with those of the caller's keys that have signed it.
///
/// Only verification makes one. What it says is as true as its signers are entitled to say it: who
/// may say what is for the caller to decide.
package struct VerifiedStatement: Sendable, Hashable {
    /// What is said.
    package let statement: Statement
    /// The SHA-256 of the signed payload bytes: the identity of the statement.
    package let payloadDigest: SHA256Digest
    /// The keys whose signatures hold; never empty.
    package let signers: Set<KeyID>

    init(statement: Statement, payloadDigest: SHA256Digest, signers: Set<KeyID>) {
        precondition(!signers.isEmpty, "A statement without a signer is not verified.")
        self.statement = statement
        self.payloadDigest = payloadDigest
        self.signers = signers
    }
}

/// The answer to "may this envelope be believed?".
package enum StatementVerdict: Sendable, Hashable {
    case verified(VerifiedStatement)
    /// All reasons why not.
    case refused([AttestationFinding])

    /// The statement, when it may be believed.
    package var statement: VerifiedStatement? {
        guard case .verified(let statement) = self else { return nil }
        return statement
    }

    /// The reasons, when it may not.
    package var findings: [AttestationFinding] {
        guard case .refused(let findings) = self else { return [] }
        return findings
    }
}

extension Envelope {
    /// Checks the signatures against `keys`, then reads the same payload bytes as a statement.
    ///
    /// `threshold` counts distinct keys, and is at least 1. A signature that none of the keys
    /// confirms is ignored, as DSSE demands; it adds nothing and takes nothing.
    package func verifyStatement(
        with keys: [PublicKey],
        predicateType: String? = nil,
        threshold: Int = 1,
        limits: AttestationLimits = .default
    ) -> StatementVerdict {
        var findings: [AttestationFinding] = []
        if payloadType != Statement.payloadType {
            findings.append(
                AttestationFinding(.payloadTypeMismatch, "The payload is no in-toto statement."))
        }
        let signers = verify(with: keys)
        if signers.isEmpty {
            findings.append(
                AttestationFinding(
                    .signatureInvalid, "No signature is that of a key which is trusted here."))
        } else if signers.count < threshold {
            findings.append(
                AttestationFinding(
                    .tooFewSigners, "\(signers.count) of \(threshold) needed keys have signed."))
        }
        do {
            let statement = try Statement(parsing: payload, limits: limits)
            if let predicateType, statement.predicateType != predicateType {
                findings.append(
                    AttestationFinding(
                        .predicateTypeMismatch, "The statement is not of type \(predicateType)."))
            }
            guard findings.isEmpty else { return .refused(findings) }
            return .verified(
                VerifiedStatement(
                    statement: statement, payloadDigest: payloadDigest, signers: signers))
        } catch {
            return .refused(findings + error.findings)
        }
    }
}
