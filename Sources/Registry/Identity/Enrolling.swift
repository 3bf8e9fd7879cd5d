// Registers principals, and records the signed statements that give them keys and roles.

package import Attestation
internal import CanonicalJSON
package import Cryptography
internal import Database
package import Governance

extension Registry {
    /// A person or service to be registered with its first key.
    package struct Enrolment: Sendable {
        /// The printed name; kept beside the log, committed in it (I8).
        package let name: String
        /// Key assignment, signed by the new key and by whoever assigns it.
        package let assignment: Envelope
        /// The natural person behind the principal; nil when the principal is one itself.
        package let person: PrincipalID?

        package init(name: String, assignment: Envelope, person: PrincipalID?) {
            self.name = name
            self.assignment = assignment
            self.person = person
        }
    }

    /// Registers the principal that a key assignment names; administrators only.
    package func register(_ enrolment: Enrolment, _ request: Request) async throws -> Outcome {
        let key = try keyAssignment(in: enrolment.assignment)
        if let caller = request.caller { try requireAdministrator(caller, of: key.principal) }
        let name = PersonalValue(.string(enrolment.name))
        return try await record(
            request, Subjects(written: [Subjects.principal(key.principal)]), alone: true
        ) { [vault] db, _ in
            let exists = try db.one(
                "SELECT EXISTS (SELECT FROM registry.principal WHERE id = \(key.principal.description))",
                as: Bool.self)
            guard !exists else {
                throw Refusal(
                    .conflict, "principal-exists", "\(key.principal) is registered already.")
            }
            return Act(
                .principalRegistered(
                    PrincipalRegistered(
                        principal: key.principal, kind: key.kind,
                        person: enrolment.person ?? key.principal, name: name.commitment)),
                secrets: try vault.seal([name], of: key.principal.description, db))
        }
    }

    /// Records a key for a registered principal.
    package func assignKey(_ envelope: Envelope, _ request: Request) async throws -> Outcome {
        let key = try keyAssignment(in: envelope)
        if let caller = request.caller { try requireAdministrator(caller, of: key.principal) }
        let document = envelope.canonicalBytes
        return try await record(
            request, Subjects(written: [Subjects.principal(key.principal)])
        ) { [follower] db, now in
            let registered = try db.oneOrNil(
                "SELECT kind FROM registry.principal WHERE id = \(key.principal.description)",
                as: String.self)
            guard registered == key.kind.rawValue else {
                throw Refusal(
                    .unprocessable, "principal-unknown",
                    "\(key.principal) is not registered as a \(key.kind.rawValue).")
            }
            try Self.accept(.key(key), envelope, follower, now)
            return Act(
                .keyAssigned(
                    KeyAssigned(
                        principal: key.principal, key: key.credential.id,
                        statement: envelope.payloadDigest, document: SHA256.hash(document),
                        validFrom: key.validFrom, validUntil: key.validUntil)),
                documents: [document])
        }
    }

    /// Records a role for a principal.
    package func assignRole(_ envelope: Envelope, _ request: Request) async throws -> Outcome {
        guard let read = IdentityBook.read(envelope.canonicalBytes),
            case .role(let role) = read.assignment
        else {
            throw Refusal(
                .unprocessable, "not-a-role-assignment", "The envelope holds no role assignment.")
        }
        if let caller = request.caller {
            try requireAdministrator(caller, over: [role.namespace])
        }
        let document = envelope.canonicalBytes
        return try await record(
            request, Subjects(written: [Subjects.principal(role.principal)])
        ) { [follower] db, now in
            let exists = try db.one(
                """
                SELECT EXISTS (SELECT FROM registry.assignment
                               WHERE statement = \(envelope.payloadDigest.bytes))
                """, as: Bool.self)
            guard !exists else {
                throw Refusal(
                    .conflict, "assignment-exists", "This assignment is recorded already.")
            }
            try Self.accept(.role(role), envelope, follower, now)
            return Act(
                .roleAssigned(
                    RoleAssigned(
                        principal: role.principal, person: role.person, role: role.role,
                        namespace: role.namespace, statement: envelope.payloadDigest,
                        document: SHA256.hash(document), validFrom: role.validFrom,
                        validUntil: role.validUntil)),
                documents: [document])
        }
    }

