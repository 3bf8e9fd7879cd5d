// Why a note, a key of a note, or a checkpoint is refused.

/// A reason against a note or a checkpoint, for people to read.
package enum NoteError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The note has more bytes than `LogLimits.noteBytes`.
    case tooLarge(bytes: Int)
    /// The note is not valid UTF-8.
    case notUTF8
    /// A control character other than line feed, at this byte.
    case controlCharacter(offset: Int)
    /// There is no empty line followed by signature lines, or the last line does not end.
    case noSignatureBlock
    /// A line of the signature block (counted from 1) is not a signature line.
    case signatureLine(Int, reason: String)
    /// There are more signature lines than `LogLimits.noteSignatures`.
    case tooManySignatures
    /// The text to be signed does not end in a line feed or has forbidden characters.
    case text(reason: String)
    /// The text is not a verifier key.
    case verifierKey(reason: String)
    /// The text is not a signer key, or the key cannot sign notes.
    case signerKey(reason: String)
    /// A signature under a known key does not verify: the whole note is refused.
    case badSignature(key: String)
    /// Two known keys share name and ID, so that a signature cannot be attributed.
    case ambiguousKey(String)
    /// No signature under a known key.
    case noKnownSignature
    /// The text is not a checkpoint.
    case checkpoint(reason: String)
    /// The checkpoint is of an empty tree with another root than SHA-256("").
    case emptyTreeRoot
    /// The checkpoint is one of another log.
    case originMismatch(expected: String, found: String)
    /// Cosigners may have signed, but the log itself did not.
    case notSignedByLog
    /// The key could not sign, as one in a token that was pulled out.
    case signingFailed(reason: String)

    package var description: String {
        switch self {
        case .tooLarge(let bytes):
            "the note has \(bytes) bytes, more than \(LogLimits.noteBytes)"
        case .notUTF8: "the note is not valid UTF-8"
        case .controlCharacter(let offset): "the note has a control character at byte \(offset)"
        case .noSignatureBlock: "the note does not end in an empty line and signature lines"
        case .signatureLine(let line, let reason): "signature line \(line) \(reason)"
        case .tooManySignatures: "the note has more than \(LogLimits.noteSignatures) signatures"
        case .text(let reason): "the text cannot be signed: it \(reason)"
        case .verifierKey(let reason): "the verifier key \(reason)"
        case .signerKey(let reason): "the signer key \(reason)"
        case .badSignature(let key): "the signature of \(key) is false"
        case .ambiguousKey(let key): "two known keys are called \(key)"
        case .noKnownSignature: "no known key has signed the note"
        case .checkpoint(let reason): "the text is not a checkpoint: \(reason)"
        case .emptyTreeRoot:
            "the text is not a checkpoint: the root of an empty tree is another one"
        case .originMismatch(let expected, let found):
            "the checkpoint is of log “\(found)”, not of “\(expected)”"
        case .notSignedByLog: "the checkpoint is not signed by a key of its log"
        case .signingFailed(let reason): "the note could not be signed: \(reason)"
        }
    }
}
