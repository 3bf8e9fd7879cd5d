// What the signed statements about people have in common: one subject, an origin, a span of time.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography

extension Statement {
    /// Reads the predicate of a statement of this type about exactly this subject, or throws every
    /// finding, with pointers from the statement's root.
    func readPredicate<T>(
        _ type: String, subject: (T) -> (name: String, sha256: SHA256Digest),
        _ body: (JSONReader) -> T?
    ) throws(JSONFindings) -> T {
        let statement: JSON = [
            "predicateType": .string(predicateType), "predicate": predicate,
            "subject": .array(subjects.map { .string($0.name) }),
        ]
        return try JSONReader.decode(statement) { reader in
            reader.constant("predicateType", type)
            let value = reader.object("predicate", body)
            _ = reader.json("subject")
            guard let value else { return nil }
            let expected = subject(value)
            if subjects != [Subject(name: expected.name, sha256: expected.sha256)] {
                reader.refuse(
                    "subject", JSONFinding.Code.value,
                    "The one subject must be what the predicate speaks of.")
            }
            return value
        }
    }
}

/// How a principal is named as the subject of a statement: `principal:<id>`, SHA-256 of the id.
func principalSubject(_ principal: PrincipalID) -> (name: String, sha256: SHA256Digest) {
    ("principal:\(principal)", SHA256.hash(Array(principal.description.utf8)))
}

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
