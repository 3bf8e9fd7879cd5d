// What an insider may do to head and checkpoints, and to the tables beside the log.

import Database

extension Tamper {
    static let heads: [Tamper] = [
        .init(
            "the head's size, higher", ["UPDATE audit.head SET size = size + 1"],
            ["audit.head head-size"]),
        .init(
            "the head's size, lower", ["UPDATE audit.head SET size = size - 1"],
            ["audit.head head-size"]),
        .init(
            "the compact range",
            ["UPDATE audit.head SET compact = overlay(compact PLACING '\\x0102' FROM 20)"],
            ["audit.head head-compact"]),
        .init(
            "the head's chain", ["UPDATE audit.head SET chain = sha256('x')"],
            ["audit.head head-chain"]),
        .init(
            "the head's origin", ["UPDATE audit.head SET origin = 'example.org/other'"],
            ["audit.head head-origin"]),
        .init("the head deleted", ["DELETE FROM audit.head"], ["audit.head head-rows"]),
        .init(
            "two heads",
            [
                "ALTER TABLE audit.head DROP CONSTRAINT head_pkey",
                "INSERT INTO audit.head SELECT * FROM audit.head",
            ],
            ["audit.head head-rows"]),
    ]

    private static let checkpoint: SQL =
        "(SELECT size FROM audit.checkpoint WHERE size > 100 ORDER BY size LIMIT 1)"

    static let checkpoints: [Tamper] = [
        .init(
            "a checkpoint's root",
            ["UPDATE audit.checkpoint SET root = sha256('x') WHERE size = \(checkpoint)"],
            ["audit.checkpoint checkpoint-columns"]),
        .init(
            "a checkpoint's signature",
            [
                """
                UPDATE audit.checkpoint SET note = overlay(
                    note PLACING '\\x41414141' FROM octet_length(note) - 20) WHERE size = \(checkpoint)
                """
            ],
            ["audit.checkpoint checkpoint-unsigned"]),
        .init(
            "a checkpoint's note replaced by another's",
            [
                """
                UPDATE audit.checkpoint SET note = (SELECT note FROM audit.checkpoint ORDER BY size LIMIT 1)
                WHERE size = \(checkpoint)
                """
            ],
            ["audit.checkpoint checkpoint-columns"]),
        .init(
            "the newest checkpoint deleted",
            ["DELETE FROM audit.checkpoint WHERE size = (SELECT max(size) FROM audit.checkpoint)"],
            ["audit.checkpoint checkpoint-missing"]),
        .init(
            "all checkpoints deleted", ["DELETE FROM audit.checkpoint"],
            ["audit.checkpoint checkpoint-missing"]),
        .init(
            "a checkpoint of a size that is not reached",
            [
                "INSERT INTO audit.checkpoint SELECT 900000, root, note FROM audit.checkpoint LIMIT 1"
            ],
            ["audit.checkpoint checkpoint-beyond"]),
        .init(
            "a size twice",
            [
                "ALTER TABLE audit.checkpoint DROP CONSTRAINT checkpoint_pkey",
                "INSERT INTO audit.checkpoint SELECT * FROM audit.checkpoint WHERE size = \(checkpoint)",
            ],
            ["audit.checkpoint checkpoint-duplicate"]),
    ]

    private static let document: SQL = "(SELECT min(encode(sha256, 'hex')) FROM audit.document)"

    static let besides: [Tamper] = [
        .init(
            "a document deleted",
            ["DELETE FROM audit.document WHERE encode(sha256, 'hex') = \(document)"],
            ["audit.document document-missing"]),
        .init(
            "a document's bytes",
            [
                "ALTER TABLE audit.document DROP CONSTRAINT document_digest",
                "UPDATE audit.document SET bytes = bytes || '\\x20' WHERE encode(sha256, 'hex') = \(document)",
            ],
            ["audit.document document-altered"]),
        .init(
            "a document slipped in",
            ["INSERT INTO audit.document VALUES (sha256('new'), 'new')"],
            ["audit.document document-surplus"]),
        .init(
            "a document renamed",
            [
                "ALTER TABLE audit.document DROP CONSTRAINT document_digest",
                "UPDATE audit.document SET sha256 = sha256('y') WHERE encode(sha256, 'hex') = \(document)",
            ],
            ["audit.document document-missing", "audit.document document-surplus"]),
        .init(
            "a retry row deleted",
            [
                "DELETE FROM audit.idempotency WHERE ctid = (SELECT min(ctid) FROM audit.idempotency)"
            ],
            ["audit.idempotency idempotency-missing"]),
        .init(
            "a retry row's body",
            ["UPDATE audit.idempotency SET body_digest = sha256('x')"],
            ["audit.idempotency idempotency-altered"]),
        .init(
            "a retry row's entry", ["UPDATE audit.idempotency SET entry_id = entry_id + 1"],
            ["audit.idempotency idempotency-altered"]),
        .init(
            "a retry row slipped in",
            ["INSERT INTO audit.idempotency VALUES (sha256('k'), sha256('b'), 3)"],
            ["audit.idempotency idempotency-surplus"]),
        .init(
            "a retry row renamed",
            [
                """
                UPDATE audit.idempotency SET key_digest = sha256('k')
                WHERE ctid = (SELECT min(ctid) FROM audit.idempotency)
                """
            ],
            [
                "audit.idempotency idempotency-missing", "audit.idempotency idempotency-surplus",
            ]),
        .init(
            "a queue row without an entry", ["INSERT INTO audit.pending VALUES (900000)"],
            ["audit.pending pending-without-entry"]),
        .init(
            "a queue row of a placed entry", ["INSERT INTO audit.pending VALUES (\(entry200))"],
            ["audit.pending pending-placed"]),
        .init(
            "a queued entry that nobody signed",
            [
                "WITH e AS (INSERT INTO audit.entry (bytes) VALUES ('{}') RETURNING id) INSERT INTO audit.pending SELECT id FROM e"
            ],
            ["audit.entry entry-malformed"]),
    ]
}
