// What an insider with the superuser's rights may do to the tables of the log, and what must be
// named.

import Database
import Testing

/// One manipulation.
struct Tamper: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let statements: [SQL]
    /// Table and kind of every finding that it must cause: no more, no fewer.
    let named: Set<String>

    init(_ description: String, _ statements: [SQL], _ named: Set<String>) {
        testDescription = description
        self.statements = statements
        self.named = named
    }

    /// Changes one word of an entry's bytes.
    private static let edit: SQL = """
        UPDATE audit.entry SET bytes = convert_to(
            replace(convert_from(bytes, 'UTF8'), '"request":"test"', '"request":"tesT"'), 'UTF8')
        """
    static let entry200: SQL = "(SELECT entry_id FROM audit.leaf WHERE index = 200)"
    private static let entry201: SQL = "(SELECT entry_id FROM audit.leaf WHERE index = 201)"
    private static let last: SQL = "(SELECT size - 1 FROM audit.head)"

    /// What an entry that cannot be believed any more leaves behind: its subject's next number, and
    /// the documents that it named.
    private static let traces: Set<String> = [
        "audit.entry subject-gap", "audit.document document-surplus",
    ]

    static let entries: [Tamper] = [
        .init(
            "an entry's bytes", ["\(edit) WHERE id = \(entry200)"],
            traces.union(["audit.entry entry-altered", "audit.entry entry-unauthentic"])),
        .init(
            "two entries' bytes", ["\(edit) WHERE id IN (\(entry200), \(entry201))"],
            traces.union(["audit.entry entry-altered", "audit.entry entry-unauthentic"])),
        .init(
            "an entry cut short",
            [
                "UPDATE audit.entry SET bytes = substring(bytes FROM 1 FOR 40) WHERE id = \(entry200)"
            ],
            traces.union(["audit.entry entry-altered", "audit.entry entry-malformed"])),
        .init(
            "one byte more",
            ["UPDATE audit.entry SET bytes = bytes || '\\x20' WHERE id = \(entry200)"],
            traces.union(["audit.entry entry-altered", "audit.entry entry-malformed"])),
        .init(
            "an entry deleted", ["DELETE FROM audit.entry WHERE id = \(entry200)"],
            traces.union(["audit.entry entry-missing"])),
        .init(
            "entries exchanged",
            [
                """
                UPDATE audit.entry e SET bytes = o.bytes FROM audit.entry o
                WHERE (e.id = \(entry200) AND o.id = \(entry201))
                   OR (e.id = \(entry201) AND o.id = \(entry200))
                """
            ],
            ["audit.leaf leaf-entry-altered", "audit.entry subject-gap"]),
        .init(
            "an entry slipped in",
            [
                "INSERT INTO audit.entry (bytes) SELECT bytes FROM audit.entry WHERE id = \(entry200)"
            ],
            ["audit.entry entry-unplaced"]),
        .init(
            "the hash column of an entry",
            [
                "ALTER TABLE audit.entry ALTER COLUMN leaf_hash DROP EXPRESSION",
                "UPDATE audit.entry SET leaf_hash = sha256('x') WHERE id = \(entry200)",
            ],
            ["audit.entry entry-hash-column"]),
    ]

    static let leaves: [Tamper] = [
        .init(
            "a leaf hash",
            ["UPDATE audit.leaf SET leaf_hash = sha256('x') WHERE index = 200"],
            ["audit.leaf leaf-altered"]),
        .init(
            "an entry and its leaf hash",
            [
                "\(edit) WHERE id = \(entry200)",
                """
                UPDATE audit.leaf l SET leaf_hash = e.leaf_hash FROM audit.entry e
                WHERE e.id = l.entry_id AND l.index = 200
                """,
            ],
            traces.union([
                "audit.entry entry-altered", "audit.entry entry-unauthentic",
                "audit.leaf leaf-altered",
            ])),
        .init(
            "a leaf deleted", ["DELETE FROM audit.leaf WHERE index = 200"],
            ["audit.leaf leaf-missing", "audit.entry entry-unplaced"]),
        .init(
            "the last leaf deleted", ["DELETE FROM audit.leaf WHERE index = \(last)"],
            ["audit.leaf leaf-missing", "audit.entry entry-unplaced"]),
        .init(
            "a chain hash",
            ["UPDATE audit.leaf SET chain_hash = sha256('x') WHERE index = 200"],
            ["audit.leaf chain-altered"]),
        .init(
            "a leaf without its entry",
            ["UPDATE audit.leaf SET entry_id = 900000 WHERE index = 200"],
            ["audit.leaf leaf-entry-altered", "audit.entry entry-unplaced"]),
        .init(
            "leaves exchanged",
            [
                "UPDATE audit.leaf SET index = 900000 WHERE index = 200",
                "UPDATE audit.leaf SET index = 200 WHERE index = 201",
                "UPDATE audit.leaf SET index = 201 WHERE index = 900000",
            ],
            [
                "audit.leaf leaf-altered", "audit.leaf leaf-entry-altered",
                "audit.leaf chain-altered", "audit.entry subject-gap",
            ]),
        .init(
            "a leaf appended",
            [
                """
                INSERT INTO audit.leaf SELECT size, 900000, sha256('x'), sha256('y') FROM audit.head
                """
            ],
            ["audit.leaf leaf-surplus"]),
        .init(
            "a leaf before the first",
            [
                "ALTER TABLE audit.leaf DROP CONSTRAINT leaf_index_range",
                "INSERT INTO audit.leaf VALUES (-1, 900000, sha256('x'), sha256('y'))",
            ],
            ["audit.leaf leaf-surplus"]),
        .init(
            "an index twice",
            [
                "ALTER TABLE audit.leaf DROP CONSTRAINT leaf_pkey",
                "INSERT INTO audit.leaf VALUES (200, 900000, sha256('x'), sha256('y'))",
            ],
            ["audit.leaf leaf-duplicate"]),
        .init(
            "a leaf moved far away",
            ["UPDATE audit.leaf SET index = 900000 WHERE index = 200"],
            ["audit.leaf leaf-missing", "audit.leaf leaf-surplus"]),
    ]

    static let tiles: [Tamper] = [
        .init(
            "a hash of a full tile",
            [
                "UPDATE audit.tile SET hashes = overlay(hashes PLACING sha256('x') FROM 321) WHERE level = 0 AND number = 0"
            ],
            ["audit.tile tile-altered"]),
        .init(
            "the last hash of the open tile",
            [
                """
                UPDATE audit.tile SET hashes = overlay(
                    hashes PLACING sha256('x') FROM octet_length(hashes) - 31)
                WHERE level = 0 AND number = 1
                """
            ],
            ["audit.tile tile-altered"]),
        .init(
            "a full tile deleted", ["DELETE FROM audit.tile WHERE level = 0 AND number = 0"],
            ["audit.tile tile-missing"]),
        .init(
            "an upper tile", ["UPDATE audit.tile SET hashes = sha256('x') WHERE level = 1"],
            ["audit.tile tile-altered"]),
        .init(
            "an upper tile deleted", ["DELETE FROM audit.tile WHERE level = 1"],
            ["audit.tile tile-missing"]),
        .init(
            "a tile cut short",
            [
                """
                UPDATE audit.tile SET hashes = substring(hashes FROM 1 FOR octet_length(hashes) - 32)
                WHERE level = 0 AND number = 0
                """
            ],
            ["audit.tile tile-altered"]),
        .init(
            "a hash too many",
            ["UPDATE audit.tile SET hashes = hashes || sha256('x') WHERE level = 0 AND number = 1"],
            ["audit.tile tile-altered"]),
        .init(
            "a tile too many", ["INSERT INTO audit.tile VALUES (0, 99, sha256('x'))"],
            ["audit.tile tile-surplus"]),
        .init(
            "a level too many", ["INSERT INTO audit.tile VALUES (5, 0, sha256('x'))"],
            ["audit.tile tile-surplus"]),
        .init(
            "a tile twice",
            [
                "ALTER TABLE audit.tile DROP CONSTRAINT tile_pkey",
                "INSERT INTO audit.tile SELECT * FROM audit.tile WHERE level = 0 AND number = 0",
            ],
            ["audit.tile tile-duplicate"]),
    ]

    static let all = entries + leaves + tiles + heads + checkpoints + besides
}