    /// Revokes a key: restrictive, so an authenticated administrator or the holder suffices.
    ///
    /// Of a certified key the principal is the one that the pack in force, or a version that the key
    /// signed, names.
    ///
    /// - Parameter effectiveFrom: since when the key does not count; nil for now. What the log took
    ///   before stays.
    package func revokeKey(
        _ key: KeyID, of principal: PrincipalID, reason: String,
        effectiveFrom: Timestamp? = nil, _ request: Request
    ) async throws -> Outcome {
        let caller = try caller(of: request)
        if caller.principal != principal { try requireAdministrator(caller, of: principal) }
        return try await record(
            request, Subjects(written: [Subjects.principal(principal)])
        ) { db, now in
            let owner = try db.oneOrNil(
                "SELECT principal FROM registry.credential WHERE key_id = \(key.hex)",
                as: String.self)
            // A certified key is registered nowhere, but what it signed is.
            let isCertified =
                try owner == nil
                && db.one(
                    "SELECT EXISTS (SELECT FROM registry.version WHERE signature_key = \(key.hex))",
                    as: Bool.self)
            guard owner == principal.description || isCertified else {
                throw Refusal(.notFound, "key-unknown", "\(principal) has no key \(key).")
            }
            let from = effectiveFrom ?? now
            guard from <= now else {
                throw Refusal(
                    .unprocessable, "revocation-in-future", "A revocation takes effect at once.",
                    hint: "State a time that has passed, or none.")
            }
            return Act(
                .keyRevoked(
                    KeyRevoked(principal: principal, key: key, reason: reason, effectiveFrom: from))
            )
        }
    }

    /// Revokes a role assignment.
    package func revokeRole(
        _ assignment: SHA256Digest, of principal: PrincipalID, reason: String, _ request: Request
    ) async throws -> Outcome {
        let caller = try caller(of: request)
        if caller.principal != principal {
            try requireAdministrator(caller, ofAssignment: assignment, of: principal)
        }
        return try await record(
            request, Subjects(written: [Subjects.principal(principal)])
        ) { db, now in
            let owner = try db.oneOrNil(
                "SELECT principal FROM registry.assignment WHERE statement = \(assignment.bytes)",
                as: String.self)
            guard owner == principal.description else {
                throw Refusal(
                    .notFound, "assignment-unknown", "\(principal) has no such role assignment.")
            }
            return Act(
                .roleRevoked(
                    RoleRevoked(
                        principal: principal, assignment: assignment, reason: reason,
                        effectiveFrom: now)))
        }
    }

    private func keyAssignment(in envelope: Envelope) throws(Refusal) -> KeyAssignment {
        guard let read = IdentityBook.read(envelope.canonicalBytes),
            case .key(let key) = read.assignment
        else {
            throw Refusal(
                .unprocessable, "not-a-key-assignment", "The envelope holds no key assignment.")
        }
        return key
    }

    /// Refuses an assignment that would not count.
    private static func accept(
        _ assignment: Endorsement.Assignment, _ envelope: Envelope, _ follower: Follower,
        _ now: Timestamp
    ) throws(Refusal) {
        let problems = follower.snapshot.identities.problems(of: assignment, in: envelope, at: now)
        guard problems.isEmpty else {
            throw Refusal(
                .unprocessable, "assignment-not-entitled",
                "The statement does not count: "
                    + problems.map(\.rawValue).joined(separator: ", ") + ".",
                findings: problems.map { JSONFinding(.root, $0.rawValue, $0.sentence) },
                offence: .statementInvalid)
        }
    }
}
