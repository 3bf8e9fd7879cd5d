// The end of a verification: head, upper tiles, what lies beyond the log, queue, and strays.

internal import Cryptography
internal import Database
internal import Governance
internal import TransparencyLog

extension LogVerifier {
    /// Everything after the last place of the log.
    mutating func finish(
        _ head: StoredHead?, _ headSize: Int64, _ db: borrowing Connection
    ) throws {
        let tree = witnesses.tree
        result.size = tree.size
        result.root = tree.root
        for tile in witnesses.takeClosedTiles() + tree.openTiles { try compare(tile, db) }
        try checkBeyond(tree.size, headSize, db)
        check(head, tree)
        try checkAnchors(tree, db)
        try checkSurplusTiles(tree.size, db)
        try db.execute("SET LOCAL enable_seqscan = on")
        try checkQueue(db)
        try checkUnplaced(db)
        try checkDisposals(db)
        try checkMigrations(db)
        // What only the whole log can say.
        if result.from == 0 {
            try checkSurplusRetries(db)
            try checkSurplusDocuments(db)
            try checkPersonal(db)
        }
        if let finding = checkpoints.close() { result.findings.add(finding) }
        result.checkpointsChecked = checkpoints.checked
        result.documentsChecked = record.documentsChecked
        if witnesses.forgotten > 0 {
            result.note("\(witnesses.forgotten) more places of the log were not attributed")
        }
    }

    // MARK: the log itself

    /// Compares a tile above level 0.
    mutating func compare(_ tile: GrowingTree.UpperTile, _ db: borrowing Connection) throws {
        let rows = try db.all(
            """
            SELECT hashes FROM audit.tile
            WHERE level = \(Int64(tile.level)) AND number = \(tile.number)
            """, as: [UInt8].self)
        guard let stored = rows.first else {
            addTile(.tileMissing, tile.level, tile.number, "the tile is missing")
            return
        }
        if rows.count > 1 {
            addTile(.tileDuplicate, tile.level, tile.number, "the tile has more than one row")
        }
        if stored != tile.bytes {
            addTile(
                .tileAltered, tile.level, tile.number,
                "the tile is \(Hex.encode(SHA256.hash(stored).bytes)) by its SHA-256, the log "
                    + "makes it \(SHA256.hash(tile.bytes)) with \(tile.bytes.count / 32) hashes")
        }
    }

    /// Rows that are no place of the log, and places that nobody knows.
    private mutating func checkBeyond(
        _ size: Int64, _ headSize: Int64, _ db: borrowing Connection
    ) throws {
        let rows = try db.all(
            """
            SELECT index, entry_id FROM audit.leaf WHERE index >= \(size) OR index < 0
            ORDER BY index LIMIT \(Int64(AuditFindings.limit))
            """, as: (Int64, Int64).self)
        let isBroken = size < headSize && rows.contains { $0.0 > size }
        if isBroken {
            add(
                .leafMissing, "audit.leaf", size,
                "neither a row nor a tile knows this place, so nothing from here to the end at "
                    + "\(headSize) could be checked")
        } else {
            for (index, id) in rows {
                add(.leafSurplus, "audit.leaf", index, "the log has no such place (entry \(id))")
            }
        }
        let beyond = try db.all(
            "SELECT size FROM audit.checkpoint WHERE size > \(size) OR size <= 0 ORDER BY size",
            as: Int64.self)
        for beyond in beyond {
            result.findings.add(
                .init(
                    .checkpointBeyond, "audit.checkpoint", .key(String(beyond)),
                    anchors.anchor(of: beyond - 1), "the log ends at size \(size)"))
        }
    }

    private mutating func check(_ head: StoredHead?, _ tree: GrowingTree) {
        func fault(_ kind: AuditFinding.Kind, _ size: Int64, _ message: String) {
            result.findings.add(
                .init(kind, "audit.head", .whole, anchors.anchor(of: size - 1), message))
        }
        guard let head else {
            fault(.headRows, tree.size, "audit.head has not exactly one row")
            return
        }
        if !head.origin.utf8.elementsEqual(root.origin.utf8) {
            fault(.headOrigin, tree.size, "the head is of \(head.origin), not of \(root.origin)")
        }
        guard head.size == tree.size else {
            fault(
                .headSize, min(head.size, tree.size),
                "the head has size \(head.size), the log \(tree.size)")
            return
        }
        if head.compact != tree.range.encoded {
            fault(.headCompact, tree.size, "the compact range is not that of the log")
        }
        if head.chain != tree.chain.bytes {
            fault(.headChain, tree.size, "the chain is not that of the log")
        }
    }

    /// An anchor must lie within the log, and its checkpoint must still be stored.
    private mutating func checkAnchors(_ tree: GrowingTree, _ db: borrowing Connection) throws {
        result.anchor = anchors.last
        for anchor in anchors.all {
            guard anchor.size <= tree.size else {
                result.findings.add(
                    .init(
                        .logTruncated, "audit.leaf", .index(tree.size),
                        .contradicts(size: anchor.size),
                        "the \(anchor.source) has size \(anchor.size), the log ends at "
                            + "\(tree.size): entries are gone"))
                continue
            }
            let isThere = try db.one(
                "SELECT EXISTS (SELECT FROM audit.checkpoint WHERE size = \(anchor.size))",
                as: Bool.self)
            if !isThere {
                result.findings.add(
                    .init(
                        .checkpointMissing, "audit.checkpoint", .key(String(anchor.size)),
                        .contradicts(size: anchor.size),
                        "the checkpoint that is known from the \(anchor.source) is missing"))
            }
        }
    }

