// What the log is to say of itself: counts, or that nothing happened.

internal import Governance
internal import Synchronization
internal import TransparencyLog

extension Follower {
    /// What the service has to write of its own accord now, and how often it has; nil when nothing, or
    /// while entries are read that no checkpoint was compared with yet.
    func bookkeeping(
        at now: Timestamp, _ periods: CompletenessPeriods
    ) -> (event: Event, after: Int64)? {
        guard let compared = look({ $0.pinned }) else { return nil }
        return counts.withLock { counts in
            guard counts.size == compared.checkpoint.size,
                let due = counts.due(at: now, periods), let quietSince = counts.quietSince
            else { return nil }
            switch due {
            case .map: return (.actorsCounted(counts.statement()), counts.bookkept)
            case .heartbeat:
                let heartbeat = LogHeartbeat(size: counts.size, quietSince: quietSince)
                return (.logHeartbeat(heartbeat), counts.bookkept)
            }
        }
    }
}

extension Array {
    /// The first answer that is none of nil; nothing is asked after it.
    func firstNonNil<T>(_ ask: (Element) -> T?) -> T? {
        for element in self {
            if let answer = ask(element) { return answer }
        }
        return nil
    }
}
