// Who gets which connection: a state machine without time, threads or connections of its own.

/// Idle lanes and a bounded line of waiting callers, first come first served; some come before all others.
struct WaitingLine<Lane, Waiter> {
    /// What a caller is told at once.
    enum Answer {
        case use(Lane)
        case open(number: Int)
        case wait
        case refuse
    }

    private var idle: [Lane] = []
    private var opened = 0
    private var waiters: [UInt64: (waiter: Waiter, deadline: ContinuousClock.Instant)] = [:]
    // ids in order of arrival; those that gave up are skipped when their turn comes
    private var order: [UInt64] = []
    private var head = 0
    private var preferred: [UInt64] = []
    private let maxLanes: Int
    private let maxWaiters: Int

    init(maxLanes: Int, maxWaiters: Int) {
        self.maxLanes = maxLanes
        self.maxWaiters = maxWaiters
    }

    var isEmpty: Bool { waiters.isEmpty }
    var waiting: Int { waiters.count }

    /// A caller arrives.
    mutating func arrive() -> Answer {
        // the lane used last has the warmest caches
        if let lane = idle.popLast() { return .use(lane) }
        if opened < maxLanes {
            opened += 1
            return .open(number: opened)
        }
        return waiters.count < maxWaiters ? .wait : .refuse
    }

    /// A caller that was told to wait lines up.
    mutating func enqueue(
        _ id: UInt64, _ waiter: Waiter, deadline: ContinuousClock.Instant, isPreferred: Bool = false
    ) {
        waiters[id] = (waiter, deadline)
        if isPreferred { preferred.append(id) } else { order.append(id) }
    }

    /// A lane comes back: the first waiter gets it, or it rests.
    mutating func giveBack(_ lane: Lane) -> Waiter? {
        while !preferred.isEmpty {
            if let first = waiters.removeValue(forKey: preferred.removeFirst()) {
                return first.waiter
            }
        }
        while head < order.count {
            let id = order[head]
            head += 1
            if head > 64, head * 2 > order.count {
                order.removeFirst(head)
                head = 0
            }
            if let first = waiters.removeValue(forKey: id) { return first.waiter }
        }
        idle.append(lane)
        return nil
    }

    /// A waiter gives up.
    mutating func leave(_ id: UInt64) -> Waiter? { waiters.removeValue(forKey: id)?.waiter }

    /// All who have waited too long.
    mutating func expire(at now: ContinuousClock.Instant) -> [Waiter] {
        let late = waiters.filter { $0.value.deadline <= now }
        for id in late.keys { waiters[id] = nil }
        return late.values.map(\.waiter)
    }

    /// Takes every resting lane, to close it.
    mutating func takeIdle() -> [Lane] {
        defer {
            opened -= idle.count
            idle = []
        }
        return idle
    }
}
