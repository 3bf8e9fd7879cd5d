// Why a signed statement, or a signer, does not count.

/// A reason against an assignment or an entitlement; the raw value is its stable code.
package enum TrustProblem: String, Sendable, Hashable, Comparable, CaseIterable {
    /// The statement was made for another log.
    case wrongOrigin = "wrong-origin"
    /// The new key has not signed its own assignment.
    case noPossession = "no-possession"
    /// Neither a custodian nor an administrator, other than the beneficiary, has signed.
    case noAuthority = "no-authority"
    /// Only the beneficiary's own signature would have made it enough.
    case selfAssigned = "self-assigned"
    /// The role needs two distinct persons' signatures.
    case needsTwoPersons = "needs-two-persons"
    /// Only a custodian can assign this role.
    case needsCustodian = "needs-custodian"
    /// The principal already has a key, so another one must name it.
    case alreadyHasKey = "already-has-key"
    /// The key belongs to another principal already, or was assigned before.
    case keyTaken = "key-taken"
    /// The earlier key assignment is unknown or another principal's.
    case previousUnknown = "previous-unknown"
    /// No key that the principal already has signed for the further one.
    case notByExistingKey = "not-by-existing-key"
    /// The principal was a person before and a service now, or the other way round.
    case kindChanged = "kind-changed"
    /// A service cannot hold a role that approves or changes policy.
    case serviceCannot = "service-cannot"
    /// A credential is unknown or another principal's.
    case credentialUnknown = "credential-unknown"
    /// No accepted role assignment has this digest.
    case assignmentUnknown = "assignment-unknown"
    /// The assignment is for another principal, role or namespace.
    case wrongPrincipal = "wrong-principal"
    case wrongRole = "wrong-role"
    case wrongNamespace = "wrong-namespace"
    /// Before the beginning or after the end.
    case notValidThen = "not-valid-then"
    /// Revoked at that time.
    case revoked
    /// None of the signing keys is the principal's.
    case unknownKey = "unknown-key"
    /// The key does not descend from a credential that the role assignment names.
    case keyNotCovered = "key-not-covered"
    /// It was signed with something else than the statement says.
    case otherFactor = "other-factor"
    /// Whoever administers does not approve.
    case administers
    /// No delegation of this digest counts, or not yet.
    case delegationUnknown = "delegation-unknown"
    /// Whoever delegated does not hold the role any more, by that assignment.
    case delegatorNotEntitled = "delegator-not-entitled"

    /// The reason in words.
    package var sentence: String {
        switch self {
        case .wrongOrigin: "The statement was made for another log."
        case .noPossession: "The new key has not signed its own assignment."
        case .noAuthority:
            "Neither a custodian nor an administrator, other than the beneficiary, has signed."
        case .selfAssigned: "Only the beneficiary's own signature would have made it enough."
        case .needsTwoPersons: "The role needs two distinct persons' signatures."
        case .needsCustodian: "Only a custodian can assign this role."
        case .alreadyHasKey: "The principal already has a key, so another one must name it."
        case .keyTaken: "The key belongs to another principal already, or was assigned before."
        case .previousUnknown: "The earlier key assignment is unknown or another principal's."
        case .notByExistingKey: "No key that the principal already has signed for the further one."
        case .kindChanged:
            "The principal was a person before and a service now, or the other way round."
        case .serviceCannot: "A service cannot hold a role that approves or changes policy."
        case .credentialUnknown: "A credential is unknown or another principal's."
        case .assignmentUnknown: "No accepted role assignment has this digest."
        case .wrongPrincipal: "The assignment is for another principal, role or namespace."
        case .wrongRole: "The assignment is for another principal, role or namespace."
        case .wrongNamespace: "The assignment is for another principal, role or namespace."
        case .notValidThen: "Before the beginning or after the end."
        case .revoked: "Revoked at that time."
        case .unknownKey: "None of the signing keys is the principal's."
        case .keyNotCovered:
            "The key does not descend from a credential that the role assignment names."
        case .otherFactor: "It was signed with something else than the statement says."
        case .administers: "Whoever administers does not approve."
        case .delegationUnknown: "No delegation of this digest counts, or not yet."
        case .delegatorNotEntitled:
            "Whoever delegated does not hold the role any more, by that assignment."
        }
    }

    /// Order of the codes.
    package static func < (left: TrustProblem, right: TrustProblem) -> Bool {
        bytesPrecede(left.rawValue, right.rawValue)
    }
}
