// The proof, inside a sigstore bundle, that an entry is in a transparency log.
//
// Specification: dev.sigstore.rekor.v1.TransparencyLogEntry in proto3 JSON:
//   {"logIndex":"5","logId":{"keyId":base64},"kindVersion":{"kind":…,"version":…},
//    "integratedTime":"1795248000","inclusionPromise":{"signedEntryTimestamp":base64},
//    "inclusionProof":{"logIndex":"5","rootHash":base64,"treeSize":"9","hashes":[base64],
//                      "checkpoint":{"envelope":signed note}},
//    "canonicalizedBody":base64}
// 64-bit integers are decimal strings; bytes are base64. The leaf is canonicalizedBody, its hash
// SHA-256(00 ‖ body). The index that the proof speaks of is inclusionProof.logIndex. The tree size
// and root of a proof are worth what the checkpoint says: its second line is the size, its third
// the root in base64, and they must be the same. Whether the checkpoint is signed by those that the
// caller trusts is for the caller to check, as is what the body says.

package import CanonicalJSON
package import Cryptography
package import TransparencyLog

/// One entry of a transparency log with the proof that it is there; nothing of it checked yet.
package struct TransparencyLogEntry: Sendable, Hashable {
    /// A proof with the checkpoint it leads to.
    package struct InclusionProof: Sendable, Hashable {
        /// Index, tree size and the hashes beside the way up.
        package let proof: TransparencyLog.InclusionProof
        /// The root to which the hashes lead.
        package let rootHash: SHA256Digest
        /// The signed note that commits to size and root.
        package let checkpoint: String

        package init(
            proof: TransparencyLog.InclusionProof, rootHash: SHA256Digest, checkpoint: String
        ) {
            self.proof = proof
            self.rootHash = rootHash
            self.checkpoint = checkpoint
        }
    }

    /// Position in the log as a whole.
    package let logIndex: Int64
    /// Which log: the digest of its key.
    package let logKeyID: [UInt8]
    /// What sort of entry the body is.
    package let kind: String
    /// Which version of that sort.
    package let version: String
    /// Seconds since 1970 at which the log took the entry; nil when it does not say.
    package let integratedTimeSeconds: Int64?
    /// The log's signed promise (Rekor version 1 only).
    package let signedEntryTimestamp: [UInt8]?
    /// The proof; absent only in the oldest bundles.
    package let inclusionProof: InclusionProof?
    /// The entry as the log holds it.
    package let canonicalizedBody: [UInt8]

    package init(
        logIndex: Int64,
        logKeyID: [UInt8],
        kind: String,
        version: String,
        integratedTimeSeconds: Int64?,
        signedEntryTimestamp: [UInt8]? = nil,
        inclusionProof: InclusionProof?,
        canonicalizedBody: [UInt8]
    ) {
        self.logIndex = logIndex
        self.logKeyID = logKeyID
        self.kind = kind
        self.version = version
        self.integratedTimeSeconds = integratedTimeSeconds
        self.signedEntryTimestamp = signedEntryTimestamp
        self.inclusionProof = inclusionProof
        self.canonicalizedBody = canonicalizedBody
    }

    /// Why the body is not proven to be in the tree of the enclosed checkpoint; empty when it is.
    ///
    /// The checkpoint's signatures are not looked at: open the note with the keys you trust.
    package func inclusionFindings() -> [AttestationFinding] {
        guard let inclusion = inclusionProof else {
            return [AttestationFinding(.notInLog, "The log entry carries no inclusion proof.")]
        }
        var findings: [AttestationFinding] = []
        let leaf = MerkleTree.leafHash(of: canonicalizedBody)
        if !inclusion.proof.verify(leafHash: leaf, root: inclusion.rootHash) {
            findings.append(
                AttestationFinding(.notInLog, "The proof does not lead from the entry to the root.")
            )
        }
        let lines = inclusion.checkpoint.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.count < 4 || lines[1] != String(inclusion.proof.treeSize)[...]
            || lines[2] != Base64.encode(inclusion.rootHash.bytes)[...]
        {
            findings.append(
                AttestationFinding(
                    .notInLog, "The checkpoint states another size or root than the proof."))
        }
        return findings
    }
}

extension TransparencyLogEntry {
    /// Reads one element of "tlogEntries"; members that we do not interpret are ignored.
    package init(
        json: JSON, limits: AttestationLimits = .default
    ) throws(AttestationError) {
        let reader = try MemberReader(json, "log entry")
        logIndex = try reader.natural("logIndex")
        logKeyID = try reader.object("logId").base64("keyId")
        let kindVersion = try reader.object("kindVersion")
        kind = try kindVersion.string("kind")
        version = try kindVersion.string("version")
        integratedTimeSeconds =
            try reader.isNullOrAbsent("integratedTime") ? nil : reader.natural("integratedTime")
        signedEntryTimestamp =
            try reader.isNullOrAbsent("inclusionPromise")
            ? nil : reader.object("inclusionPromise").base64("signedEntryTimestamp")
        canonicalizedBody = try reader.base64("canonicalizedBody")
        inclusionProof =
            try reader.isNullOrAbsent("inclusionProof")
            ? nil : Self.inclusionProof(reader.object("inclusionProof"))
    }

    private static func inclusionProof(
        _ reader: MemberReader
    ) throws(AttestationError) -> InclusionProof {
        let index = try reader.natural("logIndex")
        let size = try reader.natural("treeSize")
        guard index < size else {
            throw AttestationError(.malformed, "The inclusion proof's index is outside its tree.")
        }
        // A tree of 2^63 leaves has 63 levels.
        var hashes: [SHA256Digest] = []
        for text in try reader.strings("hashes", atMost: 64) {
            hashes.append(try digest(text))
        }
        return InclusionProof(
            proof: TransparencyLog.InclusionProof(index: index, treeSize: size, hashes: hashes),
            rootHash: try digest(try reader.string("rootHash")),
            checkpoint: try reader.object("checkpoint").string("envelope"))
    }

    private static func digest(_ base64: String) throws(AttestationError) -> SHA256Digest {
        guard let bytes = Base64.decodeLenient(base64), let digest = SHA256Digest(bytes: bytes)
        else {
            throw AttestationError(.malformed, "A hash of the inclusion proof has not 32 bytes.")
        }
        return digest
    }

    /// The element of "tlogEntries".
    package var json: JSON {
        var members: [String: JSON] = [
            "logIndex": .string(String(logIndex)),
            "logId": ["keyId": .string(Base64.encode(logKeyID))],
            "kindVersion": ["kind": .string(kind), "version": .string(version)],
            "canonicalizedBody": .string(Base64.encode(canonicalizedBody)),
        ]
        if let integratedTimeSeconds {
            members["integratedTime"] = .string(String(integratedTimeSeconds))
        }
        if let signedEntryTimestamp {
            members["inclusionPromise"] = [
                "signedEntryTimestamp": .string(Base64.encode(signedEntryTimestamp))
            ]
        }
        if let inclusionProof {
            members["inclusionProof"] = [
                "logIndex": .string(String(inclusionProof.proof.index)),
                "treeSize": .string(String(inclusionProof.proof.treeSize)),
                "rootHash": .string(Base64.encode(inclusionProof.rootHash.bytes)),
                "hashes": .array(
                    inclusionProof.proof.hashes.map { .string(Base64.encode($0.bytes)) }),
                "checkpoint": ["envelope": .string(inclusionProof.checkpoint)],
            ]
        }
        return .object(members)
    }
}
