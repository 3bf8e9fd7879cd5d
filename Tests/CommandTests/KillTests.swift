// `kill -9` of the service and of PostgreSQL at random moments, under concurrent writers, flushes on.

import CanonicalJSON
import Foundation
import Glibc
import HTTPClient
import Synchronization
import Testing

@Suite(.serialized) struct `Killed at any moment` {
    /// Half of them kill the service, half PostgreSQL under it.
    static let rounds = 20

    @Test(.timeLimit(.minutes(30)))
    func `nothing acknowledged is lost, and the log stays whole`() async throws {
        let service = try ServedBinary()
        defer { service.remove() }
        try service.initialise()
        let acknowledged = Acknowledged()
        var random = SystemRandomNumberGenerator()
        for round in 0..<Self.rounds {
            try await service.start()
            let principal = try await service.whoami()
            await withTaskGroup(of: Void.self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        var count = 0
                        while let leaf = await service.issueToken(
                            for: principal, key: "\(round)-\(writer)-\(count)")
                        {
                            acknowledged.note(leaf)
                            count += 1
                        }
                    }
                }
                try? await Task.sleep(
                    for: .milliseconds(Int.random(in: 20...700, using: &random)))
                if round % 2 == 0 { service.kill() } else { service.killDatabase() }
            }
            service.kill()
        }
        let all = acknowledged.leaves
        #expect(all.count > Self.rounds, "the writers got nothing acknowledged")
        try await service.start()
        for leaf in all {
            let status = await service.status(of: "/api/v1/entries/\(leaf)/receipt")
            #expect(status == 200, "an acknowledged entry is gone: \(leaf)")
        }
        // A request whose answer was lost is asked again with its key: done once, or done now.
        let principal = try await service.whoami()
        for round in 0..<Self.rounds {
            let first = await service.issueToken(for: principal, key: "\(round)-0-0")
            let second = await service.issueToken(for: principal, key: "\(round)-0-0")
            #expect(first != nil && first == second)
        }
        try await service.stop()
        let verify = try service.run(["audit", "verify", "--data-dir", service.data, "--json"])
        #expect(verify.status == 0, "\(verify.output.suffix(4000))")
        let replay = try service.run(["audit", "replay", "--data-dir", service.data, "--json"])
        #expect(replay.status == 0, "\(replay.output.suffix(4000))")
    }
}

/// Leaf hashes of the entries that were acknowledged.
final class Acknowledged: Sendable {
    private let state = Mutex<[String]>([])

    var leaves: [String] { state.withLock { $0 } }

    func note(_ leaf: String) { state.withLock { $0.append(leaf) } }
}

/// The built binary, serving a data directory of its own.
final class ServedBinary: Sendable {
    let folder: String
    var data: String { folder + "/data" }
    private let state = Mutex(State())

    private struct State {
        var process: Process?
        var url = ""
        var token = ""
    }

    init() throws {
        var template = Array("/tmp/imprimatur-kill-XXXXXX".utf8CString)
        guard let path = mkdtemp(&template) else { throw CocoaError(.fileWriteUnknown) }
        folder = String(cString: path)
        chmod(folder, 0o755)
    }

    /// The binary beside the test bundle.
    static var binary: String {
        let bundle = CommandLine.arguments[0]
        let folder = URL(fileURLWithPath: bundle).resolvingSymlinksInPath()
            .deletingLastPathComponent()
        let here = folder.appendingPathComponent("imprimatur").path
        if access(here, X_OK) == 0 { return here }
        let top = #filePath.components(separatedBy: "/Tests/CommandTests")[0]
        return top + "/.build/debug/imprimatur"
    }

    struct Result { let status: Int32, output: String }

    /// Runs the binary to its end.
    func run(_ arguments: [String]) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.binary)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, output: String(decoding: output, as: UTF8.self))
    }

    func initialise() throws {
        let made = try run(["init", "--data-dir", data, "--development"])
        try #require(made.status == 0, "\(made.output)")
        let token = try String(
            contentsOfFile: data + "/credentials/administrator.token", encoding: .utf8)
        state.withLock { $0.token = token.trimmingCharacters(in: .whitespacesAndNewlines) }
    }

    /// Starts the service and waits until it is ready.
    func start() async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.binary)
        process.arguments = [
            "serve", "--data-dir", data, "--listen", "127.0.0.1:0", "--development",
        ]
        let log = folder + "/serve.log"
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        let handle = try #require(FileHandle(forWritingAtPath: log))
        process.standardError = handle
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        state.withLock { $0.process = process }
        for _ in 0..<1_200 {
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            if let line = text.split(separator: "\n").first(where: {
                $0.contains("listening on http")
            }),
                let url = line.components(separatedBy: "listening on ").last
            {
                state.withLock { $0.url = url.trimmingCharacters(in: .whitespaces) }
                if await status(of: "/readyz") == 200 { return }
            }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        Issue.record("the service did not become ready: \(text.suffix(3000))")
        throw CancellationError()
    }

    /// `kill -9` of the service; its PostgreSQL stays.
    func kill() {
        guard let process = state.withLock({ $0.process }), process.isRunning else { return }
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// `kill -9` of the postmaster of the private PostgreSQL.
    func killDatabase() {
        let pidFile = data + "/postgres/data/postmaster.pid"
        guard let text = try? String(contentsOfFile: pidFile, encoding: .utf8),
            let pid = text.split(separator: "\n").first.flatMap({ Int32($0) })
        else { return }
        Glibc.kill(pid, SIGKILL)
    }

    /// Asks the service to end.
    func stop() async throws {
        guard let process = state.withLock({ $0.process }) else { return }
        process.terminate()
        for _ in 0..<400 where process.isRunning { try await Task.sleep(for: .milliseconds(50)) }
        #expect(!process.isRunning, "the service did not end on SIGTERM")
    }

    func remove() {
        kill()
        killDatabase()
        try? FileManager.default.removeItem(atPath: folder)
    }

    // MARK: requests

    private func send(
        _ path: String, body: JSON? = nil, key: String? = nil
    ) async throws -> HTTPTransport.Response {
        let (url, token) = state.withLock { ($0.url, $0.token) }
        var headers = [("Authorization", "Bearer \(token)")]
        if body != nil { headers.append(("Content-Type", "application/json")) }
        if let key { headers.append(("Idempotency-Key", key)) }
        return try await ask(
            body == nil ? "GET" : "POST", url + path, headers: headers, body: body?.canonicalBytes)
    }

    /// Where it listens.
    var url: String { state.withLock { $0.url } }

    /// What a GET answers; nil unless it is 200.
    func bytes(of path: String) async -> [UInt8]? {
        guard let answer = try? await send(path), answer.status == 200 else { return nil }
        return answer.body
    }

    func status(of path: String) async -> Int? { try? await send(path).status }

    func whoami() async throws -> String {
        let answer = try await send("/api/v1/whoami")
        return try #require(try JSON(parsing: answer.body)["principal"]?.string)
    }

    /// A governed write; answers the leaf hash of its entry, or nil when it was not acknowledged.
    func issueToken(for principal: String, key: String) async -> String? {
        let path = "/api/v1/principals/\(principal)/tokens"
        guard let answer = try? await send(path, body: ["days": 1], key: key),
            (200...202).contains(answer.status)
        else { return nil }
        return (try? JSON(parsing: answer.body))?["entry"]?["leafHash"]?.string
    }
}
