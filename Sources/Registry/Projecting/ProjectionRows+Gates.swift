// Rows of decisions, and of what was deployed, ran and was retired by them.

internal import Cryptography
internal import Database
internal import Governance

extension ProjectionRows {
    func decision(
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

    func deploymentDecided(_ event: DeploymentDecided, _ entry: Entry) -> [SQL] {
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

    func environmentObserved(_ event: EnvironmentObserved) -> SQL {
        """
        INSERT INTO \(identifier: schema).snapshot
            (statement, document, comparison, namespace, environment, principal, taken_at, due_at,
             items, running, running_not_permitted, permitted_not_running, digest_differs, at)
        VALUES (\(event.statement.bytes), \(event.document.bytes), \(event.comparison.bytes),
                \(event.namespace.description), \(event.environment.description),
                \(event.principal.description), \(SQLTimestamp(event.takenAt)),
                \(SQLTimestamp(event.dueAt)), \(event.items),
                \(event.running.map(\.description)), \(event.runningNotPermitted),
                \(event.permittedNotRunning), \(event.digestDiffers), \(at))
        """
    }

    func deploymentConfirmed(_ event: DeploymentConfirmed) -> SQL {
        """
        UPDATE \(identifier: schema).deployment SET state = 'active', confirmed_at = \(at)
        WHERE id = \(event.deployment)
        """
    }

    func deploymentEnded(_ event: DeploymentEnded) -> SQL {
        """
        UPDATE \(identifier: schema).deployment SET state = 'ended', ended_at = \(at)
        WHERE id = \(event.deployment)
        """
    }

    func runDecided(_ event: DeploymentDecided, _ entry: Entry) -> [SQL] {
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

    func retirementDecided(_ event: RetirementDecided, _ entry: Entry) -> [SQL] {
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
