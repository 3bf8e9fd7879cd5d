// Entries that did not get a place when those around them did.

internal import Database
internal import Governance
internal import Synchronization

extension Follower {
    /// How often strays are looked after, and how many are remembered.
    private static let strayIntervalMilliseconds: Int64 = 1_000
    private static let mostStrays: Int64 = 1_000

    /// Entries get their places about in the order of their row ids. One that did not when those around it
    /// did is committed later, refused, or had its queue row taken away: a gate must not overlook it.
    func noteStrays(among ids: [Int64], after before: Int64) async throws {
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
