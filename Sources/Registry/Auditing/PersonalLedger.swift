// What the log says of erased subjects, against what is stored of personal values.

package import Cryptography
internal import Database
package import Governance

/// An erasure that the log holds: the commitments stay, nothing opens them.
package struct AuditErasure: Sendable, Hashable {
    package let subject: PersonalSubject
    /// The place of the entry that says so.
    package let index: Int64
    package let commitments: [SHA256Digest]

    package init(subject: PersonalSubject, index: Int64, commitments: [SHA256Digest]) {
        self.subject = subject
        self.index = index
        self.commitments = commitments
    }

    /// The erasure as a line for people.
    package var sentence: String {
        "\(subject): \(commitments.count) values committed, erased at index \(index)"
    }
}

extension LogVerifier {
    /// Takes in what an entry says about personal data.
    mutating func takePersonal(_ entry: Entry, isAuthentic: Bool, _ index: Int64) {
        guard isAuthentic, case .subjectErased(let event) = entry.event else { return }
        result.erasures.append(
            AuditErasure(subject: event.subject, index: index, commitments: event.commitments))
    }

    /// Erased values must be gone, and those of registered principals there.
    mutating func checkPersonal(_ db: borrowing Connection) throws {
        let mayRead = try db.one(
            """
            SELECT has_schema_privilege('personal', 'USAGE')
                AND has_table_privilege('personal.secret', 'SELECT')
                AND has_schema_privilege('registry', 'USAGE')
            """, as: Bool.self)
        guard mayRead else {
            result.note("personal values were not looked at: this role may not read them")
            return
        }
        for erasure in result.erasures {
            let rows = try db.one(
                """
                SELECT (SELECT count(*) FROM personal.secret
                        WHERE subject = \(erasure.subject.description)
                           OR commitment = ANY(\(erasure.commitments.map(\.bytes))))
                     + (SELECT count(*) FROM personal.subject_key
                        WHERE subject = \(erasure.subject.description))
                """, as: Int64.self)
            guard rows > 0 else { continue }
            result.findings.add(
                .init(
                    .erasedPresent, "personal.secret", .key(erasure.subject.description),
                    .unanchored,
                    "\(rows) rows are stored of what was erased at index \(erasure.index)"))
        }
        let erased = result.erasures.map(\.subject.description)
        let lost = try db.all(
            """
            SELECT p.id FROM registry.principal p
            WHERE p.name_commitment IS NOT NULL AND p.id <> ALL(\(erased))
              AND NOT EXISTS (SELECT FROM personal.secret s
                              WHERE s.commitment = p.name_commitment)
            ORDER BY p.id LIMIT 1000
            """, as: String.self)
        for principal in lost {
            result.findings.add(
                .init(
                    .personalMissing, "personal.secret", .key(principal), .unanchored,
                    "the name of \(principal) is committed, not erased, and not there"))
        }
    }
}
