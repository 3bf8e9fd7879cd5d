// Head, checkpoints, queue, documents, retry keys and migrations: each column, each kind of change.

import Registry

extension MatrixCase {
    // MARK: audit.head

    static func head(_ size: Int64) -> [MatrixCase] {
        func head(
            _ what: String, _ set: String, _ kind: AuditFinding.Kind, isAnchored: Bool = true
        ) -> MatrixCase {
            MatrixCase(
                "head.\(what)", ["UPDATE audit.head SET \(set)"],
                [Expected(kind: kind, table: "audit.head", place: .whole, isAnchored: isAnchored)])
        }
        func flip(_ column: String, _ offset: Int) -> String {
            "\(column) = set_byte(\(column), \(offset), get_byte(\(column), \(offset)) # 1)"
        }
        return [
            head("size: one more", "size = size + 1", .headSize),
            head("size: one less", "size = size - 1", .headSize),
            head("size: an older one", "size = 100", .headSize),
            head("size: 0", "size = 0", .headSize, isAnchored: false),
            head("compact: its size", flip("compact", 7), .headCompact),
            head("compact: its first hash", flip("compact", 8), .headCompact),
            head("compact: cut", "compact = substring(compact FROM 1 FOR 40)", .headCompact),
            head("compact: emptied", "compact = ''", .headCompact),
            head("chain: a bit", flip("chain", 0), .headChain),
            head(
                "chain: an older one",
                "chain = (SELECT chain_hash FROM audit.leaf WHERE index = \(size - 2))", .headChain),
            head("origin: another", "origin = 'example.org/other'", .headOrigin),
            head("origin: in another normal form", "origin = origin || U&'\\0301'", .headOrigin),
            MatrixCase(
                "head: deleted", ["DELETE FROM audit.head"],
                [Expected(kind: .headRows, table: "audit.head", place: .whole)]),
            MatrixCase(
                "head: a second row",
                [
                    "ALTER TABLE audit.head DROP CONSTRAINT head_pkey",
                    "INSERT INTO audit.head SELECT * FROM audit.head",
                ],
                [Expected(kind: .headRows, table: "audit.head", place: .whole)]),
            MatrixCase(
                "head: truncated", ["TRUNCATE audit.head"],
                [Expected(kind: .headRows, table: "audit.head", place: .whole)]),
        ]
    }

    // MARK: audit.checkpoint

    static func checkpoints(_ size: Int64, sizes: [Int64]) -> [MatrixCase] {
        let some = [sizes[0], sizes[sizes.count / 2], sizes[sizes.count - 1]]
        return some.flatMap { at -> [MatrixCase] in
            let older = at == sizes[0] ? sizes[1] : sizes[0]
            func change(
                _ what: String, _ set: String, _ kind: AuditFinding.Kind = .checkpointUnsigned
            ) -> MatrixCase {
                MatrixCase(
                    "checkpoint \(at).\(what)",
                    ["UPDATE audit.checkpoint SET \(set) WHERE size = \(at)"],
                    [Expected(kind: kind, table: "audit.checkpoint", place: .key(String(at)))],
                    consequences: at == size ? [.checkpointMissing] : [])
            }
            return [
                change(
                    "root: a bit", "root = set_byte(root, 3, get_byte(root, 3) # 1)",
                    .checkpointColumns),
                change(
                    "root: an older one",
                    "root = (SELECT root FROM audit.checkpoint WHERE size = \(older))",
                    .checkpointColumns),
                change(
                    "note: a bit of the text", "note = set_byte(note, 2, get_byte(note, 2) # 1)"),
                change(
                    "note: a bit of the signature",
                    "note = set_byte(note, octet_length(note) - 10, get_byte(note, octet_length(note) - 10) # 1)"
                ),
                change("note: cut", "note = substring(note FROM 1 FOR octet_length(note) - 20)"),
                change("note: emptied", "note = ''"),
                change(
                    "note: an older one",
                    "note = (SELECT note FROM audit.checkpoint WHERE size = \(older))",
                    .checkpointColumns),
                MatrixCase(
                    "checkpoint \(at).size: beyond the end",
                    ["UPDATE audit.checkpoint SET size = 900000 WHERE size = \(at)"],
                    [.beside(.checkpointBeyond, "audit.checkpoint", .key("900000"))],
                    consequences: at == size ? [.checkpointMissing] : []),
                MatrixCase(
                    "checkpoint \(at).size: 0",
                    ["UPDATE audit.checkpoint SET size = 0 WHERE size = \(at)"],
                    [.beside(.checkpointBeyond, "audit.checkpoint", .key("0"))],
                    consequences: at == size ? [.checkpointMissing] : []),
                MatrixCase(
                    "checkpoint \(at): a second row",
                    [
                        "ALTER TABLE audit.checkpoint DROP CONSTRAINT checkpoint_pkey",
                        "INSERT INTO audit.checkpoint SELECT * FROM audit.checkpoint WHERE size = \(at)",
                    ],
                    [
                        Expected(
                            kind: .checkpointDuplicate, table: "audit.checkpoint",
                            place: .key(String(at)))
                    ]),
            ]
        } + [
            MatrixCase(
                "checkpoint: the pinned one deleted",
                ["DELETE FROM audit.checkpoint WHERE size = \(size)"],
                [
                    Expected(
                        kind: .checkpointMissing, table: "audit.checkpoint",
                        place: .key(String(size)))
                ]),
            MatrixCase(
                "checkpoint: truncated", ["TRUNCATE audit.checkpoint"],
                [
                    Expected(
                        kind: .checkpointMissing, table: "audit.checkpoint",
                        place: .key(String(size)))
                ]),
        ]
    }

