// What agents say runs.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry

extension TestService {
    /// A snapshot of an environment, signed by an agent.
    func snapshot(
        by agent: TestPerson, _ items: [EnvironmentSnapshot.Item],
        environment: String = "production", namespace: String = "credit",
        edit: (inout EnvironmentSnapshot) -> Void = { _ in }
    ) throws -> Envelope {
        guard let environment = EnvironmentName(environment), let namespace = Namespace(namespace)
        else { throw TestFailure("environment") }
        var snapshot = EnvironmentSnapshot(
            origin: origin, namespace: namespace, environment: environment, source: .host,
            takenAt: clock.now, signer: agent.signing(as: .agent), items: items)
        edit(&snapshot)
        return try snapshot.statement.sign(with: [agent.key])
    }

    /// Sends a snapshot; answers the record of the comparison.
    func reconcile(
        by agent: TestPerson, _ items: [EnvironmentSnapshot.Item],
        environment: String = "production",
        edit: (inout EnvironmentSnapshot) -> Void = { _ in }
    ) async throws -> JSON {
        try await registry.reconcile(
            snapshot(by: agent, items, environment: environment, edit: edit), request(agent)
        ).comparison
    }
}

extension TestVersion {
    /// This version as an agent finds it.
    func found(
        _ artifact: SHA256Digest? = nil, digest: EnvironmentSnapshot.DigestSource = .recomputed,
        state: EnvironmentSnapshot.State = .running, target: String = ""
    ) -> EnvironmentSnapshot.Item {
        .init(
            name: "scorer", state: state, target: target, version: reference,
            artifact: artifact ?? self.artifact, digest: digest)
    }
}
