// Counts a log's entries by actor and by subject, and judges what the log itself says of these counts.
//
// Whoever reads a log from its first entry (the follower, `audit verify`, `audit replay`, a mirror)
// applies every entry here. An `actors.counted` entry at index i states the two maps of CountMap.swift
// for the first `size` entries, size ≤ i, and above the size of the statement before; a reader whose
// own maps at that size have other roots has found a lie. A `log.heartbeat` states a size ≤ i that is
// not below that of the heartbeat before.
//
// Since others may write between the look and the entry, `size` may be behind `i`: what came since the
// last statement is kept entry by entry, as numbers, and taken into the maps when a statement is met.

internal import CanonicalJSON

/// When the service writes of its own accord.
package struct CompletenessPeriods: Sendable, Hashable {
    /// Entries after which the counts are stated; where there are more names than that, as many as names.
    package var mapEntries: Int64
    /// Seconds after which they are stated if there was any entry.
    package var mapSeconds: Int64
    /// Seconds of silence after which a heartbeat says so.
    package var heartbeatSeconds: Int64

    package init(mapEntries: Int64, mapSeconds: Int64, heartbeatSeconds: Int64) {
        self.mapEntries = mapEntries
        self.mapSeconds = mapSeconds
        self.heartbeatSeconds = heartbeatSeconds
    }

    /// Every 1,000 entries, every hour; a heartbeat after an hour of silence.
    package static let usual = CompletenessPeriods(
        mapEntries: 1_000, mapSeconds: 3_600, heartbeatSeconds: 3_600)
}

/// The counts of one log, as far as it was read.
package struct EntryCounts: Sendable {
    /// The maps that the log last stated, and where.
    package struct Stated: Sendable {
        /// How many entries they count.
        package fileprivate(set) var size: Int64 = 0
        /// Index of the entry that states them; nil before the first.
        package fileprivate(set) var index: Int64?
        package fileprivate(set) var actors = CountMap(.actor)
        package fileprivate(set) var subjects = CountMap(.subject)

        package init() {}

        /// What an entry says of these maps.
        package var event: ActorsCounted {
            ActorsCounted(
                size: size, actors: actors.size, actorsRoot: actors.root, subjects: subjects.size,
                subjectsRoot: subjects.root)
        }
    }

    /// What is to be written.
    package enum Due: Sendable, Hashable {
        case map, heartbeat
    }

    /// The maps as last stated.
    package private(set) var stated = Stated()
    /// How many entries were read.
    package private(set) var size: Int64 = 0
    /// How many of them are the service's bookkeeping: the last number of their subject.
    package private(set) var bookkept: Int64 = 0
    private var actors = Names()
    private var subjects = Names()
    private var since = Since()
    private var lastBeat: Int64 = 0
    private var statedAt: Timestamp?
    private var latest: Timestamp?

    package init() {}

    /// Takes in the next entry, in the order of the log; answers what it says wrongly.
    package mutating func apply(_ entry: Entry) -> String? {
        var problem: String?
        switch entry.event {
        case .actorsCounted(let event):
            problem = compare(event)
            stated.index = size
            statedAt = entry.time
        case .logHeartbeat(let event):
            if event.size > size || event.size < lastBeat {
                problem =
                    "a heartbeat at index \(size) says size \(event.size), after one of \(lastBeat)"
            }
            lastBeat = event.size
        default: break
        }
        let isOwn = entry.event.isBookkeeping
        if isOwn { bookkept += 1 }
        since.open(actors.number(of: entry.actor?.description ?? "service"), isOwn: isOwn)
        for (name, subject) in entry.subjects where subject.wrote {
            since.add(subjects.number(of: name))
        }
        since.close()
        size += 1
        statedAt = statedAt ?? entry.time
        latest = max(latest ?? entry.time, entry.time)
        return problem
    }

    /// What an entry would have to say now.
    package func statement() -> ActorsCounted {
        var copy = self
        copy.advance(to: size)
        return copy.stated.event
    }

    /// Since when nothing was written; nil for an empty log.
    package var quietSince: Timestamp? { latest }

    /// What is to be written now, if anything; never only because of an entry of this kind.
    package func due(at now: Timestamp, _ periods: CompletenessPeriods) -> Due? {
        guard let latest, let statedAt else { return nil }
        let wanted = max(periods.mapEntries, actors.count + subjects.count)
        let isLate = statedAt.adding(seconds: periods.mapSeconds) <= now
        if since.others >= wanted || (since.others > 0 && isLate) { return .map }
        return latest.adding(seconds: periods.heartbeatSeconds) <= now ? .heartbeat : nil
    }

    private mutating func compare(_ event: ActorsCounted) -> String? {
        guard event.size <= size, event.size > stated.size else {
            return "actors.counted at index \(size) counts \(event.size) entries, after a count of "
                + "\(stated.size)"
        }
        advance(to: event.size)
        guard stated.event != event else { return nil }
        return "actors.counted at index \(size) says \(JSON.object(event.members).canonicalText), "
            + "the entries say \(JSON.object(stated.event.members).canonicalText)"
    }

    /// Takes the entries below `end` into the maps.
    private mutating func advance(to end: Int64) {
        let (byActor, bySubject) = since.take(Int(end - stated.size), from: stated.size)
        stated.actors.update(actors.add(byActor))
        stated.subjects.update(subjects.add(bySubject))
        stated.size = end
    }
}

