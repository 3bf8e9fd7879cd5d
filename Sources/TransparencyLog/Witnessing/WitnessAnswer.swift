// What a witness answers to add-checkpoint (c2sp.org/tlog-witness).
//
//     200  one or more cosignature lines, each "— <name> <base64>⏎"
//     400  the body is malformed, or the old size is larger than the checkpoint's
//     403  no key of the log that the witness trusts has signed, or one has signed falsely; also what
//          a witness refuses for conditions of its own ("MAY" in the specification's terms)
//     404  the witness does not know the log
//     409  the old size is not the size cosigned last; the body is that size in decimal and LF, the
//          media type text/x.tlog.size. Clients try again from there.
//     422  the consistency proof does not hold; it is not empty although the old size is 0; or the
//          tree is empty and its root is not SHA-256("")
//     503  the witness cannot examine the tree or keep its state now; nothing changed
//
// The same size with another root: 409 in release 1.0.0 of the specification, 422 in the draft after
// it. Neither answer has the media type text/x.tlog.size, or a client would try again for ever.

/// An answer of a witness.
package enum WitnessAnswer: Sendable, Hashable {
    /// Which text of the specification decides the status of a fork at the same size.
    package enum Edition: String, Sendable, Hashable, CaseIterable {
        /// The release 1.0.0: 409.
        case release = "1.0.0"
        /// The draft that followed it: 422.
        case draft
    }

    /// The checkpoint is cosigned; the state behind it is on disk.
    case cosigned([NoteSignature])
    /// The request is not of the form, or its sizes descend.
    case malformed(reason: String)
    /// No trusted key of the log has signed, or one falsely.
    case notSigned(reason: String)
    /// The witness sets conditions of its own, and the tree does not meet them.
    case unwilling(reason: String)
    /// The witness does not know a log of this origin.
    case unknownLog
    /// The witness cosigned this size last, not the old size of the request.
    case stale(size: Int64)
    /// The log signed two trees of one size.
    case forked(Edition)
    /// The proof does not hold.
    case notConsistent(reason: String)
    /// The witness could not do its work; trying later may help.
    case unable(reason: String)

    /// The HTTP status.
    package var status: Int {
        switch self {
        case .cosigned: 200
        case .malformed: 400
        case .notSigned, .unwilling: 403
        case .unknownLog: 404
        case .stale: 409
        case .forked(let edition): edition == .release ? 409 : 422
        case .notConsistent: 422
        case .unable: 503
        }
    }

    /// The media type of the body.
    package var mediaType: String {
        switch self {
        case .stale: Self.sizeMediaType
        default: "text/plain; charset=utf-8"
        }
    }

    /// The body, lines that end in LF.
    package var body: [UInt8] {
        switch self {
        case .cosigned(let signatures): signatures.flatMap { Array($0.line.utf8) }
        case .stale(let size): Array("\(size)\n".utf8)
        case .malformed(let reason), .notSigned(let reason), .unwilling(let reason),
            .notConsistent(let reason), .unable(let reason):
            Array((reason + "\n").utf8)
        case .unknownLog: Array("this witness does not know the log\n".utf8)
        case .forked:
            Array("another tree of the same size was cosigned: the log was forked\n".utf8)
        }
    }

    /// How a stale old size is answered.
    package static let sizeMediaType = "text/x.tlog.size"
}
