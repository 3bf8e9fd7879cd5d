// What each kind of event does to the tables: one function that commands and replay share.
//
// Only INSERT and UPDATE by key, only values from the entry: no clock, no sequence, no log index. So
// replaying the log into empty tables gives the same rows, and any difference is an edit.

package import Database
package import Governance

/// Turns entries into rows.
package enum Projection {
    /// Where the rows go.
    package enum Schema: String, CaseIterable, Sendable {
        /// The live tables.
        case registry
        /// A replay's temporary tables of the same names.
        case replay = "pg_temp"
    }

    /// Every table that is a projection of the log, with what orders its rows.
    package enum Table: String, CaseIterable, Sendable {
        case subject, trust_root, policy_pack, principal, credential, assignment, token, model,
            version
        case lineage, evaluation, approval, restriction, decision, deployment, retirement
        case hold, erasure, carried, disposal, finding, abstention, provenance, snapshot,
            legacy, waiver, break_glass, break_glass_review, delegation, alert, tier_determination
    }

    /// The statements that carry an entry into the tables.
    package static func statements(for entry: Entry, in schema: Schema = .registry) -> [SQL] {
        [subjects(entry.subjects.filter(\.value.wrote).mapValues(\.seq), in: schema)]
            + rows(for: entry, in: schema)
    }

    /// The same without the numbers of the subjects, for who carries several entries at once.
    static func rows(for entry: Entry, in schema: Schema = .registry) -> [SQL] {
        let rows = ProjectionRows(schema: schema, at: SQLTimestamp(entry.time))
        return rows.unspoken(entry.subjects) + rows.statements(entry)
    }

    /// The statement that sets the numbers of subjects that were written.
    static func subjects(_ written: [String: Int64], in schema: Schema = .registry) -> SQL {
        let sorted = written.sorted { $0.key < $1.key }
        return """
            INSERT INTO \(identifier: schema).subject (name, seq)
            SELECT * FROM unnest(\(sorted.map(\.key)), \(sorted.map(\.value)))
            ON CONFLICT (name) DO UPDATE SET seq = excluded.seq
            """
    }
}
