// Whether the layers that make the record append-only (I3) are as the migrations made them.
//
// Who can take one away can put it back before anybody looks: an `ok` says that they are there now, not
// that they always were. What was done to rows meanwhile, `audit verify` names.

internal import Cryptography
internal import Database

/// The triggers, grants and owners of the tables of the record.
enum AppendOnlyLayers {
    /// The tables whose rows neither change nor go.
    private static let appendOnly = [
        "checkpoint", "cosignature", "document", "entry", "idempotency", "leaf",
    ]
    /// The tables whose rows only grow.
    private static let growing = ["head", "tile"]

    /// The triggers that must fire always, as `table.trigger function`.
    private static let triggers: Set<String> = Set(
        appendOnly.flatMap { table -> [String] in
            let refuses = table == "document" ? "refuse_unless_disposed" : "refuse"
            return ["\(table).append_only \(refuses)", "\(table).no_truncate refuse"]
        }
            + growing.flatMap { ["\($0).only_grow only_grow", "\($0).no_truncate refuse"] }
            + ["pending.no_truncate refuse"])

    /// What the triggers do, and the one function that they let through: SHA-256 of the bodies in
    /// `migrations/0001_log.sql` and `migrations/0070_disposal.sql`.
    private static let bodies = [
        "refuse": "cb9f939887bb57be952dbf1ad655b0fa25c3bf3c04dcae4fd0f5347a4c903439",
        "only_grow": "a414001f383e2cc78924f376dba3a0fae370d4aff5d2fe53e7bfbb454880c50b",
        "refuse_unless_disposed":
            "256970dbc1a2bad72b35c1d2969ecd0783657cccdb7deaece1c8f7ddabdd1914",
        "dispose": "fb4c168caa0aceb9f067fb921086b311d41608df30d218c3304cf3a649f1f222",
    ]

    /// What the roles that log in may do besides reading, as `role table privilege`.
    private static let grants: Set<String> = [
        "writer document INSERT", "writer entry INSERT", "writer idempotency INSERT",
        "writer pending INSERT", "sequencer checkpoint INSERT", "sequencer cosignature INSERT",
        "sequencer leaf INSERT", "sequencer tile INSERT", "sequencer pending DELETE",
        "sequencer head UPDATE", "sequencer tile UPDATE",
    ]

    /// Everything that is not as it should be, a sentence each.
    static func faults(_ db: borrowing Connection) throws -> [String] {
        try triggerFaults(db) + functionFaults(db) + grantFaults(db) + tableFaults(db)
    }

    private static func triggerFaults(_ db: borrowing Connection) throws -> [String] {
        let found = try db.all(
            """
            SELECT c.relname || '.' || t.tgname || ' ' || p.proname FROM pg_trigger t
            JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
            WHERE c.relnamespace = to_regnamespace('audit') AND NOT t.tgisinternal
              AND p.pronamespace = c.relnamespace AND t.tgenabled = 'A' AND t.tgqual IS NULL
            """, as: String.self)
        return triggers.subtracting(found).sorted().map {
            "the trigger \($0.split(separator: " ")[0]) is missing or does not fire always"
        }
    }

    private static func functionFaults(_ db: borrowing Connection) throws -> [String] {
        let found = try db.all(
            """
            SELECT proname::text, prosrc FROM pg_proc
            WHERE pronamespace = to_regnamespace('audit')
            """, as: (String, String).self)
        let digests = Dictionary(found.map { ($0.0, SHA256.hash($0.1).hex) }) { first, _ in first }
        return bodies.keys.sorted().filter { digests[$0] != bodies[$0] }.map {
            "the function audit.\($0) is not the one that the migration made"
        }
    }

    private static func grantFaults(_ db: borrowing Connection) throws -> [String] {
        let found = try db.all(
            """
            SELECT replace(r.rolname, 'imprimatur_', '') || ' ' || c.relname || ' ' || p
            FROM pg_class c, pg_roles r, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE',
                                                      'REFERENCES', 'TRIGGER']) p
            WHERE c.relnamespace = to_regnamespace('audit') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
              AND r.rolname IN ('imprimatur_writer', 'imprimatur_sequencer')
              AND CASE WHEN p IN ('INSERT', 'UPDATE', 'REFERENCES')
                       THEN has_any_column_privilege(r.oid, c.oid, p)
                       ELSE has_table_privilege(r.oid, c.oid, p) END
            """, as: String.self)
        let members = try db.all(
            """
            SELECT rolname::text FROM pg_roles
            WHERE rolname IN ('imprimatur_writer', 'imprimatur_sequencer')
              AND (rolsuper OR rolbypassrls OR pg_has_role(oid, 'imprimatur_owner', 'MEMBER'))
            """, as: String.self)
        return members.map { "\($0) is superuser, or may act as the owner of the tables" }
            + Set(found).subtracting(grants).sorted().map {
                let words = $0.split(separator: " ")
                return "imprimatur_\(words[0]) may \(words[2]) on audit.\(words[1])"
            }
    }

    private static func tableFaults(_ db: borrowing Connection) throws -> [String] {
        let found = try db.all(
            """
            SELECT c.relname::text, c.relkind::text, r.rolname::text, c.relrowsecurity,
                   EXISTS (SELECT FROM pg_inherits i WHERE c.oid IN (i.inhparent, i.inhrelid)),
                   EXISTS (SELECT FROM pg_rewrite w WHERE w.ev_class = c.oid)
            FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
            WHERE c.relnamespace = to_regnamespace('audit')
            """, as: (String, String, String, Bool, Bool, Bool).self)
        var faults: [String] = []
        for table in (appendOnly + growing + ["pending"]).sorted() {
            guard let it = found.first(where: { $0.0 == table && $0.1 == "r" }) else {
                faults.append("audit.\(table) is no table")
                continue
            }
            if it.2 != DatabaseRole.owner.rawValue {
                faults.append("audit.\(table) belongs to \(it.2)")
            }
            if it.3 { faults.append("audit.\(table) has row security, which hides rows") }
            if it.4 { faults.append("audit.\(table) inherits, or is inherited from") }
            if it.5 { faults.append("audit.\(table) has rewrite rules") }
        }
        return faults
    }
}
