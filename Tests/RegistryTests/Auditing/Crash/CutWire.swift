// A wire between a service and PostgreSQL that can be cut at any statement.
//
// It listens on a Unix socket, passes the frontend/backend protocol (PostgreSQL documentation, chapter
// 55) through unchanged, and reads along: which statement is being executed, by `Query`, or by
// `Parse`, `Bind` and `Execute`. A fault point is a statement together with the one before it, so that
// the COMMIT of one transaction is another point than that of the next. So the service is tested as
// it is, without a line in it that only tests need.

import Database
import Glibc
import Synchronization

/// One point at which the wire can be cut.
struct FaultPoint: Hashable, Sendable, CustomStringConvertible {
    let before: String
    let statement: String

    var description: String { "\(Self.short(statement)) after \(Self.short(before))" }

    private static func short(_ text: String) -> String {
        String(text.split(whereSeparator: \.isWhitespace).joined(separator: " ").prefix(60))
    }
}

extension FaultPoint {
    /// Whether the statement changes something, or makes a change last.
    var changes: Bool {
        !statement.hasPrefix("BEGIN")
            && ["INSERT", "UPDATE ", "DELETE", "COMMIT", "COPY"].contains {
                statement.contains($0)
            }
    }
}

/// Which statements have been cut.
///
/// A statement may follow on another only now and then (a race, the first use of a connection): such a
/// point need not be met again, but every statement that changes something must be cut somewhere.
struct CutLedger {
    private(set) var cuts = 0
    private var met: [Cut: Set<String>] = [:]
    private var wanted: Set<String> = []

    mutating func take(_ point: FaultPoint, _ cut: Cut, isMet: Bool) {
        if point.changes { wanted.insert(point.statement) }
        guard isMet else { return }
        cuts += 1
        met[cut, default: []].insert(point.statement)
    }

    /// The texts that stand in no statement that was cut, both before and after.
    func lacking(_ texts: [String]) -> [String] {
        texts.filter { text in
            !Cut.allCases.allSatisfy { cut in
                met[cut, default: []].contains { !$0.hasPrefix("BEGIN") && $0.contains(text) }
            }
        }
    }

    /// Statements that were never cut before, or never after.
    var missed: Set<String> {
        Cut.allCases.reduce(into: []) { $0.formUnion(wanted.subtracting(met[$1] ?? [])) }
    }
}

/// What the cut leaves undone.
enum Cut: CaseIterable, Sendable {
    /// The statement never reaches the server.
    case before
    /// The server carries it out, and nobody hears of it.
    case after
}

/// Passes connections to a server's Unix socket.
final class CutWire: Sendable {
    let directory: String
    private let server: String
    private let listener: Int32
    private let state = Mutex(State())

    private struct State {
        var points: [FaultPoint] = []
        var known: Set<FaultPoint> = []
        var armed: [(point: FaultPoint, cut: Cut)] = []
        var open: Set<Int32> = []
    }

    /// `url` names the server's socket directory; nothing but Unix sockets is passed.
    init(to url: DatabaseURL, in directory: String) throws {
        let name = ".s.PGSQL.\(url.port ?? "5432")"
        server = (url.host ?? "") + "/" + name
        self.directory = directory
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard listener >= 0,
            Self.with(address: directory + "/" + name, { bind(listener, $0, $1) }) == 0,
            listen(listener, 16) == 0
        else { throw TestFailure("no wire at \(directory)") }
        detach { wire in wire.serve() }
    }

    /// The same database, through the wire.
    func through(_ url: DatabaseURL) -> DatabaseURL {
        DatabaseURL(
            socketDirectory: directory, port: Int(url.port ?? "") ?? 5432, user: url.user ?? "",
            database: url.database ?? "")
    }

    /// Every point met so far, in the order of their first time.
    var points: [FaultPoint] { state.withLock { $0.points } }

    /// Cuts at these points, one after the other, each once.
    func arm(_ cuts: [(FaultPoint, Cut)]) {
        state.withLock { $0.armed = cuts.map { (point: $0.0, cut: $0.1) } }
    }

    /// Whether all that was armed has been met.
    var isSpent: Bool { state.withLock { $0.armed.isEmpty } }