    // MARK: queue, documents, retry keys

    static func queue(_ size: Int64) -> [MatrixCase] {
        [
            MatrixCase(
                "pending: a row of no entry", ["INSERT INTO audit.pending VALUES (900000)"],
                [.beside(.pendingWithoutEntry, "audit.pending", .id(900_000))]),
            MatrixCase(
                "pending: an entry that has its place",
                [
                    "ALTER TABLE audit.entry ALTER COLUMN id DROP IDENTITY",
                    "UPDATE audit.entry SET id = 900000 WHERE id = (SELECT entry_id FROM audit.leaf WHERE index = 7)",
                    "UPDATE audit.leaf SET entry_id = 900000 WHERE index = 7",
                    "INSERT INTO audit.pending VALUES (900000)",
                ],
                [.beside(.pendingPlaced, "audit.pending", .id(900_000))],
                consequences: [.idempotencyAltered]),
            MatrixCase(
                "pending: what nobody signed",
                [
                    "INSERT INTO audit.entry (id, bytes) OVERRIDING SYSTEM VALUE VALUES (900000, '{}')",
                    "INSERT INTO audit.pending VALUES (900000)",
                ],
                [.beside(.entryMalformed, "audit.entry", .id(900_000))]),
            MatrixCase(
                "pending: a replayed entry",
                [
                    """
                    INSERT INTO audit.entry (id, bytes) OVERRIDING SYSTEM VALUE
                    SELECT 900000, e.bytes FROM audit.entry e JOIN audit.leaf l ON l.entry_id = e.id
                    WHERE l.index = 9
                    """,
                    "INSERT INTO audit.pending VALUES (900000)",
                ],
                [.beside(.entryReplayed, "audit.entry", .id(900_000))],
                consequences: [.subjectGap, .subjectRead, .entryTime, .idempotencyAltered]),
            MatrixCase(
                "pending: a committed entry taken off the queue",
                [
                    """
                    INSERT INTO audit.entry (id, bytes) OVERRIDING SYSTEM VALUE
                    SELECT 900000, convert_to('{"entry":', 'UTF8')
                    """
                ],
                [.beside(.entryUnplaced, "audit.entry", .id(900_000))]),
        ]
    }

