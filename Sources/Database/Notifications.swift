// LISTEN: being woken by the database instead of asking it again and again.
internal import CLibPQ
internal import Dispatch
internal import Glibc
internal import Synchronization

/// A wake-up. It may come twice or be lost with the link: the table is the truth, the notice only
/// says that a look is worth while.
package struct Notification: Sendable, Hashable {
    /// The channel it came on.
    package let channel: String
    /// What the notifier added; at most 8000 bytes.
    package let payload: String
}

extension DatabaseURL {
    /// Listens on an extra connection to channels out of a closed set. The stream keeps only the
    /// newest notice that nobody has taken yet, throws `.connection` when the link is lost, and
    /// closes the connection when it is dropped.
    package func notifications<Channel>(
        on channels: [Channel], settings: ConnectionSettings = ConnectionSettings()
    ) -> AsyncThrowingStream<Notification, any Error>
    where Channel: RawRepresentable & CaseIterable, Channel.RawValue == String {
        let names = channels.map { SQL.quoted($0.rawValue) }
        return AsyncThrowingStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            guard let stop = Pipe() else {
                continuation.finish(throwing: DatabaseError(.connection, "no pipe can be made"))
                return
            }
            continuation.onTermination = { _ in stop.closeWriter() }
            // a thread of its own, asleep in poll: it costs a stack and nothing else
            DispatchQueue(label: "database.listen").async {
                do throws(DatabaseError) {
                    try listen(to: names, settings, until: stop.reader) { continuation.yield($0) }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
                stop.closeReader()
            }
        }
    }

    /// Hands over notices until the stopping descriptor's other end is closed.
    private func listen(
        to names: [String], _ settings: ConnectionSettings, until stop: Int32,
        _ receive: (Notification) -> Void
    ) throws(DatabaseError) {
        let link = try Link(self, settings, Canceller())
        for name in names { _ = try link.run(SQL(uncheckedText: "LISTEN \(name)")) }
        while true {
            // before the first wait too: what came after LISTEN may be in libpq's buffer already
            guard PQconsumeInput(link.pointer) == 1, link.isUsable else { throw link.lost(nil) }
            while let notice = PQnotifies(link.pointer) {
                receive(
                    Notification(
                        channel: String(cString: notice.pointee.relname),
                        payload: String(cString: notice.pointee.extra)))
                PQfreemem(notice)
            }
            var waits = [
                pollfd(fd: PQsocket(link.pointer), events: Int16(POLLIN), revents: 0),
                pollfd(fd: stop, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&waits, 2, -1) >= 0 || errno == EINTR else { throw link.lost(nil) }
            if waits[1].revents != 0 { return }
        }
    }
}

/// A pipe whose closed writer tells the reader to stop.
private final class Pipe: Sendable {
    let reader: Int32
    private let writer: Mutex<Int32>

    init?() {
        var ends: [Int32] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { return nil }
        reader = ends[0]
        writer = Mutex(ends[1])
    }

    deinit { closeWriter() }

    func closeWriter() {
        writer.withLock {
            if $0 >= 0 { close($0) }
            $0 = -1
        }
    }

    func closeReader() { close(reader) }
}
