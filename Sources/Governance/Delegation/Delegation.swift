// The signed statement by which a holder of a role lets another person approve in that role.
//
// An in-toto statement of type https://imprimatur.dev/predicate/delegation/v1 about the delegate, the
// subject {"name":"principal:p-…","digest":{"sha256":SHA-256 of the id}}, with the predicate
//
//     {"origin":"example.com/log","delegator":{"principal":"p-…","role":"validator","assignment":DIGEST},
//      "delegate":"p-…","scope":{"namespace":"credit"},"highestTier":2,"reason":"…",
//      "validFrom":…,"validUntil":…}
//
// `scope` is a pattern of namespaces or one model, {"model":"credit/scorecard"}. The delegator signs, by
// an assignment of the role to itself: a delegate has none, so nothing can be delegated again. The delegate
// accepts by signing an approval statement whose `signer.delegation` is this payload's digest. What it is
// worth: TrustChain+Delegation; which roles, and for how long at most, the pack says: DelegationRules.

package import Attestation
package import CanonicalJSON
internal import Cryptography

/// Says who may approve for whom, over what and until when.
package struct Delegation: PredicateStatement {
    /// The predicate type.
    package static let predicateType = "https://imprimatur.dev/predicate/delegation/v1"
    /// Roles that can be delegated at all.
    package static let roles = Set(Role.allCases.filter(\.mayApprove))

    /// What a delegation is for.
    package enum Scope: Sendable, Hashable, CustomStringConvertible {
        case namespace(NamespacePattern)
        case model(ModelName)

        /// Whether it is for a model.
        package func covers(_ model: ModelName) -> Bool {
            switch self {
            case .namespace(let pattern): pattern.matches(model)
            case .model(let name): name == model
            }
        }

        /// Whether a role that is held over a pattern of namespaces is held over all of this.
        package func isWithin(_ pattern: NamespacePattern) -> Bool {
            switch self {
            case .namespace(let own): pattern.covers(own)
            case .model(let model): pattern.matches(model)
            }
        }

        /// `{"namespace":"credit"}` or `{"model":"credit/scorecard"}`.
        package var json: JSON {
            switch self {
            case .namespace(let pattern): ["namespace": .text(pattern)]
            case .model(let model): ["model": .text(model)]
            }
        }

        /// Reads what `json` writes; nil for anything else.
        package init?(json: JSON) {
            guard let members = json.object, members.count == 1 else { return nil }
            if let pattern = members["namespace"]?.string.flatMap({ NamespacePattern($0) }) {
                self = .namespace(pattern)
            } else if let model = members["model"]?.string.flatMap({ ModelName($0) }) {
                self = .model(model)
            } else {
                return nil
            }
        }

        /// `namespace credit`, `model credit/scorecard`.
        package var description: String {
            switch self {
            case .namespace(let pattern): "namespace \(pattern)"
            case .model(let model): "model \(model)"
            }
        }
    }

    /// The log that the statement is for.
    package var origin: String
    /// Whose role it is, and by which assignment.
    package var delegator: SigningOfficer
    /// Who may act in it.
    package var delegate: PrincipalID
    package var scope: Scope
    /// The highest tier that the delegate may approve.
    package var highestTier: Tier
    /// Why; in the log for ever, so without personal data.
    package var reason: String
    package var validFrom: Timestamp
    package var validUntil: Timestamp

    package init(
        origin: String, delegator: SigningOfficer, delegate: PrincipalID, scope: Scope,
        highestTier: Tier, reason: String, validFrom: Timestamp, validUntil: Timestamp
    ) {
        self.origin = origin
        self.delegator = delegator
        self.delegate = delegate
        self.scope = scope
        self.highestTier = highestTier
        self.reason = reason
        self.validFrom = validFrom
        self.validUntil = validUntil
    }

    package var statementSubject: Statement.Subject {
        Statement.Subject(kind: "principal", delegate)
    }

    package var predicate: JSON {
        [
            "origin": .string(origin), "delegator": delegator.json, "delegate": .text(delegate),
            "scope": scope.json, "highestTier": highestTier.json, "reason": .string(reason),
            "validFrom": .text(validFrom), "validUntil": .text(validUntil),
        ]
    }

    package init?(predicate reader: JSONReader) {
        let origin = reader.origin()
        let delegator = reader.object("delegator") { SigningOfficer.read($0, roles: Self.roles) }
        let delegate = reader.principal("delegate")
        let scope = Scope(json: reader.json("scope"))
        if scope == nil {
            reader.refuse(
                "scope", JSONFinding.Code.value,
                "State one of namespace, a pattern, and model, a model's name.")
        }
        let tier = PolicyPack.readTier(reader, "highestTier")
        let reason = reader.statedReason()
        let validity = reader.validity()
        guard let delegator, let delegate, let scope, let tier, let validity else { return nil }
        self.init(
            origin: origin, delegator: delegator, delegate: delegate, scope: scope,
            highestTier: tier, reason: reason, validFrom: validity.lowerBound,
            validUntil: validity.upperBound)
    }
}
