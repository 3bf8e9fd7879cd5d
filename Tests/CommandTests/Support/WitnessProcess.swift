// The built binary as a witness, started, asked, killed.

import Foundation
import HTTPClient
import Glibc
import Registry
import Synchronization
import TestSupport
import Testing
import TransparencyLog

/// The built binary as a witness in a folder of its own.
final class WitnessProcess: Sendable {
    let program: Program
    let vkey: String
    var data: String { program.folder + "/witness" }
    var keys: String { program.folder + "/log.vkeys" }
    var key: VerifierKey { get throws { try VerifierKey(vkey) } }
    private let state = Mutex(State())

    private struct State {
        var process: Process?
        var url = ""
    }

    init(name: String = "witness.example/w1") throws {
        program = try Program()
        let made = try program.run(
            "witness", "init", "--data-dir", program.folder + "/witness", "--name", name)
        guard made.code == 0 else { throw ProgramError(made.description) }
        vkey = made.line
    }

    deinit { kill() }

    /// Where it listens.
    var url: String { state.withLock(\.url) }

    func add(_ log: GrowingLog) throws { try add(vkeys: log.signer.verifierKey.text + "\n") }

    func add(vkeys: String) throws {
        try program.write("log.vkeys", vkeys)
        let added = try run(["add-log", "--data-dir", data, keys])
        guard added.code == 0 else { throw ProgramError(added.description) }
    }

    func run(_ arguments: [String]) throws -> Ran { try program.run(["witness"] + arguments) }

    /// Starts it and waits until it listens.
    func start(_ more: [String] = []) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Program.path))
        process.arguments = ["witness", "--data-dir", data, "--listen", "127.0.0.1:0"] + more
        let log = program.folder + "/witness.log"
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        let handle = try #require(FileHandle(forWritingAtPath: log))
        process.standardError = handle
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        state.withLock { $0.process = process }
        for _ in 0..<600 {
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            if let line = text.split(separator: "\n").first(where: {
                $0.contains("listening on http")
            }
            ),
                let url = line.components(separatedBy: "listening on ").last
            {
                state.withLock { $0.url = url }
                return
            }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        throw ProgramError("the witness does not listen: \(text.suffix(2000))")
    }

    /// `kill -9`.
    func kill() {
        guard let process = state.withLock({ $0.process }), process.isRunning else { return }
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Asks it to end, and waits.
    func stop() async throws {
        guard let process = state.withLock({ $0.process }) else { return }
        process.terminate()
        for _ in 0..<400 where process.isRunning { try await Task.sleep(for: .milliseconds(25)) }
        #expect(!process.isRunning, "the witness did not end on SIGTERM")
    }

    func post(_ body: [UInt8], _ path: String = "/add-checkpoint") async throws -> WitnessReply {
        let reply = try await ask("POST", url + path, body: body)
        return WitnessReply(
            status: reply.status, mediaType: reply.headers["content-type"] ?? "", body: reply.body)
    }

    func get(_ path: String) async throws -> (Int, [UInt8]) {
        let reply = try await ask("GET", url + path)
        return (reply.status, reply.body)
    }

    /// Expects one cosignature of this witness over a checkpoint.
    func check(
        _ reply: WitnessReply, over note: SignedNote, _ location: SourceLocation = #_sourceLocation
    ) throws {
        var note = note
        try note.append(lines: reply.body)
        let cosigned = note.open(with: [try key]).note?.verified.map(\.key)
        #expect(cosigned == [try key], sourceLocation: location)
    }
}