    private mutating func checkSurplusTiles(_ size: Int64, _ db: borrowing Connection) throws {
        let levels = (0...7).map(Int64.init)
        let counts = levels.map { level in ((size >> (8 * level)) + 255) >> 8 }
        let surplus = try db.all(
            """
            SELECT t.level, t.number FROM audit.tile t
            LEFT JOIN unnest(\(levels), \(counts)) AS wanted (level, count)
                ON wanted.level = t.level
            WHERE t.number < 0 OR wanted.count IS NULL OR t.number >= wanted.count
            ORDER BY t.level, t.number LIMIT \(Int64(AuditFindings.limit))
            """, as: (Int64, Int64).self)
        for (level, number) in surplus {
            result.findings.add(
                .init(
                    .tileSurplus, "audit.tile", .key("[\(level), \(number)]"), .unanchored,
                    "a log of \(size) entries has no such tile"))
        }
    }

    // MARK: beside the log

    /// Committed entries that have no place yet, after those that have.
    private mutating func checkQueue(_ db: borrowing Connection) throws {
        var last: Int64?
        while true {
            let rows = try db.all(
                """
                SELECT p.entry_id, e.bytes, e.leaf_hash,
                       EXISTS (SELECT FROM audit.leaf l WHERE l.entry_id = p.entry_id),
                       EXISTS (SELECT FROM audit.leaf l WHERE l.leaf_hash = e.leaf_hash)
                FROM audit.pending p LEFT JOIN audit.entry e ON e.id = p.entry_id
                WHERE \(last) IS NULL OR p.entry_id > \(last)
                ORDER BY p.entry_id LIMIT \(LogBlock.length)
                """, as: (Int64, [UInt8]?, [UInt8]?, Bool, Bool).self)
            guard let end = rows.last?.0 else { return }
            last = end
            let examine = examine
            let examined = ParallelWork(rows.map(\.1)) { $0.map(examine) }.wait()
            for (row, examined) in zip(rows, examined) {
                let (isPlaced, isReplay) = (row.3, row.4)
                if isReplay, !isPlaced {
                    result.findings.add(
                        .init(
                            .entryReplayed, "audit.entry", .id(row.0), .unanchored,
                            "the same bytes have their place in the log already"))
                } else {
                    take(row.0, row.2, isPlaced, examined)
                }
            }
            try settleRecord(db)
        }
    }

    private mutating func take(
        _ id: Int64, _ storedHash: [UInt8]?, _ isPlaced: Bool, _ examined: ExaminedEntry?
    ) {
        func add(_ kind: AuditFinding.Kind, _ table: String, _ message: String) {
            result.findings.add(.init(kind, table, .id(id), .unanchored, message))
        }
        guard !isPlaced else {
            add(.pendingPlaced, "audit.pending", "the entry already has its place in the log")
            return
        }
        guard let examined else {
            add(.pendingWithoutEntry, "audit.pending", "the queue names an entry that is missing")
            return
        }
        result.pendingChecked += 1
        if storedHash != examined.leafHash.bytes {
            add(
                .entryHashColumn, "audit.entry", "the column leaf_hash is not the hash of the bytes"
            )
        }
        for fault in examined.faults { add(fault.kind, "audit.entry", fault.message) }
        guard let entry = examined.entry else { return }
        for fault in record.take(entry, id, isAuthentic: examined.isAuthentic, nil) {
            add(fault.kind, "audit.entry", fault.message)
        }
    }

    /// Entries neither in the log nor in the queue: nobody would ever see them.
    private mutating func checkUnplaced(_ db: borrowing Connection) throws {
        try db.forEach(
            """
            SELECT e.id FROM audit.entry e
            WHERE NOT EXISTS (SELECT FROM audit.leaf l WHERE l.entry_id = e.id)
              AND NOT EXISTS (SELECT FROM audit.pending p WHERE p.entry_id = e.id)
            """
        ) { row in
            let id: Int64 = try row.next()
            result.findings.add(
                .init(
                    .entryUnplaced, "audit.entry", .id(id), .unanchored,
                    "the entry is neither in the log nor in the queue"))
        }
    }

    /// Retry rows that no entry speaks of; looked for only when the numbers differ.
    private mutating func checkSurplusRetries(_ db: borrowing Connection) throws {
        let count = try db.one("SELECT count(*) FROM audit.idempotency", as: Int64.self)
        guard count != record.retryRows else { return }
        try db.forEach(
            """
            SELECT i.key_digest, e.bytes FROM audit.idempotency i
            LEFT JOIN audit.entry e ON e.id = i.entry_id
            """
        ) { row in
            let key: [UInt8] = try row.next()
            let bytes: [UInt8]? = try row.nextOptional()
            let said = bytes.flatMap { examine($0).entry?.idempotency?.key.bytes }
            guard said != key else { return }
            result.findings.add(
                .init(
                    .idempotencySurplus, "audit.idempotency", .key(Hex.encode(key)), .unanchored,
                    "no entry came with this key"))
        }
    }

    /// Documents that no entry names.
    private mutating func checkSurplusDocuments(_ db: borrowing Connection) throws {
        guard !record.hasForgottenDocuments else {
            result.note("too many documents to say whether one is named by no entry")
            return
        }
        try db.forEach("SELECT sha256 FROM audit.document") { row in
            let name: [UInt8] = try row.next()
            if let digest = SHA256Digest(bytes: name), record.isNamed(digest) { return }
            result.findings.add(
                .init(
                    .documentSurplus, "audit.document", .key(Hex.encode(name)), .unanchored,
                    "no entry names this document"))
        }
    }
}
