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
        guard let part = examine(rows) else { return nil }
        tree.withLock { $0.append(part.additions.map(\.leaf)) }
        if let (size, root) = tree.withLock(\.contradicted) { stopForked(size, root) }
        let named = part.entries.compactMap(IdentityBook.document)
        let documents =
            named.isEmpty ? [:] : try await database.read { try Documents.load(named, $0) }
        let ids = part.additions.map(\.entryID)
        let before = state.withLock(\.snapshot.lastEntryID)
        let problem = state.withLock { state in
            let problem = Self.fold(part.entries, documents, into: &state.snapshot)
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
        return part.additions
    }

    private typealias Part = (entries: [Entry], additions: [ReceiptDesk.Addition])

    /// Parses the entries and checks their signatures; nil when one is none of this log's.
    private func examine(_ rows: [Integrator.Placed]) -> Part? {
        var part: Part = ([], [])
        for row in rows {
            let index = row.index
            let leaf = MerkleTree.leafHash(of: row.bytes)
            part.additions.append(.init(entryID: row.entryID, index: index, leaf: leaf))
            if let own = authenticator.takeOwn(leaf) {
                part.entries.append(own)
                continue
            }
            do {
                let signed = try SignedEntry(parsing: row.bytes)
                let entry = try Entry(parsing: signed.payload)
                part.entries.append(entry)
                // What the pin covers was checked before it was pinned.
                if index >= pinnedSize, !authenticator.isAuthentic(signed, entry, leaf) {
                    stop(
                        .inconsistent,
                        "entry at index \(index) is not signed by a service of this log")
                    return nil
                }
            } catch {
                stop(.inconsistent, "entry at index \(index): \(error)")
                return nil
            }
        }
        return part
    }

    /// Folds entries into what is known; answers what does not follow.
    private static func fold(
        _ entries: [Entry], _ documents: [SHA256Digest: [UInt8]], into snapshot: inout Snapshot
    ) -> String? {
        for entry in entries {
            if let problem = snapshot.record.apply(entry) { return problem }
            snapshot.fold.apply(entry)
            snapshot.latestTime = max(snapshot.latestTime ?? entry.time, entry.time)
            snapshot.identities.apply(
                entry, document: IdentityBook.document(of: entry).flatMap { documents[$0] })
        }
        return nil
    }

    // MARK: entries without a place

    /// How often strays are looked after, and how many are remembered.
    private static let strayIntervalMilliseconds: Int64 = 1_000
    private static let mostStrays: Int64 = 1_000

    /// Entries get their places about in the order of their row ids. One that did not when those around it
    /// did is committed later, refused, or had its queue row taken away: a gate must not overlook it.
    private func noteStrays(among ids: [Int64], after before: Int64) async throws {
        guard let last = ids.max(), last > before else { return }
        // Without a gap there is nothing to look for.
        if last - before == Int64(ids.count(where: { $0 > before })) { return }
        let strays = try await database.read { db in
            try db.all(
                """
                SELECT e.id FROM audit.entry e WHERE e.id > \(before) AND e.id < \(last)
                AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.entry_id = e.id)
                ORDER BY e.id LIMIT \(Self.mostStrays)
                """, as: Int64.self)
        }
        guard !strays.isEmpty else { return }
        let now = clock()
        state.withLock { state in
            for id in strays where Int64(state.strays.count) < Self.mostStrays {
                state.strays[id] = state.strays[id] ?? now
            }
        }
    }

    /// Forgets strays that have their place by now, and names those that wait for too long.
    func lookAfterStrays() async throws {
        let now = clock()
        let known = state.withLock { state -> [Int64] in
            guard !state.strays.isEmpty,
                state.straysCheckedAt.map({
                    now.milliseconds(since: $0) >= Self.strayIntervalMilliseconds || now < $0
                }) ?? true
            else { return [] }
            state.straysCheckedAt = now
            return state.strays.keys.sorted()
        }
        guard !known.isEmpty else { return }
        let placed = try await database.read { db in
            try db.all(
                "SELECT entry_id FROM audit.leaf WHERE entry_id = ANY(\(known))", as: Int64.self)
        }
        state.withLock { state in
            for id in placed { state.strays[id] = nil }
            state.snapshot.overdue = state.strays.filter {
                now.milliseconds(since: $0.value) > Registry.foldBoundMilliseconds
            }.keys.sorted()
        }
    }
}
