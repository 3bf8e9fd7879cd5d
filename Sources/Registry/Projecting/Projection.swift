// What each kind of event does to the tables: one function that commands and replay share.
//
// Only INSERT and UPDATE by key, only values from the entry: no clock, no sequence, no log index. So
// replaying the log into empty tables gives the same rows, and any difference is an edit.

package import Database
internal import Cryptography
package import Governance

/// Turns entries into rows.
package enum Projection {
    /// Where the rows go.
    package enum Schema: String, CaseIterable, Sendable {
        /// The live tables.
        case registry
        /// A replay's temporary tables of the same names.
        case replay = "pg_temp"
    }

    /// Every table that is a projection of the log, with what orders its rows.
    package enum Table: String, CaseIterable, Sendable {
        case subject, trust_root, policy_pack, principal, credential, assignment, token, model,
            version
        case lineage, evaluation, approval, restriction, decision, deployment, retirement
        case hold, erasure, carried, disposal
    }

    /// The statements that carry an entry into the tables.
    package static func statements(for entry: Entry, in schema: Schema = .registry) -> [SQL] {
        [subjects(entry.subjects.filter(\.value.wrote).mapValues(\.seq), in: schema)]
            + rows(for: entry, in: schema)
    }

    /// The same without the numbers of the subjects, for who carries several entries at once.
    static func rows(for entry: Entry, in schema: Schema = .registry) -> [SQL] {
        let rows = Rows(schema: schema, at: SQLTimestamp(entry.time))
        return rows.unspoken(entry.subjects) + rows.statements(entry)
    }

    /// The statement that sets the numbers of subjects that were written.
    static func subjects(_ written: [String: Int64], in schema: Schema = .registry) -> SQL {
        let sorted = written.sorted { $0.key < $1.key }
        return """
            INSERT INTO \(identifier: schema).subject (name, seq)
            SELECT * FROM unnest(\(sorted.map(\.key)), \(sorted.map(\.value)))
            ON CONFLICT (name) DO UPDATE SET seq = excluded.seq
            """
    }
}

/// The rows of one entry, in one schema.
private struct Rows {
    let schema: Projection.Schema
    /// The entry's time.
    let at: SQLTimestamp

    /// A subject that was read before anything was said of it has a row too: the one that was locked.
    /// Never an update: others hold it shared.
    func unspoken(_ subjects: [String: Entry.SubjectSequence]) -> [SQL] {
        let names = subjects.filter { !$0.value.wrote && $0.value.seq == 0 }.map(\.key).sorted()
        guard !names.isEmpty else { return [] }
        return [
            """
            INSERT INTO \(identifier: schema).subject (name, seq)
            SELECT name, 0 FROM unnest(\(names)) name ON CONFLICT DO NOTHING
            """
        ]
    }

    func statements(_ entry: Entry) -> [SQL] {
        switch entry.event {
        case .logOpened, .serviceStarted, .gateAsked, .gateDenied, .erasureRefused,
            .actorsCounted, .logHeartbeat, .accessRefused, .evidenceRead, .logRecovered,
            .projectionsDigested, .statusListed, .disposalRefused:
            []
        case .rootChanged(let event): [rootChanged(event)]
        case .policyActivated(let event): [policyActivated(event)]
        case .principalRegistered(let event): [principalRegistered(event)]
        case .keyAssigned(let event): [keyAssigned(event)]
        case .keyRevoked(let event): [keyRevoked(event)]
        case .roleAssigned(let event): [roleAssigned(event)]
        case .roleRevoked(let event): [roleRevoked(event)]
        case .tokenIssued(let event): [tokenIssued(event)]
        case .tokenRevoked(let event): [tokenRevoked(event)]
        case .versionSubmitted(let event): versionSubmitted(event) + [takeCarried(event)]
        case .restrictionCarried(let event): [restrictionCarried(event)]
        case .evaluationRecorded(let event): [evaluationRecorded(event)]
        case .approvalRecorded(let event): approvalRecorded(event, actor: entry.actor)
        case .versionSuspended(let event):
            [
                restriction(
                    event.restriction, event.version, "suspension", event.reason, entry.actor)
            ]
        case .versionWithdrawn(let event):
            [
                restriction(
                    event.restriction, event.version, "withdrawal", event.reason, entry.actor),
                state("withdrawn", of: event.version),
            ]
        case .versionLifted(let event): [versionLifted(event)]
        case .deploymentDecided(let event): deploymentDecided(event, entry)
        case .deploymentConfirmed(let event): [deploymentConfirmed(event)]
        case .deploymentEnded(let event): [deploymentEnded(event)]
        case .runDecided(let event): runDecided(event.decided, entry)
        case .retirementDecided(let event): retirementDecided(event, entry)
        case .holdPlaced(let event): [holdPlaced(event, entry.actor)]
        case .holdReleased(let event): [holdReleased(event)]
        case .subjectErased(let event): [subjectErased(event)]
        case .documentsDisposed(let event): [documentsDisposed(event)]
        }
    }

