// What a witness does with a request (c2sp.org/tlog-witness), as one pure function.
//
// A witness keeps for each log the size and root that it cosigned last; at first size 0 and the root
// of the empty tree. In the order of the specification:
//
//   1. the origin is of a known log                                   else 404
//   2. a trusted key of the log has signed, none has signed falsely   else 403
//   3. the old size is at most the checkpoint's                       else 400
//   4. the old size is the size cosigned last                         else 409 with that size
//   5. sizes equal: the roots are equal                               else 409 or 422 (by edition)
//   6. the proof leads from the root cosigned last to the new root    else 422
//
// Only then there is a new state. The caller has to make steps 4 to 6 and the keeping of the new
// state one step that no other request for the log comes between, and to have it on disk before the
// cosignature leaves: or a slower request could set the state back, and two trees be cosigned.
//
// The proof is always checked from the root that the witness itself has kept. So whatever requests
// come, in any order, all trees that it ever cosigns for a log extend one another.

package import Cryptography

/// A log that a witness cosigns for.
package struct WitnessedLog: Sendable, Hashable {
    /// The identity of the log, the first line of its checkpoints.
    package let origin: String
    /// Its keys: one of them must have signed.
    package let keys: [VerifierKey]

    /// A log by its origin and keys.
    package init(origin: String, keys: [VerifierKey]) {
        self.origin = origin
        self.keys = keys
    }
}

/// What a witness cosigned last for a log.
package struct WitnessState: Sendable, Hashable {
    package let size: Int64
    package let root: SHA256Digest

    /// Nothing cosigned yet.
    package static let initial = WitnessState(size: 0, root: MerkleTree.emptyRoot)

    /// A size with its root.
    package init(size: Int64, root: SHA256Digest) {
        self.size = size
        self.root = root
    }

    /// The state after this checkpoint was cosigned.
    package init(_ checkpoint: Checkpoint) {
        self.init(size: checkpoint.size, root: checkpoint.root)
    }
}

/// What is to be done with a request.
package enum WitnessDecision: Sendable, Hashable {
    /// Keep this checkpoint, then cosign it: it extends the one before, or is the same.
    case cosign(VerifiedCheckpoint)
    /// Change nothing and answer this.
    case answer(WitnessAnswer)

    /// Decides about a request.
    ///
    /// - Parameters:
    ///   - request: as it was parsed.
    ///   - log: the known log of the request's origin; nil when there is none.
    ///   - latest: what was cosigned last for it.
    ///   - edition: decides the status of a fork at the same size.
    package static func decide(
        _ request: AddCheckpointRequest, log: WitnessedLog?, latest: WitnessState,
        edition: WitnessAnswer.Edition = .release
    ) -> WitnessDecision {
        guard let log, log.origin.utf8.elementsEqual(request.checkpoint.origin.utf8) else {
            return .answer(.unknownLog)
        }
        let verdict = Checkpoint.open(
            request.note.bytes, origin: log.origin, logKeys: log.keys)
        guard let verified = verdict.checkpoint else {
            let reasons = verdict.reasons.map(\.description).joined(separator: "; ")
            return .answer(.notSigned(reason: reasons))
        }
        let checkpoint = verified.checkpoint
        guard request.oldSize <= checkpoint.size else {
            return .answer(
                .malformed(
                    reason: "the old size \(request.oldSize) is larger than the checkpoint's"))
        }
        guard request.oldSize == latest.size else { return .answer(.stale(size: latest.size)) }
        if request.oldSize == checkpoint.size, checkpoint.root != latest.root {
            return .answer(.forked(edition))
        }
        if let reason = fault(of: request, from: latest, to: checkpoint) {
            return .answer(.notConsistent(reason: reason))
        }
        return .cosign(verified)
    }

    /// Why the proof does not lead from the state to the checkpoint; nil when it does.
    private static func fault(
        of request: AddCheckpointRequest, from latest: WitnessState, to checkpoint: Checkpoint
    ) -> String? {
        // Every tree extends the empty one, so there is nothing to prove from it.
        guard latest.size > 0 else {
            return request.proof.isEmpty
                ? nil : "a consistency proof from size 0 has to be empty"
        }
        let proof = ConsistencyProof(
            oldSize: latest.size, newSize: checkpoint.size, hashes: request.proof)
        let verdict = proof.check(oldRoot: latest.root, newRoot: checkpoint.root)
        return verdict.holds ? nil : verdict.description
    }
}

extension WitnessAnswer {
    /// The answer to a body that is no request.
    package init(_ error: AddCheckpointError) {
        if case .note(.emptyTreeRoot) = error {
            self = .notConsistent(reason: error.description)
        } else {
            self = .malformed(reason: error.description)
        }
    }
}
