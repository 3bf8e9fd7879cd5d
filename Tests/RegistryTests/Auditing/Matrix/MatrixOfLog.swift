// Entries, leaves, tiles, head and checkpoints: each column, each kind of change.

import Registry

extension MatrixCase {
    /// Places at the ends of the log and of its tiles.
    static func places(_ size: Int64) -> [Int64] { [0, 100, 255, 256, size - 1] }

    private static func entry(at index: Int64) -> String {
        "(SELECT entry_id FROM audit.leaf WHERE index = \(index))"
    }

    // MARK: audit.entry

    static func entries(_ size: Int64) -> [MatrixCase] {
        let offsets = [
            ("first byte", "0"), ("middle", "octet_length(bytes) / 2"),
            ("signature", "octet_length(bytes) - 30"), ("last byte", "octet_length(bytes) - 1"),
        ]
        let others = [
            ("cut short", "substring(bytes FROM 1 FOR octet_length(bytes) - 1)"),
            ("grown", "bytes || '\\x20'"), ("emptied", "convert_to('{}', 'UTF8')"),
            (
                "replaced by an older one",
                "(SELECT o.bytes FROM audit.entry o WHERE o.id = \(entry(at: 40)))"
            ),
        ]
        return places(size).flatMap { index -> [MatrixCase] in
            let (id, neighbour) = (entry(at: index), index == 0 ? 1 : index - 1)
            let changes =
                offsets.map { name, offset in
                    (
                        name + " flipped",
                        "set_byte(bytes, \(offset), get_byte(bytes, \(offset)) # 1)"
                    )
                } + others
            var cases = changes.map { name, value in
                MatrixCase(
                    "entry.bytes at \(index): \(name)",
                    ["UPDATE audit.entry SET bytes = \(value) WHERE id = \(id)"],
                    [.entry(.entryAltered, index)], consequences: tracesOfLostEntries)
            }
            cases += [
                MatrixCase(
                    "entry at \(index): deleted", ["DELETE FROM audit.entry WHERE id = \(id)"],
                    [.entry(.entryMissing, index)], consequences: tracesOfLostEntries),
                MatrixCase(
                    "entry.bytes at \(index): exchanged with a neighbour's",
                    [
                        """
                        UPDATE audit.entry e SET bytes = o.bytes FROM audit.entry o
                        WHERE (e.id = \(id) AND o.id = \(entry(at: neighbour)))
                           OR (e.id = \(entry(at: neighbour)) AND o.id = \(id))
                        """
                    ],
                    [.leaf(.leafEntry, index), .leaf(.leafEntry, neighbour)],
                    consequences: tracesOfLostEntries),
                MatrixCase(
                    "entry.id at \(index): renumbered",
                    [
                        "ALTER TABLE audit.entry ALTER COLUMN id DROP IDENTITY",
                        "UPDATE audit.entry SET id = 900000 WHERE id = \(id)",
                    ],
                    [
                        .leaf(.leafEntry, index),
                        .beside(.entryUnplaced, "audit.entry", .id(900_000)),
                    ], consequences: tracesOfLostEntries.union([.idempotencyAltered])),
                MatrixCase(
                    "entry.leaf_hash at \(index): flipped",
                    [
                        "ALTER TABLE audit.entry ALTER COLUMN leaf_hash DROP EXPRESSION",
                        """
                        UPDATE audit.entry SET leaf_hash = set_byte(
                            leaf_hash, 5, get_byte(leaf_hash, 5) # 1) WHERE id = \(id)
                        """,
                    ],
                    [.entry(.entryHashColumn, index)]),
            ]
            return cases
        } + [
            MatrixCase(
                "entry: a copy slipped in",
                [
                    """
                    INSERT INTO audit.entry (id, bytes) OVERRIDING SYSTEM VALUE
                    SELECT 900000, bytes FROM audit.entry WHERE id = \(entry(at: 100))
                    """
                ],
                [.beside(.entryUnplaced, "audit.entry", .id(900_000))]),
            MatrixCase(
                "entry: truncated", ["TRUNCATE audit.entry"],
                [.entry(.entryMissing, 0), .entry(.entryMissing, size - 1)],
                consequences: tracesOfLostEntries.union([.entryMissing])),
        ]
    }

