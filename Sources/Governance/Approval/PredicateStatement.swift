// What all our signed statements have in common: an in-toto statement of one type, about exactly one
// subject that follows from its predicate.

package import Attestation
package import CanonicalJSON
internal import Cryptography

/// A value that is signed as an in-toto statement.
package protocol PredicateStatement: Sendable, Hashable {
    /// The predicate type.
    static var predicateType: String { get }
    /// What the statement is about.
    var statementSubject: Statement.Subject { get }
    /// What it says.
    var predicate: JSON { get }

    /// Reads a predicate; nil with findings in the reader when it is none.
    init?(predicate reader: JSONReader)
}

extension PredicateStatement {
    /// The statement to sign.
    package var statement: Statement {
        Statement(
            subjects: [statementSubject], predicateType: Self.predicateType, predicate: predicate)
    }

    /// Reads a statement; throws every finding.
    package init(reading statement: Statement) throws(JSONFindings) {
        self = try statement.readPredicate(
            Self.predicateType, subject: \.statementSubject, Self.init(predicate:))
    }
}

extension Statement {
    /// Reads the predicate of a statement of this type about exactly this subject, or throws every
    /// finding, with pointers from the statement's root.
    func readPredicate<T>(
        _ type: String, subject: (T) -> Subject, _ body: (JSONReader) -> T?
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
            if subjects != [subject(value)] {
                reader.refuse(
                    "subject", JSONFinding.Code.value,
                    "The one subject must be what the predicate speaks of.")
            }
            return value
        }
    }
}

extension Statement.Subject {
    /// Something without bytes of its own: `<kind>:<name>`, SHA-256 of the name.
    init(kind: String, _ name: some CustomStringConvertible) {
        self.init(
            name: "\(kind):\(name)", sha256: SHA256.hash(Array(name.description.utf8)))
    }
}
