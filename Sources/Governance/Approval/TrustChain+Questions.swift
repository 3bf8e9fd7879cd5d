// The questions that gates ask of the chain.

package import Attestation
package import Cryptography

extension TrustChain {
    /// Whose a key is.
    package struct Holder: Sendable, Hashable {
        package let principal: PrincipalID
        package let kind: PrincipalKind
        /// Payload digest of the key's assignment.
        package let assignment: SHA256Digest
    }

    /// A role that a principal holds.
    package struct HeldRole: Sendable, Hashable {
        package let role: Role
        /// Payload digest of the role's assignment.
        package let assignment: SHA256Digest
        /// The later of the assignment's beginning and its entry in the log.
        package let since: Timestamp
    }

    /// Whether somebody may speak in a role, with every reason against it.
    package struct Entitlement: Sendable, Hashable {
        /// The person behind the principal, through all links.
        package let person: PrincipalID
        /// Empty when entitled; codes in order otherwise.
        package let problems: [TrustProblem]

        /// Whether nothing stands against it.
        package var holds: Bool { problems.isEmpty }
    }

    /// To whom a key was ever assigned.
    package func principal(of key: KeyID) -> PrincipalID? {
        keyDigests[key].flatMap { keys[$0]?.principal }
    }

    /// Whether a key, registered here or not, had been taken back by that time.
    package func isRevoked(_ key: KeyID, at time: Timestamp) -> Bool {
        isRevoked(.key(key), at: time)
    }

    /// Who holds a key at a time; nil when nobody does, or no longer, or not yet.
    package func holder(of key: KeyID, at time: Timestamp) -> Holder? {
        guard let digest = keyDigests[key], let assignment = keys[digest],
            assignment.validFrom <= time, time <= assignment.validUntil,
            !isRevoked(.key(key), at: time), !isRevoked(.assignment(digest), at: time)
        else { return nil }
        return Holder(
            principal: assignment.principal, kind: assignment.kind, assignment: digest)
    }

    /// The passkeys that a principal holds at a time, in order of id.
    package func passkeys(of principal: PrincipalID, at time: Timestamp) -> [Passkey] {
        (keysOf[principal] ?? []).compactMap { digest in
            guard case .passkey(let passkey) = keys[digest]?.credential,
                holder(of: passkey.id, at: time) != nil
            else { return nil }
            return passkey
        }.sorted { $0.id < $1.id }
    }

    /// The roles that a principal holds in a namespace at a time, in order of role and assignment.
    package func roles(
        of principal: PrincipalID, in namespace: Namespace, at time: Timestamp
    ) -> [HeldRole] {
        acceptedRoles(of: principal).filter { digest, entry in
            entry.assignment.namespace.matches(namespace)
                && isInForce(digest, entry.assignment, at: time)
        }.map { digest, entry in
            HeldRole(
                role: entry.assignment.role, assignment: digest,
                since: max(entry.assignment.validFrom, entry.recordedAt))
        }.sorted { ($0.role, $0.assignment) < ($1.role, $1.assignment) }
    }

    /// Every role assignment of a principal that is in force at a time, in order of role and digest.
    package func assignments(
        of principal: PrincipalID, at time: Timestamp
    ) -> [(assignment: RoleAssignment, digest: SHA256Digest)] {
        acceptedRoles(of: principal).filter { digest, entry in
            isInForce(digest, entry.assignment, at: time)
        }.map { (assignment: $1.assignment, digest: $0) }
            .sorted { ($0.assignment.role, $0.digest) < ($1.assignment.role, $1.digest) }
    }

    /// The natural person behind a principal: one id for all that are linked.
    package func person(of principal: PrincipalID) -> PrincipalID { persons.person(of: principal) }

    /// Every id that is known to be the same person, the asked one included, in order.
    package func linked(to principal: PrincipalID) -> [PrincipalID] {
        persons.linked(to: principal)
    }

    /// Whether a statement signed by these keys counts as the principal's word in this role.
    ///
    /// - Parameter time: when the log took the statement. Ask again with the time that the signer
    ///   claims, if both shall hold.
    /// - Parameter factor: what the statement says that its signer used; nil when it does not say.
    package func entitlement(
        of principal: PrincipalID, signers: Set<KeyID>, role: Role, namespace: Namespace,
        assignment digest: SHA256Digest, factor: SignatureFactor? = nil, at time: Timestamp
    ) -> Entitlement {
        entitlement(
            of: principal, signers: signers, role: role, assignment: digest, factor: factor,
            at: time
        ) { $0.matches(namespace) }
    }

    /// The same, with the pattern of the assignment judged by the caller.
    func entitlement(
        of principal: PrincipalID, signers: Set<KeyID>, role: Role,
        assignment digest: SHA256Digest, factor: SignatureFactor? = nil, at time: Timestamp,
        where isWideEnough: (NamespacePattern) -> Bool
    ) -> Entitlement {
        let (held, keyProblem) = held(by: principal, among: signers, with: factor, at: time)
        var problems = Set([keyProblem].compactMap(\.self))
        if let entry = roles[digest]?.assignment {
            if entry.principal != principal { problems.insert(.wrongPrincipal) }
            if entry.role != role { problems.insert(.wrongRole) }
            if !isWideEnough(entry.namespace) { problems.insert(.wrongNamespace) }
            if isRevoked(.assignment(digest), at: time) { problems.insert(.revoked) }
            if time < entry.validFrom || time > entry.validUntil { problems.insert(.notValidThen) }
            if !held.isEmpty,
                !held.contains(where: { descends($0.assignment, from: entry.credentials) })
            {
                problems.insert(.keyNotCovered)
            }
        } else {
            problems.insert(.assignmentUnknown)
        }
        if role.needsTwoSigners, held.contains(where: { $0.kind == .service }) {
            problems.insert(.serviceCannot)
        }
        if role.mayApprove || role == .privacyOfficer, administers(principal, at: time) {
            problems.insert(.administers)
        }
        return Entitlement(person: person(of: principal), problems: problems.sorted())
    }

    /// Which of the keys that signed are the principal's, and what it means when none is.
    ///
    /// - Parameter factor: what one of them has to be; nil for any.
    func held(
        by principal: PrincipalID, among signers: Set<KeyID>, with factor: SignatureFactor? = nil,
        at time: Timestamp
    ) -> (keys: [Holder], problem: TrustProblem?) {
        let held = signers.compactMap { holder(of: $0, at: time) }
            .filter { $0.principal == principal }
        guard held.isEmpty else {
            let isThatFactor =
                factor == nil || held.contains { keys[$0.assignment]?.credential.factor == factor }
            return (held, isThatFactor ? nil : .otherFactor)
        }
        let were = signers.contains { key in
            keyDigests[key].flatMap { keys[$0]?.principal } == principal
                && isRevoked(.key(key), at: time)
        }
        return ([], were ? .revoked : .unknownKey)
    }

    /// Whether the person behind a principal administers anything at that time.
    func administers(_ principal: PrincipalID, at time: Timestamp) -> Bool {
        persons.linked(to: principal).flatMap(acceptedRoles).contains { digest, entry in
            entry.assignment.role == .administrator
                && isInForce(digest, entry.assignment, at: time)
        }
    }
}
