// HTTP/1.1 over one blocking keep-alive socket: as little as a load generator needs.

import Glibc

/// A connection to the service on this machine.
final class Wire {
    /// What came back.
    struct Answer {
        let status: Int
        let body: [UInt8]
    }

    private let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure("no socket: errno \(errno)") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            close(descriptor)
            throw Failure("nobody listens on port \(port): errno \(errno)")
        }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(4))
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// The bytes of a request.
    static func request(
        _ method: String, _ path: String, token: String, body: [UInt8] = []
    ) -> [UInt8] {
        let head = """
            \(method) \(path) HTTP/1.1\r
            Host: 127.0.0.1\r
            Authorization: Bearer \(token)\r
            Content-Type: application/json\r
            Content-Length: \(body.count)\r
            \r

            """
        return Array(head.utf8) + body
    }

    /// Sends a request and reads the whole answer.
    func exchange(_ request: [UInt8]) throws -> Answer {
        let (status, body) = try send(request)
        return Answer(status: status, body: Array(buffer[body]))
    }

    /// The same, keeping nothing but the status.
    func status(of request: [UInt8]) throws -> Int { try send(request).status }

    private func send(_ request: [UInt8]) throws -> (status: Int, body: Range<Int>) {
        try request.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = Glibc.send(
                    descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, 0)
                guard count > 0 else { throw Failure("the service hung up: errno \(errno)") }
                sent += count
            }
        }
        var filled = 0
        var head: Head?
        while true {
            if filled == buffer.count {
                buffer.append(contentsOf: [UInt8](repeating: 0, count: buffer.count))
            }
            let count = buffer.withUnsafeMutableBytes { bytes in
                recv(descriptor, bytes.baseAddress.map { $0 + filled }, bytes.count - filled, 0)
            }
            guard count > 0 else { throw Failure("the service hung up: errno \(errno)") }
            filled += count
            if head == nil { head = try Head(buffer, filled) }
            if let head, filled >= head.end + head.length {
                return (head.status, head.end..<head.end + head.length)
            }
        }
    }

    /// Status line and the two facts of the headers that matter.
    private struct Head {
        let status: Int
        /// Where the body begins.
        let end: Int
        let length: Int

        init?(_ buffer: [UInt8], _ filled: Int) throws {
            let last = filled - 4
            guard last >= 0 else { return nil }
            let found = (0...last).first { place in
                buffer[place] == 13 && buffer[place + 1] == 10 && buffer[place + 2] == 13
                    && buffer[place + 3] == 10
            }
            guard let found else { return nil }
            end = found + 4
            let lines = String(decoding: buffer[..<found], as: UTF8.self).split(separator: "\r\n")
            let length = lines.first { $0.lowercased().hasPrefix("content-length:") }
                .flatMap { Int($0.dropFirst(15).filter { $0 != " " }) }
            guard let status = lines.first.flatMap({ Int($0.dropFirst(9).prefix(3)) }), let length
            else { throw Failure("not an answer with a length: \(lines.first ?? "")") }
            self.status = status
            self.length = length
        }
    }
}
