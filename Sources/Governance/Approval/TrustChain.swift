// Who may say what: the chain from the custodians' keys to the person who signs an approval.
//
// Input are statements whose signatures were verified, in the order of the log; each counts only if
// those before it entitle its signers. So trust cannot run in circles, and a later revocation does
// not undo what was rightly signed earlier.
//
//   key assignment   signed by the new key (possession) and by a custodian or administrator who is
//                    another person; the first key of a principal has no `previous`; a further one
//                    names an earlier one and is also signed by a key that the principal has then
//   role assignment  names accepted key assignments of the principal; signed by a custodian or by
//                    an administrator whose own pattern covers the role's, never by the
//                    beneficiary; roles that approve or change policy by two distinct persons;
//                    administrators by a custodian
//
// Distinct persons are counted through links: every principal and person id that any statement or
// registration ties together is one person. A custodian key that nobody holds is a person of its
// own. Example: p-a administers, C is a custodian key. {p-a's key, C} may make p-b a validator;
// {p-a's key} alone may not, {C} alone may not, and {p-a's key, p-a2's key} with p-a2 linked to p-a
// may not.

internal import Attestation
package import Cryptography

/// The keys that need no further justification.
package struct TrustAnchor: Sendable, Hashable {
    /// The log that statements must be for.
    package let origin: String
    /// Keys of the custodians.
    package let custodians: Set<KeyID>

    package init(origin: String, custodians: Set<KeyID>) {
        self.origin = origin
        self.custodians = custodians
    }
}

/// A key or role assignment, or a delegation, whose signatures were verified.
package struct Endorsement: Sendable, Hashable {
    /// What was assigned.
    package enum Assignment: Sendable, Hashable {
        case key(KeyAssignment)
        case role(RoleAssignment)
        case delegation(Delegation)

        /// Whom it speaks of.
        var ids: [PrincipalID] {
            switch self {
            case .key(let key): [key.principal]
            case .role(let role): [role.principal, role.person]
            case .delegation(let delegation):
                [delegation.delegator.principal, delegation.delegate]
            }
        }
    }

    package let assignment: Assignment
    /// SHA-256 of the signed payload.
    package let digest: SHA256Digest
    /// Every key whose signature holds.
    package let signers: Set<KeyID>
    /// When the log took it, by the service's clock: signers must be entitled then, because a time
    /// that they claim themselves could be dated back behind a revocation.
    package let recordedAt: Timestamp

    package init(
        _ assignment: Assignment, digest: SHA256Digest, signers: Set<KeyID>, recordedAt: Timestamp
    ) {
        self.assignment = assignment
        self.digest = digest
        self.signers = signers
        self.recordedAt = recordedAt
    }
}

/// Something that no longer counts from a moment on.
package struct TrustRevocation: Sendable, Hashable {
    /// What was revoked.
    package enum Target: Sendable, Hashable {
        case key(KeyID)
        /// A key or role assignment, or a delegation, by payload digest.
        case assignment(SHA256Digest)
    }

    package let target: Target
    package let effectiveFrom: Timestamp

    package init(_ target: Target, effectiveFrom: Timestamp) {
        self.target = target
        self.effectiveFrom = effectiveFrom
    }
}