    // MARK: policy and identity

    private func rootChanged(_ event: RootChanged) -> SQL {
        """
        INSERT INTO \(identifier: schema).trust_root (version, digest, document, installed_at)
        VALUES (\(event.version), \(event.digest.bytes), \(event.document.bytes), \(at))
        ON CONFLICT DO NOTHING
        """
    }

    private func policyActivated(_ event: PolicyActivated) -> SQL {
        """
        INSERT INTO \(identifier: schema).policy_pack
            (digest, name, version, statement, files, activated_at)
        VALUES (\(event.digest.bytes), \(event.name), \(event.version), \(event.document.bytes),
                \(event.files.bytes), \(at))
        """
    }

    private func principalRegistered(_ event: PrincipalRegistered) -> SQL {
        """
        INSERT INTO \(identifier: schema).principal
            (id, kind, person, name_commitment, registered_at)
        VALUES (\(event.principal.description), \(event.kind.rawValue), \(event.person.description),
                \(event.name?.bytes), \(at))
        """
    }

    private func keyAssigned(_ event: KeyAssigned) -> SQL {
        """
        INSERT INTO \(identifier: schema).credential
            (key_id, principal, statement, document, valid_from, valid_until)
        VALUES (\(event.key.hex), \(event.principal.description), \(event.statement.bytes),
                \(event.document.bytes), \(SQLTimestamp(event.validFrom)),
                \(SQLTimestamp(event.validUntil)))
        """
    }

    private func keyRevoked(_ event: KeyRevoked) -> SQL {
        """
        UPDATE \(identifier: schema).credential
        SET revoked_at = \(SQLTimestamp(event.effectiveFrom)), revoked_reason = \(event.reason)
        WHERE key_id = \(event.key.hex)
        """
    }

    private func roleAssigned(_ event: RoleAssigned) -> SQL {
        """
        INSERT INTO \(identifier: schema).assignment
            (statement, document, principal, person, role, namespace, valid_from, valid_until)
        VALUES (\(event.statement.bytes), \(event.document.bytes), \(event.principal.description),
                \(event.person.description), \(event.role.rawValue), \(event.namespace.description),
                \(SQLTimestamp(event.validFrom)), \(SQLTimestamp(event.validUntil)))
        """
    }

    private func roleRevoked(_ event: RoleRevoked) -> SQL {
        """
        UPDATE \(identifier: schema).assignment
        SET revoked_at = \(SQLTimestamp(event.effectiveFrom)), revoked_reason = \(event.reason)
        WHERE statement = \(event.assignment.bytes)
        """
    }

    private func tokenIssued(_ event: TokenIssued) -> SQL {
        """
        INSERT INTO \(identifier: schema).token (id, principal, hash, expires_at)
        VALUES (\(event.token), \(event.principal.description), \(event.hash.bytes),
                \(SQLTimestamp(event.expiresAt)))
        """
    }

    private func tokenRevoked(_ event: TokenRevoked) -> SQL {
        """
        UPDATE \(identifier: schema).token SET revoked_at = \(at) WHERE id = \(event.token)
        """
    }

    // MARK: versions

    private func versionSubmitted(_ event: VersionSubmitted) -> [SQL] {
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

    private func evaluationRecorded(_ event: EvaluationRecorded) -> SQL {
        """
        INSERT INTO \(identifier: schema).evaluation
            (statement, document, version, kind, signer, evaluated_at)
        VALUES (\(event.statement.bytes), \(event.document.bytes), \(event.version.description),
                \(event.evaluation), \(event.signer.hex), \(SQLTimestamp(event.evaluatedAt)))
        """
    }

    private func approvalRecorded(_ event: ApprovalRecorded, actor: PrincipalID?) -> [SQL] {
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
            state(event.meaning == .reject ? "rejected" : "withdrawn", of: event.version),
        ]
    }

    private func restriction(
        _ id: String, _ version: VersionReference, _ kind: String, _ reason: String,
        _ actor: PrincipalID?
    ) -> SQL {
        """
        INSERT INTO \(identifier: schema).restriction (id, version, kind, reason, actor, at)
        VALUES (\(id), \(version.description), \(kind), \(reason),
                \(actor?.description ?? "service"), \(at))
        """
    }

    private func versionLifted(_ event: VersionLifted) -> SQL {
        """
        UPDATE \(identifier: schema).restriction
        SET lifted_at = \(at), lift = \(event.statement.bytes)
        WHERE id = \(event.restriction)
        """
    }

    private func state(_ state: String, of version: VersionReference) -> SQL {
        """
        UPDATE \(identifier: schema).version SET state = \(state)
        WHERE name = \(version.description)
        """
    }

    // MARK: gates

    private func decision(
        _ digest: SHA256Digest, _ gate: String, _ version: VersionReference, _ environment: String,
        _ verdict: String, _ facts: SHA256Digest, _ entry: Entry
    ) -> SQL {
        """
        INSERT INTO \(identifier: schema).decision
            (digest, gate, version, environment, verdict, requester, facts, policy, at)
        VALUES (\(digest.bytes), \(gate), \(version.description), \(environment), \(verdict),
                \(entry.actor?.description ?? "service"), \(facts.bytes),
                \(entry.policy?.bytes ?? []), \(at))
        ON CONFLICT (digest) DO NOTHING
        """
    }

