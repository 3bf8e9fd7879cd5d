// Rows of roots, packs, principals, keys, roles and tokens.

internal import Cryptography
internal import Database
internal import Governance

extension ProjectionRows {
    func rootChanged(_ event: RootChanged) -> SQL {
        """
        INSERT INTO \(identifier: schema).trust_root (version, digest, document, installed_at)
        VALUES (\(event.version), \(event.digest.bytes), \(event.document.bytes), \(at))
        ON CONFLICT DO NOTHING
        """
    }

    func policyActivated(_ event: PolicyActivated) -> SQL {
        """
        INSERT INTO \(identifier: schema).policy_pack
            (digest, name, version, statement, files, activated_at)
        VALUES (\(event.digest.bytes), \(event.name), \(event.version), \(event.document.bytes),
                \(event.files.bytes), \(at))
        """
    }

    func principalRegistered(_ event: PrincipalRegistered) -> SQL {
        """
        INSERT INTO \(identifier: schema).principal
            (id, kind, person, name_commitment, registered_at)
        VALUES (\(event.principal.description), \(event.kind.rawValue), \(event.person.description),
                \(event.name?.bytes), \(at))
        """
    }

    func keyAssigned(_ event: KeyAssigned) -> SQL {
        """
        INSERT INTO \(identifier: schema).credential
            (key_id, principal, statement, document, valid_from, valid_until)
        VALUES (\(event.key.hex), \(event.principal.description), \(event.statement.bytes),
                \(event.document.bytes), \(SQLTimestamp(event.validFrom)),
                \(SQLTimestamp(event.validUntil)))
        """
    }

    func keyRevoked(_ event: KeyRevoked) -> SQL {
        """
        UPDATE \(identifier: schema).credential
        SET revoked_at = \(SQLTimestamp(event.effectiveFrom)), revoked_reason = \(event.reason)
        WHERE key_id = \(event.key.hex)
        """
    }

    func roleAssigned(_ event: RoleAssigned) -> SQL {
        """
        INSERT INTO \(identifier: schema).assignment
            (statement, document, principal, person, role, namespace, valid_from, valid_until)
        VALUES (\(event.statement.bytes), \(event.document.bytes), \(event.principal.description),
                \(event.person.description), \(event.role.rawValue), \(event.namespace.description),
                \(SQLTimestamp(event.validFrom)), \(SQLTimestamp(event.validUntil)))
        """
    }

    func roleRevoked(_ event: RoleRevoked) -> SQL {
        """
        UPDATE \(identifier: schema).assignment
        SET revoked_at = \(SQLTimestamp(event.effectiveFrom)), revoked_reason = \(event.reason)
        WHERE statement = \(event.assignment.bytes)
        """
    }

    func delegationRecorded(_ event: DelegationRecorded) -> SQL {
        """
        INSERT INTO \(identifier: schema).delegation
            (statement, document, delegator, delegate, role, scope, highest_tier, reason,
             valid_from, valid_until)
        VALUES (\(event.statement.bytes), \(event.document.bytes),
                \(event.delegator.description), \(event.delegate.description),
                \(event.role.rawValue), \(event.scope.description),
                \(event.highestTier.description), \(event.reason),
                \(SQLTimestamp(event.validFrom)), \(SQLTimestamp(event.validUntil)))
        """
    }

    func delegationRevoked(_ event: DelegationRevoked) -> SQL {
        """
        UPDATE \(identifier: schema).delegation
        SET revoked_at = least(revoked_at, \(SQLTimestamp(event.effectiveFrom))),
            revoked_reason = \(event.reason)
        WHERE statement = \(event.delegation.bytes)
        """
    }

    func tokenIssued(_ event: TokenIssued) -> SQL {
        """
        INSERT INTO \(identifier: schema).token (id, principal, hash, expires_at)
        VALUES (\(event.token), \(event.principal.description), \(event.hash.bytes),
                \(SQLTimestamp(event.expiresAt)))
        """
    }

    func tokenRevoked(_ event: TokenRevoked) -> SQL {
        """
        UPDATE \(identifier: schema).token SET revoked_at = \(at) WHERE id = \(event.token)
        """
    }
}
