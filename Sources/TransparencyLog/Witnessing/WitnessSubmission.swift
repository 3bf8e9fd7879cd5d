// The log's side of add-checkpoint (c2sp.org/tlog-witness): what an answer of a witness means.
//
// A log remembers which size each witness cosigned last, and proves from there. If it is wrong, the
// witness names its size with 409 and the log proves from that one; so it also learns the size at
// first, by claiming 0. A cosignature counts only after it was verified with the witness's key, which
// the log knows beforehand; lines of other keys are ignored.
//
//     cosigned     — at least one line of the witness's key holds, with a time after 1970
//     proveFrom    — 409 with a size below or at ours that we have not just claimed: try again
//     ahead        — 409 with a size above ours: the witness has seen more of this log than we have.
//                    Another instance published meanwhile, or our database is an older copy
//     contradicted — 422, or 409 without a size: the witness cosigned a tree that ours does not
//                    extend. The log was forked or rewritten; one has to stop and look
//     refused      — 400, 403, 404: the witness does not cosign for this log, key or content
//     failed       — everything else, and answers that are not of the form: try again later
//
// The specification's release says 409 for the same size with another root, its draft 422; both are
// `contradicted` here, because only a size in text/x.tlog.size asks for another try.

/// One checkpoint on its way to one witness.
package struct WitnessSubmission: Sendable, Hashable {
    /// The checkpoint as the log signed it.
    package let note: SignedNote
    /// What it says.
    package let checkpoint: Checkpoint
    /// The keys of the witness, type 0x04.
    package let witnessKeys: [VerifierKey]

    /// How often one checkpoint is sent before the witness counts as failed: its size may grow between
    /// two tries, when several instances publish.
    package static let tries = 4

    /// A submission; throws `.checkpoint` unless the note is one.
    package init(note: SignedNote, witnessKeys: [VerifierKey]) throws(NoteError) {
        self.note = note
        self.witnessKeys = witnessKeys
        checkpoint = try Checkpoint(parsing: note.text)
    }

    /// The request that proves from the size of `proof`; throws when the proof is not to this tree.
    package func request(_ proof: ConsistencyProof) throws(AddCheckpointError)
        -> AddCheckpointRequest
    {
        guard proof.newSize == checkpoint.size else {
            throw .proof(reason: "leads to size \(proof.newSize), not to the checkpoint's")
        }
        return try AddCheckpointRequest(
            oldSize: proof.oldSize, proof: proof.hashes, note: note)
    }

    /// What a witness meant.
    package enum Outcome: Sendable, Hashable {
        /// Cosignatures that were verified.
        case cosigned([VerifiedSignature])
        /// Send again, with a proof from this size.
        case proveFrom(size: Int64)
        /// The witness cosigned a larger tree.
        case ahead(size: Int64)
        /// The witness cosigned a tree that this one does not extend.
        case contradicted(reason: String)
        /// The witness will not cosign this.
        case refused(status: Int, reason: String)
        /// No usable answer; trying later may help.
        case failed(reason: String)
    }

    /// Reads an answer to a request that claimed `oldSize`.
    ///
    /// - Parameters:
    ///   - status: the HTTP status.
    ///   - mediaType: the field Content-Type as received; empty for none.
    ///   - body: at most `LogLimits.witnessAnswerBytes` are taken for an answer.
    package func interpret(
        status: Int, mediaType: String, body: [UInt8], oldSize: Int64
    ) -> Outcome {
        guard body.count <= LogLimits.witnessAnswerBytes else {
            return .failed(reason: "the answer has \(body.count) bytes")
        }
        switch status {
        case 200: return cosignatures(in: body)
        case 409 where Self.isSize(mediaType): return stale(body, oldSize: oldSize)
        case 409, 422:
            return .contradicted(reason: Self.text(of: body, status: status))
        case 400, 403, 404:
            return .refused(status: status, reason: Self.text(of: body, status: status))
        default: return .failed(reason: Self.text(of: body, status: status))
        }
    }

    private func cosignatures(in body: [UInt8]) -> Outcome {
        var answered: SignedNote
        do {
            answered = try SignedNote(text: note.text)
            try answered.append(lines: body)
        } catch {
            return .failed(reason: "the answer is not signature lines: \(error)")
        }
        let verdict = answered.open(with: witnessKeys)
        guard let opened = verdict.note else {
            let reasons = verdict.reasons.map(\.description).joined(separator: "; ")
            return .failed(reason: "the answer's cosignature does not hold: \(reasons)")
        }
        let good = opened.verified.filter {
            $0.key.kind == .cosignature && ($0.timestampSeconds ?? 0) > 0
        }
        guard !good.isEmpty else {
            return .failed(reason: "the answer has no cosignature that states a time")
        }
        return .cosigned(good)
    }

    private func stale(_ body: [UInt8], oldSize: Int64) -> Outcome {
        guard body.last == UInt8(ascii: "\n"), let size = Decimal.parse(body.dropLast()),
            size <= LogLimits.treeSize
        else { return .failed(reason: "the answer names no tree size") }
        guard size != oldSize else {
            return .failed(reason: "the answer names the size \(size) that was claimed")
        }
        return size > checkpoint.size ? .ahead(size: size) : .proveFrom(size: size)
    }

    private static func isSize(_ mediaType: String) -> Bool {
        let type = mediaType.split(separator: ";", maxSplits: 1).first ?? ""
        return type.lowercased().filter { $0 != " " } == WitnessAnswer.sizeMediaType
    }

    /// The first line of an answer for people, short and without control characters.
    private static func text(of body: [UInt8], status: Int) -> String {
        let line = body.prefix { $0 != UInt8(ascii: "\n") }.prefix(300)
        let text = String(decoding: line, as: UTF8.self).unicodeScalars
            .filter { $0.properties.generalCategory != .control }
        return "status \(status)"
            + (text.isEmpty ? "" : ": \(String(String.UnicodeScalarView(text)))")
    }
}
