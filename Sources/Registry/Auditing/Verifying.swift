// Verifies a log from its first entry to its last, in one snapshot and constant memory.
//
// Blocks of 512 places are read one after the other. While two threads look at the entries of a
// block by themselves, this one reads the next block; then it folds the examined block into
//   - the tree, the chain and the tiles (LogWitnesses: who lied is settled by signed roots),
//   - the checkpoints and the pin, each at its size,
//   - the subjects' numbers, times, documents and retry keys (RecordLedger).
// At the end: head, upper tiles, what lies beyond the log, the queue, and entries without a place.

internal import Cryptography
internal import Database
internal import Governance
internal import TransparencyLog

/// One verification.
struct LogVerifier {
    let root: TrustRoot
    /// The roots that the log was under; with their places as far as it has been read.
    var history: RootHistory
    let anchors: AuditAnchors
    let progress: @Sendable (AuditProgress) -> Void
    /// Says of an entry what can be said of it by itself.
    let examine: @Sendable ([UInt8]) -> ExaminedEntry

    var result = VerificationResult()
    var witnesses = LogWitnesses()
    var checkpoints: CheckpointLedger
    var record: RecordLedger
    var counts = CountCheck()
    var lastEntryID = Int64.min
    var disposals: Disposals
    /// The places of disposals among the entries read.
    var disposalsMet: [Int64] = []
    var excused: Set<SHA256Digest> = []

    /// Searches for a hash among all entries; each may read the whole table.
    var remainingLookups = 32

    init(
        history: RootHistory, anchors: AuditAnchors,
        examine: (@Sendable ([UInt8]) -> ExaminedEntry)? = nil,
        progress: @escaping @Sendable (AuditProgress) -> Void
    ) {
        root = history.latest
        self.history = history
        self.anchors = anchors
        self.progress = progress
        let examine = examine ?? EntryExaminer(roots: history.roots).examine
        self.examine = examine
        disposals = Disposals(history: history, examine: examine)
        checkpoints = CheckpointLedger(anchors: anchors)
        record = RecordLedger(anchors: anchors)
    }

    /// A block on its way through the examiners.
    private struct Pending {
        let block: LogBlock
        let entries: ParallelWork<[UInt8]?, ExaminedEntry?>
        let notes: ParallelWork<LogBlock.CheckpointRow, CheckpointVerdict>
    }

    mutating func run(
        _ db: borrowing Connection, from state: AuditState?
    ) throws -> VerificationResult {
        try db.execute("SET LOCAL search_path = pg_catalog, pg_temp")
        // Every block is looked up by key, whatever the statistics say.
        try db.execute("SET LOCAL enable_seqscan = off")
        try db.execute("SET LOCAL jit = off")
        for (source, reason) in anchors.unusable {
            result.findings.add(
                .init(
                    source == "pin" ? .pinUnreadable : .anchorUnreadable, source, .whole,
                    .unanchored, reason))
        }
        let head = try StoredHead.load(db)
        let headSize = try head.map(\.size) ?? StoredHead.sizeByLeaves(db)
        if let state { try resume(state, db) }
        var pending: Pending? = try begin(from: result.from, headSize, db)
        while let current = pending {
            pending =
                current.block.end == nil
                ? try begin(from: current.block.limit, headSize, db) : nil
            try fold(
                current.block, current.entries.wait(), current.notes.wait(), db)
            progress(AuditProgress(done: witnesses.size, total: headSize))
        }
        witnesses.settleByMajority()
        report(try resolve(db))
        try finish(head, headSize, db)
        return result
    }

