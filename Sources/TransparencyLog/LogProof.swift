// Receipts: a proof that something was logged, in one file that is verified offline
// (c2sp.org/tlog-proof@v1). File extension ".tlog-proof".
//
//     c2sp.org/tlog-proof@v1
//     extra <base64>              optional; opaque, not authenticated
//     index <decimal>             the zero-based index of the entry
//     <base64 of 32 bytes>        none or more: the inclusion proof, from the leaf's sibling upwards
//     <an empty line>
//     <a checkpoint with all its signature lines, verbatim>
//
// To verify one: the application computes the leaf hash of what it holds; the checkpoint must be of
// an accepted log and signed by it; its cosignatures must satisfy the policy; the inclusion proof for
// (index, size of the checkpoint) must lead from the leaf hash to the root of the checkpoint.
//
// Refused: another first line; numbers with leading zeros; base64 that is not strict; a hash that is
// not 32 bytes; an extra line without data (it is to be left out then); anything that is no note.
//
// Worked example: entry 5 of the 8 entries of RFC 6962's test vectors has the lines "index 5",
// "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=", "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=" and
// "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=", then the checkpoint of Checkpoint.swift.

package import Cryptography

/// Why a receipt is refused.
package enum LogProofError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The receipt has more bytes than `LogLimits.receiptBytes`.
    case tooLarge(bytes: Int)
    /// A line (counted from 1) is not what must stand there.
    case line(Int, reason: String)
    /// Something speaks against the checkpoint.
    case checkpoint(NoteError)
    /// The checkpoint is of a log that the policy does not list.
    case unknownLog(origin: String)
    /// The cosignatures do not suffice.
    case witnesses(reason: String)
    /// The leaf is not in the tree of the checkpoint.
    case inclusion(ProofError)

    package var description: String {
        switch self {
        case .tooLarge(let bytes):
            "the receipt has \(bytes) bytes, more than \(LogLimits.receiptBytes)"
        case .line(let line, let reason): "line \(line) of the receipt \(reason)"
        case .checkpoint(let error): error.description
        case .unknownLog(let origin): "no accepted log has the origin “\(origin)”"
        case .witnesses(let reason): reason
        case .inclusion(let error): error.description
        }
    }
}

/// A receipt of the right form.
///
/// Nothing in it may be believed before `verify`.
package struct LogProof: Sendable, Hashable {
    /// Opaque data that nobody has signed.
    package let extra: [UInt8]?
    /// The zero-based index of the entry.
    package let index: Int64
    /// The inclusion proof, from the leaf's sibling upwards.
    package let hashes: [SHA256Digest]
    /// The checkpoint as a note, with all its signatures.
    package let checkpoint: SignedNote

    static let header = "c2sp.org/tlog-proof@v1"

    /// A receipt from its parts; throws `.line` when there is empty or too much extra data.
    package init(
        index: Int64, hashes: [SHA256Digest], checkpoint: SignedNote, extra: [UInt8]? = nil
    ) throws(LogProofError) {
        guard index >= 0 else { throw .line(2, reason: "has a negative index") }
        guard hashes.count <= LogLimits.proofHashes else {
            throw .line(3, reason: "begins more than \(LogLimits.proofHashes) hashes")
        }
        if let extra, extra.isEmpty || extra.count > LogLimits.receiptExtraBytes {
            throw .line(2, reason: "has no extra data or too much")
        }
        self.index = index
        self.hashes = hashes
        self.checkpoint = checkpoint
        self.extra = extra
    }

    /// Reads a receipt; throws the first thing wrong with its form.
    package init(parsing bytes: [UInt8]) throws(LogProofError) {
        guard bytes.count <= LogLimits.receiptBytes else { throw .tooLarge(bytes: bytes.count) }
        var lines = Lines(rest: bytes[...])
        guard let first = lines.next(), first.elementsEqual(Self.header.utf8) else {
            throw .line(1, reason: "is not \(Self.header)")
        }
        var line = lines.next()
        var extra: [UInt8]?
        if let text = line, text.starts(with: "extra ".utf8) {
            guard let decoded = HashBytes.decode(base64: text.dropFirst(6)) else {
                throw .line(lines.number, reason: "is not base64")
            }
            extra = decoded
            line = lines.next()
        }
        guard let text = line, text.starts(with: "index ".utf8),
            let index = Decimal.parse(text.dropFirst(6))
        else { throw .line(lines.number, reason: "is not an index in decimal") }
        var hashes: [SHA256Digest] = []
        while let text = lines.next(), !text.isEmpty {
            guard let hash = HashBytes.digest(base64: text) else {
                throw .line(lines.number, reason: "is not the base64 of 32 bytes")
            }
            guard hashes.count < LogLimits.proofHashes else {
                throw .line(lines.number, reason: "is one hash too many")
            }
            hashes.append(hash)
        }
        let checkpoint: SignedNote
        do {
            checkpoint = try SignedNote(parsing: Array(lines.rest))
        } catch {
            throw .checkpoint(error)
        }
        try self.init(index: index, hashes: hashes, checkpoint: checkpoint, extra: extra)
    }

    /// The file, as `init(parsing:)` reads it.
    package var bytes: [UInt8] {
        var text = Self.header + "\n"
        if let extra { text += "extra \(Base64.encode(extra))\n" }
        text += "index \(index)\n"
        for hash in hashes { text += Base64.encode(hash.bytes) + "\n" }
        return Array((text + "\n").utf8) + checkpoint.bytes
    }

    /// Lines ended by LF; what stands after the last LF is none.
    private struct Lines {
        var rest: ArraySlice<UInt8>
        var number = 0

        mutating func next() -> ArraySlice<UInt8>? {
            number += 1
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            defer { rest = rest[(end + 1)...] }
            return rest[..<end]
        }
    }
}

