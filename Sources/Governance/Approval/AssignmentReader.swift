// What the readers of signed statements have in common: pseudonyms, digests, moments, spans of time.

internal import CanonicalJSON
internal import Cryptography

extension JSONReader {
    /// A pseudonym.
    func principal(_ name: String) -> PrincipalID? {
        parsed(name, as: "p- and 16 lowercase hex digits") { PrincipalID($0) }
    }

    /// A SHA-256 digest in hex.
    func digest(_ name: String) -> SHA256Digest? {
        parsed(name, as: "64 lowercase hex digits") { SHA256Digest(hex: $0) }
    }

    /// A SHA-256 digest in hex, or null.
    func nullableDigest(_ name: String) -> SHA256Digest? {
        nullable(name) { $0.parsed(as: "64 lowercase hex digits") { SHA256Digest(hex: $0) } }
    }

    /// A moment.
    func time(_ name: String) -> Timestamp? {
        parsed(name, as: "a time like 2026-01-01T00:00:00.000Z") { Timestamp($0) }
    }

    /// The log that a statement is for.
    func origin() -> String { string("origin", length: 1...255) }

    /// `validFrom` and `validUntil`, the second after the first.
    func validity() -> ClosedRange<Timestamp>? {
        let from = time("validFrom")
        let until = time("validUntil")
        guard let from, let until else { return nil }
        guard from < until else {
            refuse("validUntil", JSONFinding.Code.range, "The end must lie after the beginning.")
            return nil
        }
        return from...until
    }
}
