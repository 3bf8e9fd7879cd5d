// Cancelling what a connection is doing, and never what it does for the next caller.
internal import CLibPQ
internal import Dispatch
internal import Synchronization

/// Names the use that runs on a connection and cancels exactly that one.
final class Canceller: Sendable {
    private struct State {
        var running: UInt64 = 0
        // PGcancel as bits: the pointer is only used under this lock
        var handle: UInt = 0
    }

    private static let tickets = Mutex<UInt64>(0)
    private let state = Mutex(State())

    deinit {
        state.withLock {
            if let handle = OpaquePointer(bitPattern: $0.handle) { PQfreeCancel(handle) }
        }
    }

    /// A number no other use has.
    static func makeTicket() -> UInt64 {
        tickets.withLock {
            $0 += 1
            return $0
        }
    }

    /// Takes a new connection's cancel handle, or none once it is closed.
    func install(_ new: OpaquePointer?) {
        let bits = UInt(bitPattern: new)
        state.withLock {
            if let old = OpaquePointer(bitPattern: $0.handle) { PQfreeCancel(old) }
            $0.handle = bits
        }
    }

    func begin(_ ticket: UInt64) { state.withLock { $0.running = ticket } }

    /// After this no cancel of that use can reach the connection.
    func end() { state.withLock { $0.running = 0 } }

    /// Cancels whatever statement runs now, once.
    func cancelNow() {
        state.withLock { Self.send($0.handle) }
    }

    /// Cancels the use until it is over: a cancel that reaches the server before the statement
    /// does is lost, so it is repeated.
    func cancel(_ ticket: UInt64) {
        DispatchQueue.global().async { self.cancelRepeatedly(ticket) }
    }

    private func cancelRepeatedly(_ ticket: UInt64) {
        let isOver = state.withLock { state in
            guard state.running == ticket else { return true }
            // under the lock: the use cannot end, and the next begin, while this is on its way
            Self.send(state.handle)
            return false
        }
        guard !isOver else { return }
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(50)) {
            self.cancelRepeatedly(ticket)
        }
    }

    private static func send(_ bits: UInt) {
        guard let handle = OpaquePointer(bitPattern: bits) else { return }
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            _ = PQcancel(handle, buffer.baseAddress, Int32(buffer.count))
        }
    }
}
