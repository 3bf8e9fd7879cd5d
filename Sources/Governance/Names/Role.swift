// The roles that a signed assignment can give, and what each assignment demands.

/// What a principal may do in the namespaces its assignment covers.
package enum Role: String, Sendable, Hashable, CaseIterable, Comparable, CustomStringConvertible {
    case owner
    case validator
    case fairnessReviewer = "fairness-reviewer"
    case complianceOfficer = "compliance-officer"
    case riskOfficer = "risk-officer"
    case privacyOfficer = "privacy-officer"
    case deployer
    case auditor
    case administrator
    case policyApprover = "policy-approver"
    /// Says what runs in an environment, and how it does; nothing else.
    case agent

    /// Roles that approve, validate, hold or change policy: their assignment needs two signers.
    package var needsTwoSigners: Bool {
        switch self {
        case .validator, .fairnessReviewer, .complianceOfficer, .riskOfficer, .privacyOfficer,
            .policyApprover:
            true
        case .owner, .deployer, .auditor, .administrator, .agent: false
        }
    }

    /// Roles that only a custodian can assign, so that administrators cannot multiply.
    package var needsCustodian: Bool { self == .administrator }

    /// Roles whose holder may sign an approval; an administrator never does (I7).
    package var mayApprove: Bool {
        switch self {
        case .validator, .fairnessReviewer, .complianceOfficer, .riskOfficer: true
        case .owner, .privacyOfficer, .deployer, .auditor, .administrator, .policyApprover, .agent:
            false
        }
    }

    /// Roles whose holder may sign an evaluation.
    package var mayEvaluate: Bool { self == .fairnessReviewer || self == .validator }

    /// The role as documents write it.
    package var description: String { rawValue }

    /// Byte order of the texts.
    package static func < (left: Role, right: Role) -> Bool {
        bytesPrecede(left.rawValue, right.rawValue)
    }
}