    /// Begins in the middle, where the stored tiles agree with the checkpoint that was verified.
    private mutating func resume(_ state: AuditState, _ db: borrowing Connection) throws {
        let verdict = Checkpoint.open(
            state.checkpoint, origin: root.origin, logKeys: history.logKeys)
        guard let checkpoint = verdict.checkpoint?.checkpoint,
            let resumed = try ResumedLog(state, at: checkpoint, db)
        else {
            result.note(
                "the log could not be taken up where it was left: it was read from its start")
            return
        }
        for anchor in anchors.all where anchor.size < checkpoint.size {
            let root = try? MerkleTree.root(treeSize: anchor.size) { try LogTiles.load($0, db) }
            guard root == anchor.root else {
                result.note("the stored tiles contradict the \(anchor.source): all was read")
                return
            }
        }
        result.from = checkpoint.size
        witnesses = LogWitnesses(resumed.tree)
        checkpoints = CheckpointLedger(anchors: anchors, from: checkpoint.size)
        record = RecordLedger(anchors: anchors, isResumed: true, lastTime: resumed.lastTime)
        lastEntryID = resumed.lastEntryID
        result.note(
            "entries below \(checkpoint.size) were verified before and not read; what only the whole log can say, "
                + "such as documents that no entry names, was not looked for")
    }

    private mutating func begin(
        from start: Int64, _ headSize: Int64, _ db: borrowing Connection
    ) throws -> Pending {
        let block = try LogBlock(
            from: start, headSize: headSize, lookups: &remainingLookups, db)
        let (examine, origin, keys) = (examine, root.origin, history.logKeys)
        return Pending(
            block: block,
            entries: ParallelWork(block.entries) { $0.map(examine) },
            notes: ParallelWork(block.checkpoints) {
                Checkpoint.open($0.note, origin: origin, logKeys: keys)
            })
    }

    // MARK: one block

    private mutating func fold(
        _ block: LogBlock, _ entries: [ExaminedEntry?], _ notes: [CheckpointVerdict],
        _ db: borrowing Connection
    ) throws {
        for index in block.duplicates {
            add(.leafDuplicate, "audit.leaf", index, "the index has more than one row")
        }
        for number in block.duplicateTiles {
            addTile(.tileDuplicate, 0, number, "the tile has more than one row")
        }
        result.findings.add(checkpoints.expect(zip(block.checkpoints, notes).map { ($0, $1) }))
        for index in block.indexes {
            let row = block.rows[Int(index - block.start)]
            let examined = entries[Int(index - block.start)]
            guard
                witnesses.hear(
                    LeafTestimony(
                        index: index, entryID: row?.entryID,
                        entry: row?.bytes == nil ? nil : examined?.leafHash,
                        row: row.flatMap { SHA256Digest(bytes: $0.leafHash) },
                        tile: block.tileHash(at: index),
                        chain: row.flatMap { SHA256Digest(bytes: $0.chainHash) }))
            else { break }
            if let examined, let row, let bytes = row.bytes {
                take(examined, index, row.entryID, bytes, row.entryHash)
            } else if let examined, let entry = block.recovered[index] {
                take(examined, index, entry.entryID, entry.bytes, entry.entryHash)
            }
            compareRoots(at: index + 1)
        }
        checkWidths(of: block)
        report(try resolve(db))
        for tile in witnesses.takeClosedTiles() { try compare(tile, db) }
        try settleRecord(db)
    }

    /// What an entry says by itself and after those before it.
    private mutating func take(
        _ examined: ExaminedEntry, _ index: Int64, _ id: Int64, _ bytes: [UInt8],
        _ storedHash: [UInt8]?
    ) {
        result.entriesChecked += 1
        result.bytesChecked += Int64(bytes.count)
        if storedHash != examined.leafHash.bytes {
            add(
                .entryHashColumn, "audit.entry", index,
                "the column leaf_hash of entry \(id) is not the hash of its bytes")
        }
        for fault in examined.faults { add(fault.kind, "audit.entry", index, fault.message) }
        if id <= lastEntryID, !checkpoints.hasSize(index) {
            result.note(
                "entry \(id) at index \(index) follows entry \(lastEntryID), and no checkpoint "
                    + "shows that another batch began there")
        }
        lastEntryID = id
        if let message = counts.take(examined, at: index) {
            add(.countWrong, "audit.entry", index, message)
        }
        guard let entry = examined.entry else { return }
        follow(entry, signedBy: examined.serviceKey, at: index)
        if case .logOpened = entry.event, index != 0 {
            add(.entryMisplaced, "audit.entry", index, "log.opened stands only at index 0")
        } else if index == 0, entry.event.kind != LogOpened.kind {
            add(.entryMisplaced, "audit.entry", 0, "index 0 is \(entry.event.kind), not log.opened")
        }
        takePersonal(entry, isAuthentic: examined.isAuthentic, index)
        if case .documentsDisposed = entry.event { disposalsMet.append(index) }
        for fault in record.take(entry, id, isAuthentic: examined.isAuthentic, index) {
            add(fault.kind, "audit.entry", index, fault.message)
        }
    }

