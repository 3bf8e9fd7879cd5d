// Remembers whose signatures an envelope holds, so that a gate need not verify twenty of them each time.
//
// An envelope never changes under the digest of its bytes, and a public key never changes under its id,
// so "these keys have signed these bytes" stays true. What is asked anew each time is what follows from
// it: whether the keys' holders are entitled. Only envelopes of which every signature was confirmed are
// remembered; another key might become known for the others.

internal import Attestation
internal import Cryptography
internal import Governance
internal import Synchronization

/// Signers of envelopes, by the digest of the envelope's bytes.
package final class SignatureCache: Sendable {
    private let state = Mutex(State())

    private struct State {
        static let generationSize = 16_384
        var young: [SHA256Digest: Set<KeyID>] = [:]
        var old: [SHA256Digest: Set<KeyID>] = [:]
    }

    package init() {}

    /// The keys whose signatures over the envelope hold, among those that the identities know.
    func signers(
        of envelope: Envelope, document: SHA256Digest, _ identities: IdentityBook
    ) -> Set<KeyID> {
        let known = state.withLock { $0.young[document] ?? $0.old[document] }
        if let known { return known }
        let signers = identities.signers(of: envelope)
        guard signers.count == envelope.signatures.count else { return signers }
        state.withLock { state in
            if state.young.count >= State.generationSize {
                state.old = state.young
                state.young = [:]
            }
            state.young[document] = signers
        }
        return signers
    }
}
