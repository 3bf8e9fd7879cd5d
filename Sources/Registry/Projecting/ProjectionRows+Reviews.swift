// The rows of alerts and of statements on tiers.

internal import Cryptography
internal import Database
internal import Governance

extension ProjectionRows {
    func versionAlerted(_ event: VersionAlerted, _ actor: PrincipalID?) -> SQL {
        """
        INSERT INTO \(identifier: schema).alert
            (id, version, cause, name, value, threshold, reason, actor, at)
        VALUES (\(event.alert), \(event.version.description), \(event.cause.rawValue),
                \(event.name), \(event.value), \(event.threshold), \(event.reason),
                \(actor?.description ?? "service"), \(at))
        """
    }

    func tierDetermined(_ event: TierDetermined) -> SQL {
        """
        INSERT INTO \(identifier: schema).tier_determination
            (statement, document, version, derived, tier, policy, reason, principals, roles, at)
        VALUES (\(event.statement.bytes), \(event.document.bytes), \(event.version.description),
                \(event.derived.rawValue), \(event.tier.rawValue), \(event.policy.bytes),
                \(event.reason), \(event.signers.map(\.principal.description)),
                \(event.signers.map(\.role.rawValue)), \(at))
        """
    }
}
