// Takes verified entries in, a bounded part at a time, and looks for those that got no place.

internal import Cryptography
internal import Database
internal import Governance
internal import Synchronization
internal import TransparencyLog

extension Follower {
    /// Most entries, and most of their bytes, read at once.
    private static let chunk: Int64 = 2_000
    private static let chunkBytes: Int64 = 16 << 20

    /// Reads the next entries; nil when they are not all there.
    func read(upTo size: Int64) async throws -> [Integrator.Placed]? {
        let start = tree.withLock(\.range.size)
        let end = min(size, start + Self.chunk)
        let rows = try await database.read { db in
            try db.all(
                """
                SELECT index, entry_id, bytes FROM (
                    SELECT l.index, l.entry_id, e.bytes,
                           sum(octet_length(e.bytes)) OVER (ORDER BY l.index) AS total
                    FROM audit.leaf l JOIN audit.entry e ON e.id = l.entry_id
                    WHERE l.index >= \(start) AND l.index < \(end)) AS part
                WHERE total <= \(Self.chunkBytes) ORDER BY index
                """, as: (Int64, Int64, [UInt8]).self)
        }
        // One that is missing at the end shows when the next part begins with it.
        guard !rows.isEmpty, zip(rows, start...).allSatisfy({ $0.0 == $1 }) else {
            stop(.inconsistent, "entries \(start)..<\(end) are not all there")
            return nil
        }
        return rows.map { Integrator.Placed(index: $0.0, entryID: $0.1, bytes: $0.2) }
    }

    /// Verifies and folds the next entries; nil when they are not whole.
    func take(in rows: [Integrator.Placed]) async throws -> [ReceiptDesk.Addition]? {
        guard let part = parse(rows) else { return nil }
        tree.withLock { $0.append(part.map(\.leaf)) }
        if let (size, root) = tree.withLock(\.contradicted) { stopForked(size, root) }
        let named = part.map(\.entry).compactMap(IdentityBook.document)
        let documents =
            named.isEmpty ? [:] : try await database.read { try Documents.load(named, $0) }
        guard examine(part, documents) else { return nil }
        let ids = part.map(\.id)
        let before = state.withLock(\.snapshot.lastEntryID)
        let history = roots.history
        let problem = state.withLock { state in
            let problem =
                Self.fold(part, documents, history, into: &state.snapshot)
                ?? counts.withLock { counts in part.firstNonNil { counts.apply($0.entry) } }
            if problem == nil { state.taken(ids) }
            return problem
        }
        if let problem {
            stop(
                .inconsistent,
                "the entries up to \(tree.withLock(\.range.size)) do not follow from each other: "
                    + problem)
            return nil
        }
        try await noteStrays(among: ids, after: before)
        return part.map { .init(entryID: $0.id, index: $0.index, leaf: $0.leaf) }
    }

    /// One entry with its place.
    private struct Read {
        let index: Int64
        let id: Int64
        let leaf: SHA256Digest
        /// Nil for what this process has signed itself.
        let signed: SignedEntry?
        let entry: Entry
    }

    /// Parses the entries; nil when one is none that this release can read.
    private func parse(_ rows: [Integrator.Placed]) -> [Read]? {
        var part: [Read] = []
        part.reserveCapacity(rows.count)
        for row in rows {
            let leaf = MerkleTree.leafHash(of: row.bytes)
            do {
                let own = authenticator.takeOwn(leaf)
                let signed = own == nil ? try SignedEntry(parsing: row.bytes) : nil
                guard let entry = try own ?? signed.map({ try Entry(parsing: $0.payload) }) else {
                    continue
                }
                part.append(
                    Read(
                        index: row.index, id: row.entryID, leaf: leaf, signed: signed, entry: entry)
                )
            } catch EntryError.unknownKind(let kind) {
                stop(
                    .releaseTooOld,
                    "entry at index \(row.index) is of the kind \(kind), which this release does not "
                        + "know: run a newer one")
                return nil
            } catch {
                stop(.inconsistent, "entry at index \(row.index): \(error)")
                return nil
            }
        }
        return part
    }

    /// Checks each signature under the root that was in force at its place, and follows the roots.
    private func examine(_ part: [Read], _ documents: [SHA256Digest: [UInt8]]) -> Bool {
        var history = roots.history
        for read in part {
            // What the pin covers was checked before it was pinned.
            if read.index >= pinnedSize, let signed = read.signed,
                !authenticator.isAuthentic(
                    signed, read.entry, read.leaf, under: history.root(at: read.index))
            {
                stop(
                    .inconsistent,
                    "entry at index \(read.index) is not signed by a service of this log")
                return false
            }
            guard IdentityBook.isAboutRoots(read.entry) else { continue }
            if let problem = roots.apply(read.entry, documents: documents, at: read.index) {
                stop(.inconsistent, "entry at index \(read.index): \(problem)")
                return false
            }
            history = roots.history
        }
        return true
    }

    /// Folds entries into what is known; answers what does not follow.
    private static func fold(
        _ part: [Read], _ documents: [SHA256Digest: [UInt8]], _ history: RootHistory,
        into snapshot: inout Snapshot
    ) -> String? {
        for read in part {
            let entry = read.entry
            if let problem = snapshot.record.apply(entry) { return problem }
            snapshot.fold.apply(entry)
            snapshot.latestTime = max(snapshot.latestTime ?? entry.time, entry.time)
            switch entry.event {
            case .logOpened:
                snapshot.identities = IdentityBook(root: history.root(at: read.index))
            case .rootChanged:
                snapshot.identities.rotate(to: history.root(at: read.index + 1))
            default:
                snapshot.identities.apply(
                    entry, document: IdentityBook.document(of: entry).flatMap { documents[$0] })
            }
        }
        return nil
    }
}