    /// Follows the roots; a key counts only under the root that is in force at its place.
    private mutating func follow(_ entry: Entry, signedBy key: KeyID?, at index: Int64) {
        if case .logOpened(let event) = entry.event { _ = history.opened(under: event.trustRoot) }
        let root = history.root(at: index)
        // Begun in the middle, where no root has its place yet, any of them may count.
        if history.isPlaced, let key,
            history.roots.contains(where: { $0.serviceKey(key, at: entry.time) != nil }),
            root.serviceKey(key, at: entry.time) == nil
        {
            add(
                .entryUnauthentic, "audit.entry", index,
                "the service key \(key) does not count at this place: version \(root.version) of the "
                    + "trust root is in force")
        }
        guard case .rootChanged(let event) = entry.event else { return }
        if let problem = history.changed(event, nil, at: index) {
            add(.entryMalformed, "audit.entry", index, problem)
        }
    }

    /// The anchors and the checkpoints of this size.
    private mutating func compareRoots(at size: Int64) {
        for anchor in anchors.at(size) where !witnesses.settle(at: anchor.root) {
            result.findings.add(
                .init(
                    anchor.source == "pin" ? .pinContradicted : .anchorContradicted,
                    anchor.source, .index(size - 1), .contradicts(size: size),
                    "at size \(size) the \(anchor.source) has root \(anchor.root), the log "
                        + "\(witnesses.tree.root): an entry below was added, removed, changed "
                        + "or moved together with everything that is derived from it"))
        }
        guard checkpoints.hasSize(size) else { return }
        if let finding = checkpoints.retired(at: size, history) { result.findings.add(finding) }
        if let finding = checkpoints.compare(at: size, &witnesses) { result.findings.add(finding) }
        if checkpoints.lastAgreement == size, let note = checkpoints.agreedNote {
            result.state = AuditState(
                checkpoint: note,
                last: .init(
                    chain: witnesses.tree.chain, entryID: lastEntryID, time: record.lastTime))
        }
    }

    /// Tiles of level 0 must reach as far as the log, and no farther; their content is testimony.
    private mutating func checkWidths(of block: LogBlock) {
        let indexes = block.indexes
        guard !indexes.isEmpty else { return }
        for number in indexes.lowerBound / 256...(indexes.upperBound - 1) / 256 {
            let width = min(256, indexes.upperBound - number * 256)
            guard let bytes = block.tiles[number] else {
                addTile(.tileMissing, 0, number, "the tile is missing")
                continue
            }
            if bytes.count != Int(width) * 32 {
                addTile(
                    .tileAltered, 0, number,
                    "the tile has \(bytes.count) bytes instead of \(width * 32)")
            }
        }
    }

    // MARK: findings

    mutating func add(
        _ kind: AuditFinding.Kind, _ table: String, _ index: Int64, _ message: String
    ) {
        result.findings.add(
            .init(kind, table, .index(index), anchors.anchor(of: index), message))
    }

    mutating func addTile(
        _ kind: AuditFinding.Kind, _ level: Int, _ number: Int64, _ message: String
    ) {
        // The first leaf under the tile: if that is anchored, so is a hash of the tile.
        let (first, overflow) = number.multipliedReportingOverflow(by: 1 << Int64(8 * level + 8))
        let isAnchored = number >= 0 && !overflow
        result.findings.add(
            .init(
                kind, "audit.tile", .key("[\(level), \(number)]"),
                isAnchored ? anchors.anchor(of: first) : .unanchored, message))
    }
}
