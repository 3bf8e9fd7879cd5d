// Refusals and reads on their way into the log, gathered so that nobody can fill it.
//
// What is the same is counted; how many different ones are kept is bounded, and what is beyond is
// counted too. An entry takes them after a while (HousekeepingSettings). A crash loses what was gathered
// since; reads of reports are therefore not gathered but written before anything is handed out.

internal import Cryptography
internal import Governance
internal import Synchronization

/// What was refused and read lately.
final class AccessLedger: Sendable {
    /// Refusals that are counted together.
    struct Refused: Hashable, Sendable {
        let cause: AccessRefused.Cause
        let principal: PrincipalID?
        let token: String?
        let source: String?
        let subject: String?
    }

    /// Reads that are counted together.
    struct Read: Hashable, Sendable {
        let reader: Caller
        let what: String
    }

    /// How often, when, and what of the log.
    struct Tally: Sendable {
        var count: Int64
        var from: Timestamp
        var until: Timestamp
        var indexes: Range<Int64>?

        mutating func add(_ other: Tally) {
            count += other.count
            from = min(from, other.from)
            until = max(until, other.until)
            guard let more = other.indexes else { return }
            let mine = indexes ?? more
            indexes =
                min(mine.lowerBound, more.lowerBound)..<max(mine.upperBound, more.upperBound)
        }
    }

    private struct State {
        var refused: [Refused: Tally] = [:]
        var omitted: Tally?
        var reads: [Read: Tally] = [:]
    }

    /// Different refusals in one entry, and readers gathered at once.
    static let most = 64

    private let state = Mutex(State())
    /// Makes pseudonyms of addresses; forgotten with the process.
    private let secret = Random.bytes(32)

    /// The pseudonym of a network address.
    func pseudonym(of address: String) -> String {
        "s-" + SHA256.hash(concatenating: secret, Array(address.utf8)).hex.prefix(16)
    }

    /// Counts a refusal; answers whether it is the first of its kind since the last entry.
    func add(_ refused: Refused, _ tally: Tally) -> Bool {
        state.withLock { state in
            if state.refused[refused] != nil {
                state.refused[refused]?.add(tally)
                return false
            }
            guard state.refused.count < Self.most else {
                if state.omitted == nil { state.omitted = tally } else { state.omitted?.add(tally) }
                return false
            }
            state.refused[refused] = tally
            return true
        }
    }

    /// Counts a read; answers whether no further reader fits and these should be written now.
    func add(_ read: Read, _ tally: Tally) -> Bool {
        state.withLock { state in
            if state.reads[read] == nil {
                state.reads[read] = tally
            } else {
                state.reads[read]?.add(tally)
            }
            return state.reads.count >= Self.most
        }
    }

    /// Takes out the refusals, when the first of them is as old as `time`.
    func takeRefusals(before time: Timestamp) -> AccessRefused? {
        state.withLock { state in
            var all = state.omitted
            for tally in state.refused.values {
                if all == nil { all = tally } else { all?.add(tally) }
            }
            guard let all, all.from <= time else { return nil }
            let items = state.refused.map { refused, tally in
                AccessRefused.Item(
                    cause: refused.cause, count: tally.count, principal: refused.principal,
                    token: refused.token, source: refused.source, subject: refused.subject)
            }.sorted { ($1.count, $0.order) < ($0.count, $1.order) }
            let event = AccessRefused(
                from: all.from, until: all.until, refusals: items,
                omitted: state.omitted?.count ?? 0)
            state.refused = [:]
            state.omitted = nil
            return event
        }
    }

    /// Puts back what could not be written.
    func putBack(_ event: AccessRefused) {
        for item in event.refusals {
            _ = add(
                Refused(
                    cause: item.cause, principal: item.principal, token: item.token,
                    source: item.source, subject: item.subject),
                Tally(count: item.count, from: event.from, until: event.until))
        }
        guard event.omitted > 0 else { return }
        let tally = Tally(count: event.omitted, from: event.from, until: event.until)
        state.withLock { state in
            if state.omitted == nil { state.omitted = tally } else { state.omitted?.add(tally) }
        }
    }

    /// Takes out the reads whose first is as old as `time`, or all when there is no room.
    func takeReads(before time: Timestamp) -> [(read: Read, tally: Tally)] {
        state.withLock { state in
            let isFull = state.reads.count >= Self.most
            let due = state.reads.filter { isFull || $0.value.from <= time }
            for read in due.keys { state.reads[read] = nil }
            return due.map { (read: $0.key, tally: $0.value) }
                .sorted {
                    ($0.read.reader.principal, $0.read.what) < (
                        $1.read.reader.principal, $1.read.what
                    )
                }
        }
    }
}

extension AccessRefused.Item {
    /// Any fixed order.
    fileprivate var order: String {
        "\(cause.rawValue) \(principal?.description ?? "") \(token ?? "") \(source ?? "") "
            + (subject ?? "")
    }
}