/// The accepted assignments, and what follows from them.
///
/// It grows with the log: a further statement is judged by itself. Only what reaches back (a revocation
/// dated before a statement that is there already, a link that makes two known persons one) has all
/// statements judged again.
package struct TrustChain: Sendable {
    /// Why assignments were not accepted, by payload digest; accepted ones are absent.
    package private(set) var problems: [SHA256Digest: [TrustProblem]] = [:]

    private(set) var anchor: TrustAnchor
    private(set) var persons = PersonLinks()
    private(set) var keys = SharedMap<SHA256Digest, KeyAssignment>()
    private(set) var keyDigests = SharedMap<KeyID, SHA256Digest>()
    /// Plain ids of all keys that were assigned, those inside of passkeys too.
    private var takenKeys = SharedMap<KeyID, Bool>()
    private(set) var roles = SharedMap<SHA256Digest, AcceptedRole>()
    /// Accepted assignments of each principal, in the order of the log.
    private(set) var keysOf = SharedMap<PrincipalID, [SHA256Digest]>()
    private(set) var rolesOf = SharedMap<PrincipalID, [SHA256Digest]>()
    private(set) var delegations = SharedMap<SHA256Digest, AcceptedDelegation>()
    /// Accepted delegations by or for each principal, in the order of the log.
    private(set) var delegationsOf = SharedMap<PrincipalID, [SHA256Digest]>()
    private var revokedFrom = SharedMap<TrustRevocation.Target, Timestamp>()

    /// Everything that was judged, in order, for judging it again.
    private var steps = SharedMap<Int, Step>()
    private var stepCount = 0
    /// The latest time at which the log took a statement.
    private var latest: Timestamp?
    /// Whoever any statement speaks of.
    private var mentioned = SharedMap<PrincipalID, Bool>()

    /// A role assignment that counts, with the time when the log took it.
    struct AcceptedRole: Sendable {
        let assignment: RoleAssignment
        let recordedAt: Timestamp
    }

    private enum Step: Sendable {
        case endorsement(Endorsement)
        /// From here on other custodians count.
        case anchor(TrustAnchor)
    }

    /// Judges every endorsement in the order given, which is that of the log.
    ///
    /// - Parameter links: pairs of principal and person from registrations; links only restrict.
    package init(
        anchor: TrustAnchor, endorsements: [Endorsement], revocations: [TrustRevocation] = [],
        links: [(principal: PrincipalID, person: PrincipalID)] = []
    ) {
        self.anchor = anchor
        for revocation in revocations { revoke(revocation) }
        for pair in links { link(pair.principal, pair.person) }
        for endorsement in endorsements { endorse(endorsement) }
    }

    // MARK: growing

    /// Takes in the next statement of the log.
    package mutating func endorse(_ endorsement: Endorsement) {
        if case .role(let role) = endorsement.assignment { link(role.principal, role.person) }
        add(.endorsement(endorsement))
        latest = max(latest ?? endorsement.recordedAt, endorsement.recordedAt)
        judge(endorsement)
        for id in endorsement.assignment.ids { mentioned[id] = true }
    }

    /// Takes in that two ids are one person.
    package mutating func link(_ principal: PrincipalID, _ person: PrincipalID) {
        let wereKnown = isMentioned(principal) && isMentioned(person)
        if persons.join(principal, person), wereKnown { judgeAgain() }
    }

    /// Takes in that something no longer counts.
    package mutating func revoke(_ revocation: TrustRevocation) {
        let (target, from) = (revocation.target, revocation.effectiveFrom)
        if let known = revokedFrom[target], known <= from { return }
        revokedFrom[target] = from
        if let latest, from <= latest { judgeAgain() }
    }

    /// Takes in that from here on other custodians count.
    package mutating func rotate(to anchor: TrustAnchor) {
        add(.anchor(anchor))
        self.anchor = anchor
    }

    private mutating func add(_ step: Step) {
        if stepCount == 0 { steps[-1] = .anchor(anchor) }
        steps[stepCount] = step
        stepCount += 1
    }

    private func isMentioned(_ id: PrincipalID) -> Bool {
        persons.linked(to: id).contains { mentioned[$0] == true }
    }

    private mutating func judgeAgain() {
        (keys, keyDigests, takenKeys, roles) = (.init(), .init(), .init(), .init())
        (keysOf, rolesOf, problems) = (.init(), .init(), [:])
        (delegations, delegationsOf) = (.init(), .init())
        for index in -1..<stepCount {
            switch steps[index] {
            case .endorsement(let endorsement): judge(endorsement)
            case .anchor(let other): anchor = other
            case nil: break
            }
        }
    }

    private mutating func judge(_ endorsement: Endorsement) {
        let digest = endorsement.digest
        // The same payload may come again, with more signatures or fewer; accepted stays so.
        if keys[digest] != nil || roles[digest] != nil || delegations[digest] != nil { return }
        let found: [TrustProblem]
        switch endorsement.assignment {
        case .key(let key):
            found = judge(key, endorsement)
            if found.isEmpty {
                keys[digest] = key
                keyDigests[key.credential.id] = digest
                takenKeys[key.credential.key.id] = true
                keysOf[key.principal, default: []].append(digest)
            }
        case .role(let role):
            found = judge(role, endorsement)
            if found.isEmpty {
                roles[digest] = AcceptedRole(
                    assignment: role, recordedAt: endorsement.recordedAt)
                rolesOf[role.principal, default: []].append(digest)
            }
        case .delegation(let delegation):
            found = judge(delegation, endorsement)
            if found.isEmpty {
                delegations[digest] = AcceptedDelegation(
                    delegation: delegation, recordedAt: endorsement.recordedAt)
                for id in endorsement.assignment.ids {
                    delegationsOf[id, default: []].append(digest)
                }
            }
        }
        problems[digest] = found.isEmpty ? nil : Set(found).sorted()
    }

    func isRevoked(_ target: TrustRevocation.Target, at time: Timestamp) -> Bool {
        revokedFrom[target].map { $0 <= time } ?? false
    }

    /// The accepted role assignments of a principal.
    func acceptedRoles(of principal: PrincipalID) -> [(SHA256Digest, AcceptedRole)] {
        (rolesOf[principal] ?? []).compactMap { digest in roles[digest].map { (digest, $0) } }
    }

    // MARK: judging

    private func judge(_ key: KeyAssignment, _ endorsement: Endorsement) -> [TrustProblem] {
        let time = endorsement.recordedAt
        var problems: [TrustProblem] = []
        if key.origin != anchor.origin { problems.append(.wrongOrigin) }
        let id = key.credential.id
        if !endorsement.signers.contains(id) { problems.append(.noPossession) }
        if isTaken(key.credential) { problems.append(.keyTaken) }
        let others = endorsement.signers.subtracting([id])
        let authorities = authorities(among: others, at: time, covering: nil)
        if authorities.allSatisfy({ isBeneficiary($0, key.principal) }) {
            problems.append(authorities.isEmpty ? .noAuthority : .selfAssigned)
        }
        let known = (keysOf[key.principal] ?? []).compactMap { keys[$0] }
        if known.contains(where: { $0.kind != key.kind }) { problems.append(.kindChanged) }
        guard let previous = key.previous else {
            if !known.isEmpty { problems.append(.alreadyHasKey) }
            return problems
        }
        if keys[previous]?.principal != key.principal { problems.append(.previousUnknown) }
        if !others.contains(where: { holder(of: $0, at: time)?.principal == key.principal }) {
            problems.append(.notByExistingKey)
        }
        return problems
    }

    /// Whether the key is somebody's already, in whatever form: one key is not two factors, nor a
    /// custodian's key a passkey.
    private func isTaken(_ credential: Credential) -> Bool {
        let key = credential.key.id
        return takenKeys[key] != nil
            || credential.factor == .passkey && anchor.custodians.contains(key)
    }

    private func judge(_ role: RoleAssignment, _ endorsement: Endorsement) -> [TrustProblem] {
        let time = endorsement.recordedAt
        var problems: [TrustProblem] = []
        if role.origin != anchor.origin { problems.append(.wrongOrigin) }
        let credentials = role.credentials.compactMap { keys[$0] }
        if credentials.isEmpty || credentials.count != role.credentials.count
            || !credentials.allSatisfy({ $0.principal == role.principal })
        {
            problems.append(.credentialUnknown)
        }
        if role.role.needsTwoSigners || role.role == .administrator,
            credentials.contains(where: { $0.kind == .service })
        {
            problems.append(.serviceCannot)
        }
        let all = authorities(among: endorsement.signers, at: time, covering: role.namespace)
        let others = all.filter {
            !isBeneficiary($0, role.principal) && !isBeneficiary($0, role.person)
        }
        var lacking: [TrustProblem] = []
        if others.isEmpty { lacking.append(.noAuthority) }
        if role.role.needsTwoSigners, Set(others.map(\.person)).count < 2 {
            lacking.append(.needsTwoPersons)
        }
        if role.role.needsCustodian, !others.contains(where: \.isCustodian) {
            lacking.append(.needsCustodian)
        }
        if !lacking.isEmpty, others.count < all.count { lacking.append(.selfAssigned) }
        return problems + lacking
    }

    /// Somebody whose signature can appoint others.
    private struct Authority {
        /// A person's canonical id, or the custodian key's own when nobody holds it.
        let person: String
        let principal: PrincipalID?
        let isCustodian: Bool
    }

    /// The custodians and administrators among the signers; an administrator appoints only within
    /// its own pattern.
    private func authorities(
        among signers: Set<KeyID>, at time: Timestamp, covering namespace: NamespacePattern?
    ) -> [Authority] {
        signers.sorted().compactMap { key in
            let isCustodian = anchor.custodians.contains(key) && !isRevoked(.key(key), at: time)
            // A custodian key that also belongs to a principal is that principal's person.
            let owner = keyDigests[key].flatMap { keys[$0]?.principal }
            let isAdministrator = administrates(key, at: time, covering: namespace)
            guard isCustodian || isAdministrator else { return nil }
            let person = owner.map { persons.person(of: $0).description } ?? "custodian:\(key)"
            return Authority(person: person, principal: owner, isCustodian: isCustodian)
        }
    }

    private func administrates(
        _ key: KeyID, at time: Timestamp, covering namespace: NamespacePattern?
    ) -> Bool {
        guard let holder = holder(of: key, at: time) else { return false }
        return acceptedRoles(of: holder.principal).contains { digest, entry in
            entry.assignment.role == .administrator
                && namespace.map(entry.assignment.namespace.covers) ?? true
                && isInForce(digest, entry.assignment, at: time)
                && descends(holder.assignment, from: entry.assignment.credentials)
        }
    }

    private func isBeneficiary(_ authority: Authority, _ principal: PrincipalID) -> Bool {
        authority.principal.map { persons.areSame($0, principal) } ?? false
    }

    func isInForce(_ digest: SHA256Digest, _ role: RoleAssignment, at time: Timestamp) -> Bool {
        role.validFrom <= time && time <= role.validUntil
            && !isRevoked(.assignment(digest), at: time)
    }

    /// Whether a key assignment is one of the credentials or was added under one of them.
    func descends(_ digest: SHA256Digest, from credentials: [SHA256Digest]) -> Bool {
        var current: SHA256Digest? = digest
        while let link = current {
            if credentials.contains(link) { return true }
            // Accepted assignments name only earlier ones, so this ends.
            current = keys[link]?.previous
        }
        return false
    }
}
