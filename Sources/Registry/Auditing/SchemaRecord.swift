// The record of applied migrations, compared with the files that this program carries.
//
// Entries name the digest over these files (`service.started`), so a changed record would make the next
// start refuse; here it is named row by row. When a row was applied is nobody's fact: a clock said so.

internal import Database

extension LogVerifier {
    private static let migrationTable = "imprimatur_meta.schema_migration"

    /// Rows that this program's files do not make; a file that is not applied yet is a note.
    mutating func checkMigrations(_ db: borrowing Connection) throws {
        let rows = try db.all(
            "SELECT number, name, digest FROM imprimatur_meta.schema_migration ORDER BY number",
            as: (Int64, String, String).self)
        let last = rows.last?.0 ?? 0
        var found: Set<Int> = []
        func add(
            _ kind: AuditFinding.Kind, _ number: Int64, _ message: String
        ) -> AuditFinding {
            .init(kind, Self.migrationTable, .key(String(number)), .unanchored, message)
        }
        var findings: [AuditFinding] = []
        for (number, name, digest) in rows {
            guard
                let file = DatabaseAccess.migrations.first(where: { Int64($0.number) == number })
            else {
                findings.append(
                    add(
                        .migrationSurplus, number, "this program has no migration \(number) \(name)"
                    ))
                continue
            }
            found.insert(file.number)
            if file.name != name || file.digest != digest {
                findings.append(
                    add(
                        .migrationAltered, number,
                        "the row says \(name), \(digest); the file is \(file.name), \(file.digest)")
                )
            }
        }
        for file in DatabaseAccess.migrations where !found.contains(file.number) {
            if Int64(file.number) > last, !rows.isEmpty {
                result.note("migration \(file.number) \(file.name) is not applied yet")
            } else {
                findings.append(
                    add(
                        .migrationMissing, Int64(file.number),
                        "\(file.name) is not recorded, though later ones are or the log has entries"
                    ))
            }
        }
        result.findings.add(findings)
    }
}
