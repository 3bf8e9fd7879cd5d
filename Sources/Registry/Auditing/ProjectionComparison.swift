// Compares a live projection with its replayed twin: every row, every column, both ways.
//
// Rows meet by primary key in a full join and are compared as JSON objects, so that a column that
// somebody added, dropped or retyped shows as well. Bytes appear as `\x` and hex, times in UTC.

internal import Database

/// The comparison of one table.
struct ProjectionComparison {
    let table: Projection.Table
    /// What a difference contradicts.
    let anchor: AuditFinding.Anchor

    /// The findings, and the number of live rows.
    func run(_ db: borrowing Connection) throws -> ([AuditFinding], Int64) {
        var findings = try differences(db)
        let repeated = try db.all(
            """
            SELECT (\(key(of: "l")))::text, count(*) FROM registry.\(identifier: table) l
            GROUP BY 1 HAVING count(*) > 1 ORDER BY 1
            """, as: (String, Int64).self)
        for (key, count) in repeated {
            findings.append(finding(.rowDuplicate, key, "the key has \(count) rows", []))
        }
        let rows = try db.one(
            "SELECT count(*) FROM registry.\(identifier: table)", as: Int64.self)
        return (findings, rows)
    }

    /// One difference while its columns come in.
    private struct Difference {
        let key: String
        let isLive: Bool
        let isReplayed: Bool
        var columns: [AuditFinding.Column] = []
    }

    private func differences(_ db: borrowing Connection) throws -> [AuditFinding] {
        var findings: [AuditFinding] = []
        var current: Difference?
        try db.forEach(
            """
            WITH difference AS (
                SELECT coalesce(\(key(of: "l")), \(key(of: "r"))) AS key,
                       to_jsonb(l) AS live, to_jsonb(r) AS replayed
                FROM registry.\(identifier: table) l
                FULL JOIN pg_temp.\(identifier: table) r ON \(join)
                WHERE to_jsonb(l) IS DISTINCT FROM to_jsonb(r))
            SELECT d.key::text, d.live IS NOT NULL, d.replayed IS NOT NULL, c.name, c.live,
                   c.replayed
            FROM difference d, LATERAL (
                SELECT coalesce(a.key, b.key) AS name, a.value AS live, b.value AS replayed
                FROM jsonb_each_text(d.live) a
                FULL JOIN jsonb_each_text(d.replayed) b ON a.key = b.key
                WHERE a.value IS DISTINCT FROM b.value OR a.key IS NULL OR b.key IS NULL) c
            ORDER BY d.key::text COLLATE "C", c.name COLLATE "C"
            """
        ) { row in
            let key: String = try row.next()
            let isLive: Bool = try row.next()
            let isReplayed: Bool = try row.next()
            let column = AuditFinding.Column(
                name: try row.next(), live: try row.nextOptional(),
                replayed: try row.nextOptional())
            if let done = current, done.key != key {
                findings.append(finding(of: done))
                current = nil
            }
            var difference =
                current ?? Difference(key: key, isLive: isLive, isReplayed: isReplayed)
            difference.columns.append(column)
            current = difference
        }
        if let done = current { findings.append(finding(of: done)) }
        return findings
    }

    private func finding(of difference: Difference) -> AuditFinding {
        let names = difference.columns.map(\.name).joined(separator: ", ")
        switch (difference.isLive, difference.isReplayed) {
        case (false, _):
            return finding(
                .rowMissing, difference.key, "the log makes this row, the table lacks it",
                difference.columns)
        case (true, false):
            return finding(
                .rowSurplus, difference.key, "the table has this row, the log does not make it",
                difference.columns)
        case (true, true):
            return finding(
                .rowAltered, difference.key, "the log makes \(names) differently",
                difference.columns)
        }
    }

    private func finding(
        _ kind: AuditFinding.Kind, _ key: String, _ message: String,
        _ columns: [AuditFinding.Column]
    ) -> AuditFinding {
        AuditFinding(
            kind, "registry.\(table.rawValue)", .key(key), anchor, message, columns: columns)
    }

    // MARK: keys

    /// Columns that tables have as primary keys.
    private enum Column: String, CaseIterable {
        case name, digest, id, keyID = "key_id", statement, version, position, subject,
            signer
    }

    private var columns: [Column] {
        switch table {
        case .subject, .model, .version: [.name]
        case .policy_pack, .decision, .trust_root: [.digest]
        case .principal, .token, .restriction, .deployment, .hold, .carried, .legacy, .alert:
            [.id]
        case .provenance: [.id, .signer]
        case .credential: [.keyID]
        case .assignment, .evaluation, .approval, .disposal, .finding, .abstention,
            .snapshot, .waiver, .break_glass, .break_glass_review, .delegation,
            .tier_determination:
            [.statement]
        case .lineage: [.version, .position]
        case .retirement: [.version]
        case .erasure: [.subject]
        }
    }

    /// The key of a row as text: hex for bytes, a JSON array for several columns.
    private func key(of alias: SQL) -> SQL {
        let fields = columns.map { column -> SQL in "\(alias).\(identifier: column)" }
        switch table {
        case .policy_pack, .decision, .trust_root, .assignment, .evaluation, .approval, .disposal,
            .finding, .abstention, .snapshot, .waiver, .break_glass, .break_glass_review,
            .delegation, .tier_determination:
            return "encode(\(fields[0]), 'hex')"
        case .lineage, .provenance:
            let all = SQL(joining: fields, with: ", ")
            return "CASE WHEN \(fields[0]) IS NOT NULL THEN jsonb_build_array(\(all))::text END"
        default: return fields[0]
        }
    }

    private var join: SQL {
        let equalities = columns.map { column -> SQL in
            "l.\(identifier: column) = r.\(identifier: column)"
        }
        return SQL(joining: equalities, with: " AND ")
    }
}
