// LISTEN: being woken by the database instead of asking it again and again.
internal import CLibPQ
internal import Dispatch

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
            let listener = Listener(url: self, settings: settings, names: names, continuation)
            continuation.onTermination = { _ in listener.stop() }
            listener.start()
        }
    }
}

/// Watches a connection's socket. All of its state lives on its queue.
private final class Listener: @unchecked Sendable {  // proof: link and source are touched on `queue` only
    private let queue = DispatchQueue(label: "database.listen")
    private let url: DatabaseURL
    private let settings: ConnectionSettings
    private let names: [String]
    private let continuation: AsyncThrowingStream<Notification, any Error>.Continuation
    private var link: Link?
    private var source: (any DispatchSourceRead)?

    init(
        url: DatabaseURL, settings: ConnectionSettings, names: [String],
        _ continuation: AsyncThrowingStream<Notification, any Error>.Continuation
    ) {
        self.url = url
        self.settings = settings
        self.names = names
        self.continuation = continuation
    }

    func start() {
        queue.async { [self] in
            do throws(DatabaseError) {
                let link = try Link(url, settings, Canceller())
                for name in names { _ = try link.run(SQL(uncheckedText: "LISTEN \(name)")) }
                self.link = link
                let socket = PQsocket(link.pointer)
                let source = DispatchSource.makeReadSource(fileDescriptor: socket, queue: queue)
                source.setEventHandler { [self] in receive() }
                // the socket may only be closed once the source no longer watches it
                source.setCancelHandler { [self] in self.link = nil }
                self.source = source
                source.resume()
                // what came between LISTEN and here is already in libpq's buffer
                receive()
            } catch {
                continuation.finish(throwing: error)
            }
        }
    }

    func stop() {
        queue.async { [self] in
            source?.cancel()
            source = nil
        }
    }

    private func receive() {
        guard let link, source != nil else { return }
        let isAlive = PQconsumeInput(link.pointer) == 1
        while let notice = PQnotifies(link.pointer) {
            continuation.yield(
                Notification(
                    channel: String(cString: notice.pointee.relname),
                    payload: String(cString: notice.pointee.extra)))
            PQfreemem(notice)
        }
        if !isAlive || !link.isUsable {
            continuation.finish(throwing: link.lost(nil))
            source?.cancel()
            source = nil
        }
    }
}
