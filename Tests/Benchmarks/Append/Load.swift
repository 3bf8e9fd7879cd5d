// The load: clients that each send one request after the other and wait for every answer.

import Glibc
import Synchronization

/// What a load showed.
struct LoadResult: Sendable {
    /// Answers by status.
    let statuses: [Int: Int]
    /// Answers of the wanted status within the time.
    let completed: Int
    /// All answers, those after the end of the time too.
    let answered: Int
    let seconds: Double
    /// Seconds from request to answer, ascending.
    let latencies: [Double]
    /// User and system seconds of the load generator itself.
    let generatorSeconds: Double

    var rate: Double { Double(completed) / seconds }
}

/// Sends requests from several threads, each with a socket of its own.
enum Load {
    /// Each client takes its own requests in an order of chance; every answer must be `wanted`.
    static func run(
        port: UInt16, requests: [[[UInt8]]], seconds: Int, wanted: Int = 201
    ) throws -> LoadResult {
        let wires = try requests.map { _ in Lent(try Wire(port: port)) }
        let before = rusage.own.cpuSeconds
        let start = Clock.now
        let end = start + Double(seconds)
        let outcomes = Mutex<[Outcome]>([])
        Threads.run(requests.count) { client in
            let outcome = drive(
                wires[client].value, requests[client], seed: UInt64(client) + 1, until: end,
                wanted: wanted)
            outcomes.withLock { $0.append(outcome) }
        }
        let own = rusage.own.cpuSeconds - before
        let all = outcomes.withLock { $0 }
        var statuses: [Int: Int] = [:]
        for outcome in all { statuses.merge(outcome.statuses, uniquingKeysWith: +) }
        if let failure = all.compactMap(\.failure).first { throw Failure(failure) }
        return LoadResult(
            statuses: statuses, completed: all.reduce(0) { $0 + $1.completed },
            answered: statuses.values.reduce(0, +), seconds: Double(seconds),
            latencies: all.flatMap(\.latencies).sorted(), generatorSeconds: own)
    }

    private struct Outcome {
        var statuses: [Int: Int] = [:]
        var completed = 0
        var latencies: [Double] = []
        var failure: String?
    }

    private static func drive(
        _ wire: Wire, _ requests: [[UInt8]], seed: UInt64, until end: Double, wanted: Int
    ) -> Outcome {
        var outcome = Outcome()
        var dice = Dice(seed: seed)
        var now = Clock.now
        while now < end {
            let start = now
            do {
                let status = try wire.status(of: dice.pick(from: requests))
                now = Clock.now
                outcome.statuses[status, default: 0] += 1
                if status == wanted {
                    if now <= end { outcome.completed += 1 }
                    outcome.latencies.append(now - start)
                }
            } catch {
                outcome.failure = "\(error)"
                break
            }
        }
        return outcome
    }
}

/// A value that one thread at a time uses: its maker first, then the client that it is lent to.
private struct Lent<Value>: @unchecked Sendable {  // each index is read by exactly one thread
    let value: Value
    init(_ value: Value) { self.value = value }
}

/// Chance that is the same in every run (xorshift64*, Vigna 2016).
struct Dice {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }

    /// One of these.
    mutating func pick<Element>(from elements: [Element]) -> Element {
        elements[Int(next() % UInt64(elements.count))]
    }
}

/// Threads for work that blocks.
enum Threads {
    private final class Work: Sendable {
        let number: Int
        let body: @Sendable (Int) -> Void

        init(_ number: Int, _ body: @escaping @Sendable (Int) -> Void) {
            self.number = number
            self.body = body
        }
    }

    /// Runs the body on so many threads and waits for all.
    static func run(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        var threads: [pthread_t] = []
        for number in 0..<count {
            var thread = pthread_t()
            let work = Unmanaged.passRetained(Work(number, body))
            let result = pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
                    work.body(work.number)
                    return nil
                }, work.toOpaque())
            precondition(result == 0, "no thread can be made")
            threads.append(thread)
        }
        for thread in threads { pthread_join(thread, nil) }
    }
}