extension Event {
    /// Whether the service writes it only to account for others.
    package var isBookkeeping: Bool {
        switch self {
        case .actorsCounted, .logHeartbeat: true
        default: false
        }
    }
}

/// Names as numbers, with their counts in the stated maps.
private struct Names: Sendable {
    private var numbers: [String: Int32] = [:]
    private var names: [String] = []
    private var counts: [CountMap.Count] = []

    var count: Int64 { Int64(names.count) }

    mutating func number(of name: String) -> Int32 {
        if let number = numbers[name] { return number }
        let number = Int32(names.count)
        numbers[name] = number
        names.append(name)
        counts.append(CountMap.Count(count: 0, last: -1))
        return number
    }

    /// Adds entries, each as a name's number and an index, in order; answers the new counts.
    mutating func add(_ entries: [(number: Int32, index: Int64)]) -> [String: CountMap.Count] {
        var changed: Set<Int32> = []
        for (number, index) in entries {
            let old = counts[Int(number)]
            counts[Int(number)] = CountMap.Count(count: old.count + 1, last: index)
            changed.insert(number)
        }
        var changes: [String: CountMap.Count] = [:]
        for number in changed { changes[names[Int(number)]] = counts[Int(number)] }
        return changes
    }
}

/// The entries since the last statement: for each its actor and the subjects it wrote.
private struct Since: Sendable {
    private var actors: [Int32] = []
    private var subjects: [Int32] = []
    /// Where the subjects of each entry end.
    private var ends: [Int] = []
    private var own: [Bool] = []
    /// How many of them are not of the service's own bookkeeping.
    private(set) var others: Int64 = 0

    mutating func open(_ actor: Int32, isOwn: Bool) {
        actors.append(actor)
        own.append(isOwn)
        if !isOwn { others += 1 }
    }

    mutating func add(_ subject: Int32) { subjects.append(subject) }

    mutating func close() { ends.append(subjects.count) }

    private typealias Found = [(number: Int32, index: Int64)]

    /// Takes out the first entries, which begin at index `first`.
    mutating func take(
        _ count: Int, from first: Int64
    ) -> (actors: [(number: Int32, index: Int64)], subjects: [(number: Int32, index: Int64)]) {
        var byActor: Found = []
        var bySubject: Found = []
        var start = 0
        for place in 0..<count {
            let index = first + Int64(place)
            byActor.append((actors[place], index))
            for written in subjects[start..<ends[place]] { bySubject.append((written, index)) }
            start = ends[place]
            if !own[place] { others -= 1 }
        }
        actors.removeFirst(count)
        subjects.removeFirst(start)
        own.removeFirst(count)
        ends = ends.dropFirst(count).map { $0 - start }
        return (byActor, bySubject)
    }
}
