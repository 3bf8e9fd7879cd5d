import Registry
import TransparencyLog

extension Pin {
    /// The pinned note, whoever signed it; nil when there is none.
    var note: [UInt8]? {
        get throws {
            try read { note in try? Checkpoint(parsing: SignedNote(parsing: note).text) }?.note
        }
    }
}
