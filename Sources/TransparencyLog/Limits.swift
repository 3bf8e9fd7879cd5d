// Every bound of this room, each with its reason: input from outside is cut here, never trusted.

/// The bounds that parsers and builders of this room enforce.
package enum LogLimits {
    /// Leaves in a tree: far beyond any log, and low enough that no sum or shift of two sizes can
    /// overflow `Int64` (PostgreSQL's `bigint`).
    package static let treeSize: Int64 = 1 << 62

    /// Bytes of one log entry: an entry bundle counts them in 16 bits (tlog-tiles.md).
    package static let entryBytes = 65_535

    /// Hashes in one inclusion or consistency proof: a tree of 2^62 leaves needs at most 62 + 1.
    package static let proofHashes = 64

    /// Signature lines in a note: signed-note.md demands at least 16; Go's reference stops at 100.
    package static let noteSignatures = 100

    /// Bytes of a whole note: 100 post-quantum signatures of some 5 kB fit.
    package static let noteBytes = 1_000_000

    /// Bytes of a key name or an origin: cosigned messages count them in 8 bits.
    package static let nameBytes = 255

    /// Bytes of a verifier key or a signer key as text: a 1,312-byte ML-DSA-44 key fits.
    package static let keyTextBytes = 4_096

    /// Extension lines of a foreign checkpoint; ours has none.
    package static let checkpointExtensions = 64

    /// Bytes of the unauthenticated `extra` line of a receipt, decoded.
    package static let receiptExtraBytes = 65_536

    /// Bytes of a whole receipt: a note, its extra data and 64 hashes fit.
    package static let receiptBytes = 1_200_000

    /// Hashes in a request to a witness: tlog-witness.md forbids more.
    package static let witnessProofLines = 63

    /// Bytes of a request to a witness: 63 hashes and some 30 post-quantum signature lines fit.
    package static let witnessRequestBytes = 131_072

    /// Bytes of a witness's answer: a few signature lines, or a sentence.
    package static let witnessAnswerBytes = 65_536

    /// Bytes of a witness policy.
    package static let policyBytes = 262_144

    /// Logs, witnesses and groups of a policy, each: tlog-policy.md asks for at least 32.
    package static let policyDefinitions = 256

    /// Bytes of a URL in a policy.
    package static let urlBytes = 2_048
}