    private func deploymentDecided(_ event: DeploymentDecided, _ entry: Entry) -> [SQL] {
        let decided = decision(
            event.decision, "deploy", event.version, event.environment.description,
            event.verdict.rawValue, event.facts, entry)
        guard let permit = event.permit, let notAfter = event.notAfter else { return [decided] }
        return [
            decided,
            """
            INSERT INTO \(identifier: schema).deployment
                (id, version, environment, target, state, permit, decision, permitted_at, not_after)
            VALUES (\(event.deployment), \(event.version.description),
                    \(event.environment.description), \(event.target), 'permitted',
                    \(permit.bytes), \(event.decision.bytes), \(at), \(SQLTimestamp(notAfter)))
            """,
        ]
    }

    private func deploymentConfirmed(_ event: DeploymentConfirmed) -> SQL {
        """
        UPDATE \(identifier: schema).deployment SET state = 'active', confirmed_at = \(at)
        WHERE id = \(event.deployment)
        """
    }

    private func deploymentEnded(_ event: DeploymentEnded) -> SQL {
        """
        UPDATE \(identifier: schema).deployment SET state = 'ended', ended_at = \(at)
        WHERE id = \(event.deployment)
        """
    }

    private func runDecided(_ event: DeploymentDecided, _ entry: Entry) -> [SQL] {
        let decided = decision(
            event.decision, "deploy", event.version, event.environment.description,
            event.verdict.rawValue, event.facts, entry)
        guard let notAfter = event.notAfter else { return [decided] }
        return [
            decided,
            """
            UPDATE \(identifier: schema).deployment
            SET run_until = greatest(run_until, \(SQLTimestamp(notAfter)))
            WHERE id = \(event.deployment)
            """,
        ]
    }

    private func retirementDecided(_ event: RetirementDecided, _ entry: Entry) -> [SQL] {
        let decided = decision(
            event.decision, "retire", event.version, "", event.verdict.rawValue, event.facts, entry)
        guard let certificate = event.certificate else { return [decided] }
        return [
            decided, state("retired", of: event.version),
            """
            INSERT INTO \(identifier: schema).retirement
                (version, certificate, decision, reason, successor, at)
            VALUES (\(event.version.description), \(certificate.bytes), \(event.decision.bytes),
                    \(event.reason), \(event.successor), \(at))
            """,
        ]
    }
}

extension Rows {
    // MARK: holds and erasures

    fileprivate func holdPlaced(_ event: HoldPlaced, _ actor: PrincipalID?) -> SQL {
        """
        INSERT INTO \(identifier: schema).hold (id, scope, namespace, reason, actor, placed_at)
        VALUES (\(event.hold), \(event.scope.description), \(event.namespace.description),
                \(event.reason), \(actor?.description ?? "service"), \(at))
        """
    }

    fileprivate func holdReleased(_ event: HoldReleased) -> SQL {
        """
        UPDATE \(identifier: schema).hold
        SET released_at = \(at), release = \(event.statement.bytes),
            release_reason = \(event.reason)
        WHERE id = \(event.hold)
        """
    }

    fileprivate func subjectErased(_ event: SubjectErased) -> SQL {
        """
        INSERT INTO \(identifier: schema).erasure
            (subject, statement, document, commitments, kek, at)
        VALUES (\(event.subject.description), \(event.statement.bytes), \(event.document.bytes),
                \(Int64(event.commitments.count)), \(event.key.hex), \(at))
        """
    }
}

extension Rows {
    // MARK: disposals

    fileprivate func documentsDisposed(_ event: DocumentsDisposed) -> SQL {
        """
        INSERT INTO \(identifier: schema).disposal
            (statement, document, version, list, documents, bytes, kept_until, at)
        VALUES (\(event.statement.bytes), \(event.document.bytes), \(event.version.description),
                \(event.list.bytes), \(event.count), \(event.bytes),
                \(SQLTimestamp(event.keptUntil)), \(at))
        """
    }
}

extension Rows {
    // MARK: recovery

    fileprivate func restrictionCarried(_ event: RestrictionCarried) -> SQL {
        """
        INSERT INTO \(identifier: schema).carried (id, artifact, former, reason, entry, at)
        VALUES (\(event.restriction), \(event.artifact.bytes), \(event.former.description),
                \(event.reasonHere), \(event.entry.bytes), \(at))
        """
    }

    /// A version with bytes that the former log restricted is suspended from the start.
    fileprivate func takeCarried(_ event: VersionSubmitted) -> SQL {
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

extension SQLTimestamp {
    /// A time of ours as PostgreSQL keeps it.
    package init(_ time: Timestamp) {
        self.init(microsecondsSince1970: time.milliseconds * 1000)
    }
}
