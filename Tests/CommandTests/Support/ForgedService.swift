// A service that answers what a test wants, over real HTTP on loopback: for what a client must not
// believe.

import CanonicalJSON
import Foundation
import Glibc
import Synchronization

/// Answers every request to a path with the answer prepared for it.
final class ForgedService: Sendable {
    /// An answer.
    struct Answer: Sendable {
        var status = 200
        var headers: [String: String] = [:]
        var body: [UInt8]

        init(status: Int = 200, headers: [String: String] = [:], json: JSON) {
            self.status = status
            self.headers = headers
            body = json.canonicalBytes
        }

        init(status: Int, headers: [String: String] = [:], text: String) {
            self.status = status
            self.headers = headers
            body = Array(text.utf8)
        }
    }

    /// A request as it came.
    struct Seen: Sendable {
        let line: String
        let headers: [String: String]
        var body: [UInt8] = []
    }

    let port: Int
    private let socket: Int32
    private let answers: [String: Answer]
    private let requests = Mutex<[Seen]>([])

    var url: String { "http://127.0.0.1:\(port)" }
    /// What was asked so far.
    var seen: [Seen] { requests.withLock { $0 } }

    /// `answers` by path; everything else is answered 404.
    init(_ answers: [String: Answer]) throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, size) }
        }
        var actual = sockaddr_in()
        var length = size
        let named = withUnsafeMutablePointer(to: &actual) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(socket, $0, &length)
            }
        }
        guard socket >= 0, bound == 0, named == 0, listen(socket, 16) == 0 else {
            throw ProgramError("no port to listen on")
        }
        self.socket = socket
        self.answers = answers
        port = Int(UInt16(bigEndian: actual.sin_port))
        Thread.detachNewThread { [self] in serve() }
    }

    /// Ends listening; the thread ends with it.
    func close() { shutdown(socket, Int32(SHUT_RDWR)) }

    private func serve() {
        while true {
            let connection = accept(socket, nil, nil)
            guard connection >= 0 else {
                Glibc.close(socket)
                return
            }
            answer(connection)
            Glibc.close(connection)
        }
    }

    private func answer(_ connection: Int32) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var request: (seen: Seen, end: Int)?
        while true {
            if request == nil { request = Self.parse(bytes) }
            if let request {
                let length = request.seen.headers["content-length"].flatMap(Int.init) ?? 0
                if bytes.count >= request.end + length { break }
            }
            let count = read(connection, &buffer, buffer.count)
            guard count > 0 else { return }
            bytes += buffer[..<count]
        }
        guard var request else { return }
        request.seen.body = Array(bytes[request.end...])
        let seen = request.seen
        requests.withLock { $0.append(seen) }
        let path = request.seen.line.split(separator: " ").dropFirst().first.map(String.init) ?? ""
        let answer =
            answers[path] ?? Answer(status: 404, json: ["code": "not-found", "detail": "No."])
        var head = "HTTP/1.1 \(answer.status) Answer\r\nContent-Length: \(answer.body.count)\r\n"
        for (name, value) in answer.headers { head += "\(name): \(value)\r\n" }
        let all = Array((head + "Connection: close\r\n\r\n").utf8) + answer.body
        var sent = 0
        while sent < all.count {
            let count = all.withUnsafeBytes { buffer in
                send(
                    connection, buffer.baseAddress?.advanced(by: sent), all.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    private static func parse(_ bytes: [UInt8]) -> (seen: Seen, end: Int)? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        return (Seen(line: lines[0], headers: headers), text[..<end.upperBound].utf8.count)
    }
}