    // MARK: audit.leaf

    static func leaves(_ size: Int64) -> [MatrixCase] {
        places(size).flatMap { index -> [MatrixCase] in
            let neighbour = index == 0 ? 1 : index - 1
            let here = "WHERE index = \(index)"
            let other = "WHERE index = \(neighbour)"
            func column(_ name: String, _ kind: AuditFinding.Kind) -> [MatrixCase] {
                [
                    ("a bit flipped", "set_byte(\(name), 31, get_byte(\(name), 31) # 128)"),
                    ("zero", "decode(repeat('00', 32), 'hex')"),
                    ("the neighbour's", "(SELECT o.\(name) FROM audit.leaf o \(other))"),
                    ("an older one", "(SELECT o.\(name) FROM audit.leaf o WHERE o.index = 50)"),
                ].map { what, value in
                    MatrixCase(
                        "leaf.\(name) at \(index): \(what)",
                        ["UPDATE audit.leaf SET \(name) = \(value) \(here)"], [.leaf(kind, index)])
                }
            }
            return column("leaf_hash", .leafAltered) + column("chain_hash", .chainAltered) + [
                MatrixCase(
                    "leaf.entry_id at \(index): of no entry",
                    ["UPDATE audit.leaf SET entry_id = 900000 \(here)"],
                    [.leaf(.leafEntry, index)],
                    consequences: tracesOfLostEntries.union([.entryUnplaced])),
                MatrixCase(
                    "leaf.entry_id at \(index): exchanged with the neighbour's",
                    [
                        "ALTER TABLE audit.leaf DROP CONSTRAINT leaf_entry_key",
                        """
                        UPDATE audit.leaf l SET entry_id = o.entry_id FROM audit.leaf o
                        WHERE (l.index = \(index) AND o.index = \(neighbour))
                           OR (l.index = \(neighbour) AND o.index = \(index))
                        """,
                    ],
                    [.leaf(.leafEntry, index), .leaf(.leafEntry, neighbour)],
                    consequences: tracesOfLostEntries),
                MatrixCase(
                    "leaf at \(index): deleted", ["DELETE FROM audit.leaf \(here)"],
                    [.leaf(.leafMissing, index)],
                    consequences: tracesOfLostEntries.union([.entryUnplaced])),
                MatrixCase(
                    "leaf.index at \(index): far away",
                    ["UPDATE audit.leaf SET index = 900000 \(here)"],
                    [
                        .leaf(.leafMissing, index),
                        .beside(.leafSurplus, "audit.leaf", .index(900_000)),
                    ], consequences: tracesOfLostEntries),
                MatrixCase(
                    "leaf.index at \(index): exchanged with the neighbour's",
                    [
                        "UPDATE audit.leaf SET index = 900000 \(here)",
                        "UPDATE audit.leaf SET index = \(index) \(other)",
                        "UPDATE audit.leaf SET index = \(neighbour) WHERE index = 900000",
                    ],
                    [.leaf(.leafAltered, index), .leaf(.leafAltered, neighbour)],
                    consequences: tracesOfLostEntries.union([.leafEntry, .chainAltered])),
                MatrixCase(
                    "leaf at \(index): a second row",
                    [
                        "ALTER TABLE audit.leaf DROP CONSTRAINT leaf_pkey",
                        "INSERT INTO audit.leaf VALUES (\(index), 900000, sha256('x'), sha256('y'))",
                    ],
                    [.leaf(.leafDuplicate, index)]),
            ]
        } + [
            MatrixCase(
                "leaf: one beyond the end",
                ["INSERT INTO audit.leaf VALUES (\(size), 900000, sha256('x'), sha256('y'))"],
                [.beside(.leafSurplus, "audit.leaf", .index(size))]),
            MatrixCase(
                "leaf: one before the first",
                [
                    "ALTER TABLE audit.leaf DROP CONSTRAINT leaf_index_range",
                    "INSERT INTO audit.leaf VALUES (-1, 900000, sha256('x'), sha256('y'))",
                ],
                [.beside(.leafSurplus, "audit.leaf", .index(-1))]),
            MatrixCase(
                "leaf: truncated", ["TRUNCATE audit.leaf"],
                [.leaf(.leafMissing, 0), .leaf(.leafMissing, size - 1)],
                consequences: tracesOfLostEntries.union([.leafMissing, .entryUnplaced])),
        ]
    }