    /// Cuts every connection where it is.
    func cutAll() {
        state.withLock { state in
            for socket in state.open { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    func close() {
        shutdown(listener, Int32(SHUT_RDWR))
        cutAll()
    }

    // MARK: passing on

    private func detach(_ work: @escaping @Sendable (CutWire) -> Void) {
        let box = Box(work: { [self] in work(self) })
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().work()
                return nil
            }, Unmanaged.passRetained(box).toOpaque())
        pthread_detach(thread)
    }

    private final class Box: Sendable {
        let work: @Sendable () -> Void
        init(work: @escaping @Sendable () -> Void) { self.work = work }
    }

    private static func with(
        address path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let isShort = withUnsafeMutableBytes(of: &address.sun_path) { buffer in
            guard path.utf8.count < buffer.count else { return false }
            buffer.copyBytes(from: path.utf8)
            return true
        }
        guard isShort else { return -1 }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, size) }
        }
    }

    private func serve() {
        while true {
            let client = accept(listener, nil, nil)
            guard client >= 0 else {
                Glibc.close(listener)
                return
            }
            let upstream = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            guard Self.with(address: server, { connect(upstream, $0, $1) }) == 0 else {
                Glibc.close(client)
                Glibc.close(upstream)
                continue
            }
            state.withLock { $0.open.formUnion([client, upstream]) }
            let pair = Pair(client: client, upstream: upstream)
            detach { wire in wire.passForward(pair) }
            detach { wire in wire.passBack(pair) }
        }
    }

    /// Two sockets; closed when both directions have ended.
    private final class Pair: Sendable {
        let client: Int32
        let upstream: Int32
        let isMute = Atomic(false)
        let ended = Atomic(0)

        init(client: Int32, upstream: Int32) {
            self.client = client
            self.upstream = upstream
        }
    }

    private func end(_ pair: Pair) {
        shutdown(pair.client, Int32(SHUT_RDWR))
        shutdown(pair.upstream, Int32(SHUT_RDWR))
        guard pair.ended.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue == 2 else {
            return
        }
        state.withLock { $0.open.subtract([pair.client, pair.upstream]) }
        Glibc.close(pair.client)
        Glibc.close(pair.upstream)
    }

    private func passBack(_ pair: Pair) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(pair.upstream, &buffer, buffer.count)
            guard count > 0 else { break }
            if pair.isMute.load(ordering: .sequentiallyConsistent) { continue }
            guard Self.send(buffer[..<count], to: pair.client) else { break }
        }
        end(pair)
    }

    private func passForward(_ pair: Pair) {
        var reader = Frontend()
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var previous = "connecting"
        reading: while true {
            let count = read(pair.client, &buffer, buffer.count)
            guard count > 0 else { break }
            reader.bytes += buffer[..<count]
            while let message = reader.next() {
                if let statement = message.statement {
                    let point = FaultPoint(before: previous, statement: statement)
                    previous = statement
                    if meet(point, pair) == .before { break reading }
                }
                guard Self.send(message.bytes[...], to: pair.upstream) else { break reading }
            }
            if pair.isMute.load(ordering: .sequentiallyConsistent) {
                // Time enough for the server to do what it was told.
                usleep(50_000)
                break
            }
        }
        end(pair)
    }

    /// Notes a point, and says whether to cut here.
    private func meet(_ point: FaultPoint, _ pair: Pair) -> Cut? {
        let cut = state.withLock { state -> Cut? in
            if state.known.insert(point).inserted { state.points.append(point) }
            guard let next = state.armed.first, next.point == point else { return nil }
            state.armed.removeFirst()
            return next.cut
        }
        if cut == .after { pair.isMute.store(true, ordering: .sequentiallyConsistent) }
        return cut
    }

    private static func send(_ bytes: ArraySlice<UInt8>, to socket: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { buffer in
                Glibc.send(socket, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

/// Cuts what a client sends into messages.
private struct Frontend {
    var bytes: [UInt8] = []
    private var hasStarted = false
    /// Texts by the names under which they were prepared.
    private var prepared: [String: String] = [:]
    private var bound = ""

    struct Message {
        let bytes: [UInt8]
        /// What is being executed, if something is.
        let statement: String?
    }

    mutating func next() -> Message? {
        // The first message of a connection has no type.
        let head = hasStarted ? 1 : 0
        guard bytes.count >= head + 4 else { return nil }
        let length = bytes[head..<head + 4].reduce(0) { $0 << 8 | Int($1) }
        guard bytes.count >= head + length else { return nil }
        let message = Array(bytes[..<(head + length)])
        bytes.removeFirst(head + length)
        guard hasStarted else {
            hasStarted = true
            return Message(bytes: message, statement: nil)
        }
        var texts = message.dropFirst(5).split(
            separator: 0, maxSplits: 2, omittingEmptySubsequences: false
        ).map { String(decoding: $0, as: UTF8.self) }
        texts += ["", ""]
        switch message[0] {
        case UInt8(ascii: "Q"): return Message(bytes: message, statement: texts[0])
        case UInt8(ascii: "P"): prepared[texts[0]] = texts[1]
        case UInt8(ascii: "B"): bound = prepared[texts[1]] ?? ""
        case UInt8(ascii: "E"): return Message(bytes: message, statement: bound)
        default: break
        }
        return Message(bytes: message, statement: nil)
    }
}
