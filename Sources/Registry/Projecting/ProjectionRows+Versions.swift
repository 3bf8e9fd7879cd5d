// Rows of versions, their evidence and approvals, and what restricts them.

internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Governance

extension ProjectionRows {
    func versionSubmitted(_ event: VersionSubmitted) -> [SQL] {
        let version = event.version.description
        let model = event.version.model.description
        var statements: [SQL] = [
            """
            INSERT INTO \(identifier: schema).model (name, versions)
            VALUES (\(model), \(event.version.number))
            ON CONFLICT (name) DO UPDATE SET versions = excluded.versions
            """,
            """
            INSERT INTO \(identifier: schema).version
                (name, model, number, label, tier, state, card_statement, card_document,
                 artifact_digest, manifest_document, signature_document, signature_key, submitter,
                 person, request_id, request_nonce, policy, submitted_at)
            VALUES (\(version), \(model), \(event.version.number), \(event.label), \(event.tier),
                    'open', \(event.card.bytes), \(event.cardDocument.bytes),
                    \(event.artifact.bytes), \(event.manifestDocument.bytes),
                    \(event.signatureDocument.bytes), \(event.signatureKey.hex),
                    \(event.submitter.description), \(event.person.description), \(event.request),
                    \(event.nonce), \(event.policy.bytes), \(at))
            """,
        ]
        let links = event.lineage
        if !links.isEmpty {
            statements.append(
                """
                INSERT INTO \(identifier: schema).lineage (version, position, kind, label, name, digest)
                SELECT \(version), position, kind, label, name, digest
                FROM unnest(\(links.map(\.kind)), \(links.map(\.label)), \(links.map(\.name)),
                            \(links.map(\.digest))) WITH ORDINALITY
                    AS link (kind, label, name, digest, position)
                """)
        }
        return statements
    }

    func evaluationRecorded(_ event: EvaluationRecorded) -> SQL {
        """
        INSERT INTO \(identifier: schema).evaluation
            (statement, document, version, kind, signer, evaluated_at)
        VALUES (\(event.statement.bytes), \(event.document.bytes), \(event.version.description),
                \(event.evaluation), \(event.signer.hex), \(SQLTimestamp(event.evaluatedAt)))
        """
    }

    func approvalRecorded(_ event: ApprovalRecorded, actor: PrincipalID?) -> [SQL] {
        let approval: SQL = """
            INSERT INTO \(identifier: schema).approval
                (statement, document, version, request_id, principal, person, role, meaning,
                 signed_at, expires_at)
            VALUES (\(event.statement.bytes), \(event.document.bytes), \(event.version.description),
                    \(event.request), \(event.principal.description), \(event.person.description),
                    \(event.role.rawValue), \(event.meaning.rawValue),
                    \(SQLTimestamp(event.signedAt)), \(SQLTimestamp(event.expiresAt)))
            """
        guard let restriction = RestrictiveFold.Restriction(event) else { return [approval] }
        return [
            approval,
            self.restriction(
                restriction.id, event.version, restriction.kind.rawValue, restriction.reason,
                event.principal),
            state(Self.state(after: event.meaning), of: event.version),
        ]
    }

    /// What becomes of a request that somebody objects to.
    private static func state(after meaning: ApprovalMeaning) -> String {
        switch meaning {
        case .approve: "open"
        case .reject: "rejected"
        case .requestChanges: "changes-requested"
        case .withdraw: "withdrawn"
        }
    }

    func restriction(
        _ id: String, _ version: VersionReference, _ kind: String, _ reason: String,
        _ actor: PrincipalID?
    ) -> SQL {
        """
        INSERT INTO \(identifier: schema).restriction (id, version, kind, reason, actor, at)
        VALUES (\(id), \(version.description), \(kind), \(reason),
                \(actor?.description ?? "service"), \(at))
        """
    }

    func versionLifted(_ event: VersionLifted) -> SQL {
        """
        UPDATE \(identifier: schema).restriction
        SET lifted_at = \(at), lift = \(event.statement.bytes)
        WHERE id = \(event.restriction)
        """
    }

    func findingRaised(_ event: FindingRaised) -> SQL {
        """
        INSERT INTO \(identifier: schema).finding
            (statement, document, version, severity, blocking, summary, owner, due_at, approval,
             principal, role, raised_at)
        VALUES (\(event.statement.bytes), \(event.document.bytes), \(event.version.description),
                \(event.severity.rawValue), \(event.blocking), \(event.summary),
                \(event.owner.description), \(SQLTimestamp(event.dueAt)),
                \(event.approval?.bytes), \(event.principal.description),
                \(event.role.rawValue), \(at))
        """
    }

    func findingClosed(_ event: FindingClosed) -> SQL {
        """
        UPDATE \(identifier: schema).finding
        SET closed_at = \(at), closure = \(event.statement.bytes),
            resolution = \(event.resolution.rawValue)
        WHERE statement = \(event.finding.bytes)
        """
    }

