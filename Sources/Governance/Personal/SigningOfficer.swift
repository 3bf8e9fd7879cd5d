// An officer who signs together with another one: who, in which role, by which assignment.

internal import CanonicalJSON
package import Cryptography

/// One of the people whose signatures a statement needs.
package struct SigningOfficer: Sendable, Hashable {
    package var principal: PrincipalID
    package var role: Role
    /// Digest of the role assignment's payload.
    package var assignment: SHA256Digest

    package init(principal: PrincipalID, role: Role, assignment: SHA256Digest) {
        self.principal = principal
        self.role = role
        self.assignment = assignment
    }

    var json: JSON {
        [
            "principal": .text(principal), "role": .text(role), "assignment": .digest(assignment),
        ]
    }

    static func read(_ reader: JSONReader, roles: Set<Role>) -> SigningOfficer? {
        let principal = reader.principal("principal")
        let role = reader.choice("role", of: Role.self)
        let assignment = reader.digest("assignment")
        guard let principal, let role, let assignment else { return nil }
        guard roles.contains(role) else {
            let names = roles.sorted().map(\.rawValue).joined(separator: ", ")
            reader.refuse("role", JSONFinding.Code.value, "The role must be one of \(names).")
            return nil
        }
        return SigningOfficer(principal: principal, role: role, assignment: assignment)
    }
}

extension JSONReader {
    /// `signedAt` and `expiresAt`, the second after the first and at most thirty days later.
    func signingTimes() -> (signedAt: Timestamp, expiresAt: Timestamp)? {
        let signedAt = time("signedAt")
        let expiresAt = time("expiresAt")
        guard let signedAt, let expiresAt else { return nil }
        guard signedAt < expiresAt, expiresAt <= signedAt.adding(seconds: 30 * 86_400) else {
            refuse(
                "expiresAt", JSONFinding.Code.range,
                "The end must lie after signedAt, by thirty days at most.")
            return nil
        }
        return (signedAt, expiresAt)
    }
}

/// How far a signer's clock may be ahead of the service's, in milliseconds.
let signerSkewMilliseconds: Int64 = 60_000

/// The finding for a statement that is used too early or too late; nil when it is in its time.
func timeProblem(_ signedAt: Timestamp, _ expiresAt: Timestamp, at now: Timestamp) -> JSONFinding? {
    guard now > expiresAt || now.adding(milliseconds: signerSkewMilliseconds) < signedAt else {
        return nil
    }
    return JSONFinding(
        JSONPointer(["predicate", "expiresAt"]), "not-valid-then",
        "The statement is for the time from \(signedAt) to \(expiresAt); now is \(now).")
}
