// Delegations, for tests.

import Attestation
import Cryptography
import Governance
import Registry

extension TestService {
    /// A delegation for ten days over the namespace credit, signed by the delegator.
    func delegation(
        by delegator: TestPerson, to delegate: TestPerson, as role: Role,
        signedBy key: PrivateKey? = nil, _ edit: (inout Delegation) -> Void = { _ in }
    ) throws -> Envelope {
        guard let credit = NamespacePattern("credit") else { throw TestFailure("pattern") }
        let now = clock.now
        var delegation = Delegation(
            origin: origin,
            delegator: SigningOfficer(
                principal: delegator.principal, role: role,
                assignment: delegator.assignments[role] ?? .zero),
            delegate: delegate.principal, scope: .namespace(credit), highestTier: .high,
            reason: "away", validFrom: now, validUntil: now.adding(seconds: 10 * 86_400))
        edit(&delegation)
        return try delegation.statement.sign(with: [key ?? delegator.key])
    }

    /// Records one; answers its digest.
    func delegate(
        by delegator: TestPerson, to delegate: TestPerson, as role: Role,
        _ edit: (inout Delegation) -> Void = { _ in }
    ) async throws -> SHA256Digest {
        let envelope = try delegation(by: delegator, to: delegate, as: role, edit)
        _ = try await registry.delegate(envelope, request(delegator))
        try await settled()
        return envelope.payloadDigest
    }

    /// An answer by a delegate.
    func answer(
        _ version: TestVersion, by person: TestPerson, for delegator: TestPerson, as role: Role,
        under delegation: SHA256Digest, _ meaning: ApprovalMeaning = .approve
    ) async throws {
        let statement = try await approvalStatement(
            of: version, by: person, as: role, meaning: meaning
        ) {
            $0.signer.assignment = delegator.assignments[role] ?? .zero
            $0.signer.delegation = delegation
        }
        _ = try await registry.recordApproval(statement, request(person))
    }
}