    func provenanceRecorded(_ event: ProvenanceRecorded) -> SQL {
        """
        INSERT INTO \(identifier: schema).provenance
            (id, statement, document, version, predicate_type, subject, file, signer, principal,
             builder, build_type, materials, lineage, at)
        VALUES (\("\(event.statement.hex)/\(event.version)"), \(event.statement.bytes),
                \(event.document.bytes), \(event.version.description), \(event.predicateType),
                \(event.subject.bytes), \(event.file), \(event.signer.hex),
                \(event.principal.description), \(event.builder), \(event.buildType),
                \(event.materials), \(JSON.array(event.lineage.map(\.json)).canonicalText), \(at))
        ON CONFLICT (id, signer) DO NOTHING
        """
    }

    func abstentionRecorded(_ event: AbstentionRecorded) -> SQL {
        """
        INSERT INTO \(identifier: schema).abstention
            (statement, document, version, request_id, principal, role, meaning, reason, at)
        VALUES (\(event.statement.bytes), \(event.document.bytes), \(event.version.description),
                \(event.request), \(event.principal.description), \(event.role.rawValue),
                \(event.meaning.rawValue), \(event.reason), \(at))
        """
    }

    func legacyImported(_ event: LegacyImported) -> SQL {
        let numbers = event.items.indices.map { Int64($0) }
        return """
            INSERT INTO \(identifier: schema).legacy
                (id, statement, document, model, artifact, environment, due_at, at)
            SELECT \(event.statement.hex) || '/' || number, \(event.statement.bytes),
                   \(event.document.bytes), model, artifact, environment, due_at::timestamptz, \(at)
            FROM unnest(\(numbers), \(event.items.map(\.model.description)),
                        \(event.items.map(\.artifact.bytes)),
                        \(event.items.map(\.environment.description)),
                        \(event.items.map(\.dueAt.description)))
                AS item (number, model, artifact, environment, due_at)
            """
    }

    func waiverRecorded(_ event: WaiverRecorded) -> SQL {
        """
        INSERT INTO \(identifier: schema).waiver
            (statement, document, version, rule, policy, principal, role, reason, at, expires_at)
        VALUES (\(event.statement.bytes), \(event.document.bytes), \(event.version.description),
                \(event.rule), \(event.policy.bytes), \(event.principal.description),
                \(event.role.rawValue), \(event.reason), \(at), \(SQLTimestamp(event.expiresAt)))
        """
    }

    func breakGlassRecorded(_ event: BreakGlassRecorded) -> SQL {
        """
        INSERT INTO \(identifier: schema).break_glass
            (statement, document, version, artifact, environment, policy, incident, reason,
             principals, roles, at, expires_at, review_due_at)
        VALUES (\(event.statement.bytes), \(event.document.bytes), \(event.version.description),
                \(event.artifact.bytes), \(event.environment.description), \(event.policy.bytes),
                \(event.incident), \(event.reason), \(event.signers.map(\.principal.description)),
                \(event.signers.map(\.role.rawValue)), \(at), \(SQLTimestamp(event.expiresAt)),
                \(SQLTimestamp(event.reviewDueAt)))
        """
    }

    func breakGlassReviewed(_ event: BreakGlassReviewed) -> SQL {
        """
        INSERT INTO \(identifier: schema).break_glass_review
            (statement, document, version, break_glass, principal, role, verdict, reason, at)
        VALUES (\(event.statement.bytes), \(event.document.bytes), \(event.version.description),
                \(event.breakGlass.bytes), \(event.principal.description), \(event.role.rawValue),
                \(event.verdict.rawValue), \(event.reason), \(at))
        """
    }

    func state(_ state: String, of version: VersionReference) -> SQL {
        """
        UPDATE \(identifier: schema).version SET state = \(state)
        WHERE name = \(version.description)
        """
    }

    func restrictionCarried(_ event: RestrictionCarried) -> SQL {
        """
        INSERT INTO \(identifier: schema).carried (id, artifact, former, reason, entry, at)
        VALUES (\(event.restriction), \(event.artifact.bytes), \(event.former.description),
                \(event.reasonHere), \(event.entry.bytes), \(at))
        """
    }

    /// A version with bytes that the former log restricted is suspended from the start.
    func takeCarried(_ event: VersionSubmitted) -> SQL {
        let version = event.version.description
        return """
            INSERT INTO \(identifier: schema).restriction (id, version, kind, reason, actor, at)
            SELECT 'c-' || left(encode(sha256(convert_to(id || E'\\n' || \(version), 'UTF8')),
                                       'hex'), 32),
                   \(version), 'suspension', reason, 'service', \(at)
            FROM \(identifier: schema).carried WHERE artifact = \(event.artifact.bytes)
            """
    }
}
