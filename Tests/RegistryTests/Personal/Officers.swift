// The officers of the tests about holds and erasures, and what they sign.

import Attestation
import CanonicalJSON
import Cryptography
import Database
import Governance
import Registry
import TestSupport

/// Those who together may erase, hold and release.
struct TestOfficers: Sendable {
    let privacy: TestPerson
    let compliance: TestPerson
    /// A risk officer of another namespace.
    let outsider: TestPerson
}

extension TestPerson {
    /// The person as a signer in a role.
    func officer(_ role: Role) -> SigningOfficer {
        SigningOfficer(principal: principal, role: role, assignment: assignments[role] ?? .zero)
    }
}

extension TestService {
    func makeOfficers() async throws -> TestOfficers {
        try await TestOfficers(
            privacy: enrol([.privacyOfficer], in: "**"),
            compliance: enrol([.complianceOfficer], in: "**"),
            outsider: enrol([.riskOfficer], in: "fraud"))
    }

    func erasureRequest(
        of subject: PersonalSubject, by officers: TestOfficers,
        edit: (inout ErasureRequest) -> Void = { _ in }
    ) -> ErasureRequest {
        let now = clock.now
        var request = ErasureRequest(
            origin: origin, subject: subject, reason: "asked for under Article 17",
            privacyOfficer: officers.privacy.officer(.privacyOfficer),
            complianceOfficer: officers.compliance.officer(.complianceOfficer), signedAt: now,
            expiresAt: now.adding(seconds: 86_400))
        edit(&request)
        return request
    }

    @discardableResult
    func erase(
        _ subject: PersonalSubject, by officers: TestOfficers
    ) async throws -> Registry.ErasureAnswer {
        let envelope = try erasureRequest(of: subject, by: officers).statement
            .sign(with: [officers.privacy.key, officers.compliance.key])
        return try await registry.erase(envelope, request(officers.privacy))
    }

    func placeHold(
        on scope: HoldScope, by person: TestPerson, for namespace: String = "credit"
    ) async throws -> String {
        guard let namespace = Namespace(namespace) else { throw TestFailure("namespace") }
        let outcome = try await registry.placeHold(
            on: scope, for: namespace, reason: "a lawsuit", request(person))
        guard case .holdPlaced(let event) = outcome.recorded.entry.event else {
            throw TestFailure("no hold")
        }
        return event.hold
    }

    func release(
        _ hold: String, on scope: HoldScope, inside: TestPerson, outside: TestPerson,
        as role: Role = .riskOfficer, keys: [PrivateKey]? = nil
    ) throws -> Envelope {
        guard let namespace = Namespace("credit") else { throw TestFailure("namespace") }
        let now = clock.now
        return try HoldRelease(
            origin: origin, hold: hold, scope: scope, namespace: namespace, reason: "settled",
            inside: inside.officer(.complianceOfficer), outside: outside.officer(role),
            signedAt: now, expiresAt: now.adding(seconds: 3_600)
        ).statement.sign(with: keys ?? [inside.key, outside.key])
    }

    /// The commitment to a principal's printed name, by the log.
    func commitment(of person: TestPerson) throws -> SHA256Digest {
        guard let digest = registry.follower.snapshot.record.principals[person.principal]?.name
        else { throw TestFailure("no commitment") }
        return digest
    }

    /// What the vault opens of these commitments.
    func revealed(_ commitments: [SHA256Digest]) async throws -> [SHA256Digest: JSON] {
        try await registry.database.read { try registry.vault.reveal(commitments, $0) }
            .mapValues(\.value)
    }

    /// How many entries of a kind the log holds.
    func count(_ kind: String) async throws -> Int {
        try await settled()
        return try await logged().count { $0.entry.event.kind == kind }
    }
}