/// What a verified receipt proves: this leaf is at this index of that log.
///
/// Only `verify` makes it.
package struct VerifiedLogProof: Sendable, Hashable {
    /// The hash of the entry as a leaf.
    package let leafHash: SHA256Digest
    /// Where it is in the log.
    package let index: Int64
    /// The head that covers it, with the signatures that hold.
    package let checkpoint: VerifiedCheckpoint
    /// The witnesses of the policy whose cosignatures count.
    package let cosigned: [WitnessPolicy.Name]

    fileprivate init(
        leafHash: SHA256Digest, index: Int64, checkpoint: VerifiedCheckpoint,
        cosigned: [WitnessPolicy.Name]
    ) {
        self.leafHash = leafHash
        self.index = index
        self.checkpoint = checkpoint
        self.cosigned = cosigned
    }
}

/// The answer to verifying a receipt.
package enum LogProofVerdict: Sendable, Hashable {
    /// The entry is in the log.
    case verified(VerifiedLogProof)
    /// Every reason against it.
    case refused([LogProofError])

    /// What is proved, if the receipt holds.
    package var proof: VerifiedLogProof? {
        guard case .verified(let proof) = self else { return nil }
        return proof
    }

    /// The reasons against it; empty when it holds.
    package var reasons: [LogProofError] {
        guard case .refused(let reasons) = self else { return [] }
        return reasons
    }
}

extension LogProof {
    /// Verifies the receipt for a leaf against the logs and the quorum of a policy.
    package func verify(leafHash: SHA256Digest, policy: WitnessPolicy) -> LogProofVerdict {
        let head: Checkpoint
        do {
            head = try Checkpoint(parsing: checkpoint.text)
        } catch {
            return .refused([.checkpoint(error)])
        }
        // "This name MUST correspond to the log's origin line" (tlog-policy.md).
        let keys = policy.logKeys.filter { $0.name.utf8.elementsEqual(head.origin.utf8) }
        guard !keys.isEmpty else { return .refused([.unknownLog(origin: head.origin)]) }
        return verify(leafHash: leafHash, origin: head.origin, logKeys: keys, policy: policy)
    }

    /// Verifies the receipt for a leaf against one log, known to the caller, and the quorum of a
    /// policy (`WitnessPolicy.noWitnesses` asks for none).
    package func verify(
        leafHash: SHA256Digest, origin: String, logKeys: [VerifierKey], policy: WitnessPolicy
    ) -> LogProofVerdict {
        var reasons: [LogProofError] = []
        let opened = Checkpoint.open(
            checkpoint.bytes, origin: origin, logKeys: logKeys, cosigners: policy.witnessKeys)
        reasons += opened.reasons.map { .checkpoint($0) }
        let witnessed = opened.checkpoint.map { policy.evaluate($0.note) }
        reasons += (witnessed?.reasons ?? []).map { .witnesses(reason: $0) }
        if let head = try? Checkpoint(parsing: checkpoint.text) {
            let proof = InclusionProof(index: index, treeSize: head.size, hashes: hashes)
            reasons += proof.check(leafHash: leafHash, root: head.root).reasons
                .map { .inclusion($0) }
        }
        guard reasons.isEmpty, let head = opened.checkpoint, let witnessed else {
            return .refused(reasons)
        }
        return .verified(
            VerifiedLogProof(
                leafHash: leafHash, index: index, checkpoint: head, cosigned: witnessed.cosigned))
    }
}