    /// `keys` are hex names of documents, `retries` hex digests of retry keys.
    static func tables(documents keys: [String], retries: [String]) -> [MatrixCase] {
        keys.flatMap { key -> [MatrixCase] in
            let here = "WHERE sha256 = '\\x\(key)'"
            let free = "ALTER TABLE audit.document DROP CONSTRAINT document_digest"
            func altered(_ what: String, _ value: String) -> MatrixCase {
                MatrixCase(
                    "document \(key.prefix(8)).bytes: \(what)",
                    [free, "UPDATE audit.document SET bytes = \(value) \(here)"],
                    [Expected(kind: .documentAltered, table: "audit.document", place: .key(key))])
            }
            return [
                altered("a bit", "set_byte(bytes, 0, get_byte(bytes, 0) # 1)"),
                altered("grown", "bytes || '\\x0a'"), altered("emptied", "''"),
                altered(
                    "another document's",
                    "(SELECT o.bytes FROM audit.document o WHERE o.sha256 <> '\\x\(key)' LIMIT 1)"),
                MatrixCase(
                    "document \(key.prefix(8)): deleted", ["DELETE FROM audit.document \(here)"],
                    [Expected(kind: .documentMissing, table: "audit.document", place: .key(key))]),
                MatrixCase(
                    "document \(key.prefix(8)).sha256: a bit",
                    [
                        free,
                        "UPDATE audit.document SET sha256 = set_byte(sha256, 0, get_byte(sha256, 0) # 1) \(here)",
                    ],
                    [Expected(kind: .documentMissing, table: "audit.document", place: .key(key))],
                    consequences: [.documentSurplus]),
            ]
        }
            + retries.flatMap { key -> [MatrixCase] in
                let here = "WHERE key_digest = '\\x\(key)'"
                func row(
                    _ what: String, _ sql: String, _ kind: AuditFinding.Kind,
                    _ consequences: Set<AuditFinding.Kind> = []
                ) -> MatrixCase {
                    MatrixCase(
                        "idempotency \(key.prefix(8))\(what)", [sql],
                        [Expected(kind: kind, table: "audit.idempotency", place: .key(key))],
                        consequences: consequences)
                }
                return [
                    row(
                        ".body_digest: a bit",
                        "UPDATE audit.idempotency SET body_digest = set_byte(body_digest, 0, get_byte(body_digest, 0) # 1) \(here)",
                        .idempotencyAltered),
                    row(
                        ".entry_id: another entry",
                        "UPDATE audit.idempotency SET entry_id = entry_id + 1 \(here)",
                        .idempotencyAltered),
                    row(
                        ".key_digest: a bit",
                        "UPDATE audit.idempotency SET key_digest = set_byte(key_digest, 0, get_byte(key_digest, 0) # 1) \(here)",
                        .idempotencyMissing, [.idempotencySurplus]),
                    row(": deleted", "DELETE FROM audit.idempotency \(here)", .idempotencyMissing),
                ]
            } + [
                MatrixCase(
                    "document: truncated", ["TRUNCATE audit.document"],
                    keys.map {
                        Expected(kind: .documentMissing, table: "audit.document", place: .key($0))
                    }),
                MatrixCase(
                    "document: one slipped in",
                    ["INSERT INTO audit.document VALUES (sha256('n'), 'n')"],
                    [
                        .beside(
                            .documentSurplus, "audit.document",
                            .key("1b16b1df538ba12dc3f97edbb85caa7050d46c148134290feba80f8236c83db9")
                        )
                    ]),
                MatrixCase(
                    "idempotency: truncated", ["TRUNCATE audit.idempotency"],
                    retries.map {
                        Expected(
                            kind: .idempotencyMissing, table: "audit.idempotency", place: .key($0))
                    }),
                MatrixCase(
                    "idempotency: one slipped in",
                    ["INSERT INTO audit.idempotency VALUES (sha256('n'), sha256('b'), 3)"],
                    [
                        .beside(
                            .idempotencySurplus, "audit.idempotency",
                            .key("1b16b1df538ba12dc3f97edbb85caa7050d46c148134290feba80f8236c83db9")
                        )
                    ]),
            ]
    }

    // MARK: migrations

    static let migrations: [MatrixCase] = {
        let table = "imprimatur_meta.schema_migration"
        func row(_ what: String, _ sql: [String], _ kind: AuditFinding.Kind, _ key: String)
            -> MatrixCase
        {
            MatrixCase("migration \(what)", sql, [.beside(kind, table, .key(key))])
        }
        return [
            row(
                "1.digest: another",
                ["UPDATE \(table) SET digest = repeat('0', 64) WHERE number = 1"],
                .migrationAltered, "1"),
            row(
                "1.name: another", ["UPDATE \(table) SET name = 'x' WHERE number = 1"],
                .migrationAltered, "1"),
            row("1: deleted", ["DELETE FROM \(table) WHERE number = 1"], .migrationMissing, "1"),
            MatrixCase(
                "migration 2.number: another",
                ["UPDATE \(table) SET number = 900 WHERE number = 2"],
                [
                    .beside(.migrationMissing, table, .key("2")),
                    .beside(.migrationSurplus, table, .key("900")),
                ]),
            row(
                ": one slipped in",
                ["INSERT INTO \(table) (number, name, digest) VALUES (900, 'x', repeat('0', 64))"],
                .migrationSurplus, "900"),
            MatrixCase(
                "migration: truncated", ["TRUNCATE \(table)"],
                [.beside(.migrationMissing, table, .key("1"))], consequences: [.migrationMissing]),
        ]
    }()
}
