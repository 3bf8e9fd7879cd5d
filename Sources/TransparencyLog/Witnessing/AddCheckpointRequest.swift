// What a log sends to a witness (c2sp.org/tlog-witness, "add-checkpoint").
//
// POST <submission prefix>/add-checkpoint with the body
//
//     old <size>                 the tree that the log believes the witness cosigned last, decimal
//     <base64 of 32 bytes>       none or more (63 at most): the consistency proof of RFC 6962 section
//                                2.1.2 from that size to the checkpoint's, in its order
//     <an empty line>
//     <the checkpoint, a signed note with all its signature lines>
//
// each line ending in LF. From size 0, and to the same size, the proof is empty. The first empty line
// ends the proof; the note after it has one of its own.
//
// Worked example: from 6 to 8 of the canonical leaves the body is "old 6⏎" + base64 of 0ebc5d34…,
// ca854ea1… and d37ee418…, each with LF, "⏎" and the note of Checkpoint.swift.

package import Cryptography

/// A request to cosign a checkpoint.
package struct AddCheckpointRequest: Sendable, Hashable {
    /// The size that the witness is thought to have cosigned last; 0 for none.
    package let oldSize: Int64
    /// The hashes of the consistency proof.
    package let proof: [SHA256Digest]
    /// The checkpoint as a note, unverified.
    package let note: SignedNote
    /// What the note says, unverified.
    package let checkpoint: Checkpoint

    /// A request of our own.
    ///
    /// Throws `.note` when the note is no checkpoint, `.proof` when it has too many hashes.
    package init(
        oldSize: Int64, proof: [SHA256Digest], note: SignedNote
    ) throws(AddCheckpointError) {
        guard proof.count <= LogLimits.witnessProofLines else {
            throw .proof(reason: "has more than \(LogLimits.witnessProofLines) lines")
        }
        self.oldSize = oldSize
        self.proof = proof
        self.note = note
        do {
            checkpoint = try Checkpoint(parsing: note.text)
        } catch {
            throw .note(error)
        }
    }

    /// Reads a body of at most `LogLimits.witnessRequestBytes`.
    package init(parsing body: [UInt8]) throws(AddCheckpointError) {
        guard body.count <= LogLimits.witnessRequestBytes else {
            throw .tooLarge(bytes: body.count)
        }
        let newline = UInt8(ascii: "\n")
        var rest = body[...]
        var lines: [ArraySlice<UInt8>] = []
        while true {
            guard let end = rest.firstIndex(of: newline) else { throw .noEmptyLine }
            let line = rest[..<end]
            rest = rest[(end + 1)...]
            if line.isEmpty { break }
            lines.append(line)
            guard lines.count <= 1 + LogLimits.witnessProofLines else {
                throw .proof(reason: "has more than \(LogLimits.witnessProofLines) lines")
            }
        }
        guard let first = lines.first, first.starts(with: "old ".utf8),
            let oldSize = Decimal.parse(first.dropFirst("old ".utf8.count)),
            oldSize <= LogLimits.treeSize
        else { throw .oldSize }
        var proof: [SHA256Digest] = []
        for (position, line) in lines.dropFirst().enumerated() {
            guard let hash = HashBytes.digest(base64: line) else {
                throw .proof(reason: "has no hash of 32 bytes in line \(position + 1)")
            }
            proof.append(hash)
        }
        let note: SignedNote
        do {
            note = try SignedNote(parsing: Array(rest))
        } catch {
            throw .note(error)
        }
        try self.init(oldSize: oldSize, proof: proof, note: note)
    }

    /// The body, as `init(parsing:)` reads it.
    package var bytes: [UInt8] {
        var text = "old \(oldSize)\n"
        for hash in proof { text += Base64.encode(hash.bytes) + "\n" }
        return Array((text + "\n").utf8) + note.bytes
    }
}

/// Why a body is no request to cosign.
package enum AddCheckpointError: Error, Sendable, Hashable, CustomStringConvertible {
    /// It has more bytes than `LogLimits.witnessRequestBytes`.
    case tooLarge(bytes: Int)
    /// No empty line ends the proof.
    case noEmptyLine
    /// The first line is not `old` and a size.
    case oldSize
    /// The proof lines are not hashes, or too many.
    case proof(reason: String)
    /// What follows is not a checkpoint.
    case note(NoteError)

    package var description: String {
        switch self {
        case .tooLarge(let bytes):
            "the request has \(bytes) bytes, more than \(LogLimits.witnessRequestBytes)"
        case .noEmptyLine: "no empty line ends the consistency proof"
        case .oldSize: "the first line is not “old”, a space and a tree size"
        case .proof(let reason): "the consistency proof \(reason)"
        case .note(let error): error.description
        }
    }
}