    // MARK: audit.tile

    static func tiles(_ size: Int64) -> [MatrixCase] {
        let ids: [(Int, Int64, Int)] = [(0, 0, 256), (0, 1, Int(size) - 256), (1, 0, 1)]
        return ids.flatMap { level, number, width -> [MatrixCase] in
            let here = "WHERE level = \(level) AND number = \(number)"
            let name = "tile \(level)/\(number)"
            func bit(_ hash: Int) -> String {
                "set_byte(hashes, \(hash * 32), get_byte(hashes, \(hash * 32)) # 1)"
            }
            var values = [
                ("a bit of the first hash", bit(0)), ("a hash too many", "hashes || sha256('x')"),
                ("one hash of another tree", "overlay(hashes PLACING sha256('x') FROM 1)"),
            ]
            if width > 1 {
                values += [
                    ("a bit of the last hash", bit(width - 1)),
                    ("a bit of a middle hash", bit(width / 2)),
                    (
                        "two hashes exchanged",
                        """
                        substring(hashes FROM 33 FOR 32) || substring(hashes FROM 1 FOR 32)
                        || substring(hashes FROM 65)
                        """
                    ),
                    ("an older one, narrower", "substring(hashes FROM 1 FOR 32 * \(width / 2))"),
                    ("one hash less", "substring(hashes FROM 1 FOR 32 * \(width - 1))"),
                ]
            }
            return values.map { what, value in
                MatrixCase(
                    "\(name): \(what)",
                    [
                        "ALTER TABLE audit.tile DROP CONSTRAINT tile_width",
                        "UPDATE audit.tile SET hashes = \(value) \(here)",
                    ],
                    [.tile(.tileAltered, level, number)])
            } + [
                MatrixCase(
                    "\(name): deleted", ["DELETE FROM audit.tile \(here)"],
                    [.tile(.tileMissing, level, number)]),
                MatrixCase(
                    "\(name): its level changed", ["UPDATE audit.tile SET level = 5 \(here)"],
                    [
                        .tile(.tileMissing, level, number),
                        .beside(.tileSurplus, "audit.tile", .key("[5, \(number)]")),
                    ]),
                MatrixCase(
                    "\(name): its number changed", ["UPDATE audit.tile SET number = 77 \(here)"],
                    [
                        .tile(.tileMissing, level, number),
                        .beside(.tileSurplus, "audit.tile", .key("[\(level), 77]")),
                    ]),
                MatrixCase(
                    "\(name): a second row",
                    [
                        "ALTER TABLE audit.tile DROP CONSTRAINT tile_pkey",
                        "INSERT INTO audit.tile SELECT * FROM audit.tile \(here)",
                    ],
                    [.tile(.tileDuplicate, level, number)]),
            ]
        } + [
            MatrixCase(
                "tile: truncated", ["TRUNCATE audit.tile"],
                ids.map { .tile(.tileMissing, $0.0, $0.1) }),
            MatrixCase(
                "tile: one of no log", ["INSERT INTO audit.tile VALUES (0, 99, sha256('x'))"],
                [.beside(.tileSurplus, "audit.tile", .key("[0, 99]"))]),
        ]
    }
}
