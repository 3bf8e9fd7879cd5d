// Trust roots that follow the one in force, for tests.

import Attestation
import Cryptography
import Governance
import Registry

extension TestService {
    /// The next version of the root in force, with some change, signed by the custodian or by others.
    func successor(
        of root: TrustRoot, signedBy signers: [PrivateKey]? = nil,
        _ edit: (inout TrustRoot.Draft) throws -> Void = { _ in }
    ) throws -> Envelope {
        var draft = TrustRoot.Draft(
            origin: root.origin, development: root.development, issuedAt: root.issuedAt,
            expiresAt: root.expiresAt, custodians: root.custodians, threshold: root.threshold,
            logKeys: root.logKeys, permitKeys: root.permitKeys, serviceKeys: root.serviceKeys)
        draft.version = root.version + 1
        try edit(&draft)
        return try Envelope.sign(
            draft.payload, type: TrustRoot.payloadType, with: signers ?? [custodian])
    }

    /// Installs a root as its command does.
    func install(_ root: Envelope) async throws {
        let clock = clock
        _ = try await RootInstallation(
            directory: directory, access: access, clock: { clock.now }
        ).run(root)
    }
}
