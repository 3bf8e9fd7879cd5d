// A service as it is run: where it listens, over TLS, and how it stops.

import Foundation
import Glibc
import Registry
import Testing

/// A running `imprimatur serve` of a development service.
final class Served: Sendable {
    let program: Program
    let url: String
    private let process: Process

    init(
        _ program: Program, _ more: [String] = [], environment: [String: String] = [:]
    ) throws {
        self.program = program
        if !File.exists(program.folder + "/service") {
            let made = try program.run("init", "--data-dir", "service", "--development")
            guard made.code == 0 else { throw ProgramError("\(made)") }
        }
        guard let path = Program.path else { throw ProgramError("imprimatur is not built") }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments =
            ["serve", "--data-dir", "service", "--listen", "127.0.0.1:0", "--development"] + more
        process.currentDirectoryURL = URL(fileURLWithPath: program.folder)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let log = program.folder + "/serve.log"
        try File.replace(log, with: [], mode: 0o600)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle(forWritingAtPath: log)
        try process.run()
        self.process = process
        for _ in 0..<1_200 {
            let text = String(decoding: try File.read(log, limit: 16 << 20), as: UTF8.self)
            if let line = text.split(separator: "\n").first(where: { $0.hasPrefix("listening on ") }
            ) {
                url = String(line.dropFirst(13))
                return
            }
            guard process.isRunning else { break }
            usleep(50_000)
        }
        process.terminate()
        throw ProgramError("the service did not start")
    }

    /// Sends a signal and waits; gives the exit code.
    func stop(_ signal: Int32 = SIGTERM) -> Int32 {
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : -1
    }

    deinit { if process.isRunning { _ = stop() } }

    /// Asks who the administrator is.
    func whoami(_ more: [String] = [], at url: String? = nil) throws -> Ran {
        try program.run(
            [
                "whoami", "--server", url ?? self.url, "--token-file",
                "service/credentials/administrator.token",
            ] + more)
    }
}

@Suite(.enabled(if: Postgres.isThere, "skipped: there is no PostgreSQL server"))
struct `A served service` {
    @Test(arguments: [SIGTERM, SIGINT])
    func `stops when told to, and its PostgreSQL with it`(signal: Int32) throws {
        let served = try Served(Program())
        #expect(try served.whoami().code == 0)
        #expect(served.stop(signal) == 0)
        #expect(!File.exists(served.program.folder + "/service/postgres/data/postmaster.pid"))
        #expect(try served.whoami().code == 2)
    }

    @Test func `refuses to run under a development root without being told to`() throws {
        let program = try Program()
        try program.run("init", "--data-dir", "service", "--development")
        let ran = try program.run("serve", "--data-dir", "service", "--listen", "127.0.0.1:0")
        #expect(ran.code == 2 && ran.errors.contains("hint: Start with --development"), "\(ran)")
    }

    @Test func `over TLS is asked only with an authority that vouches for its name`() throws {
        let program = try Program()
        for (name, subject) in [("here", "IP:127.0.0.1"), ("other", "IP:127.0.0.2")] {
            let made = try Program.execute(
                "/usr/bin/openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes",
                    "-keyout", "\(name).key", "-out", "\(name).pem", "-days", "2", "-subj",
                    "/CN=imprimatur", "-addext", "subjectAltName=\(subject)",
                ], in: program.folder, [:])
            #expect(made.code == 0, "\(made)")
        }
        let served = try Served(
            program, ["--tls-certificate", "here.pem", "--tls-key", "here.key"])
        #expect(served.url.hasPrefix("https://127.0.0.1:"))
        let trusted = try served.whoami(["--ca-file", "here.pem"])
        #expect(trusted.code == 0, "\(trusted)")
        for arguments in [[], ["--ca-file", "other.pem"], ["--ca-file", "none.pem"]] {
            let ran = try served.whoami(arguments)
            #expect(ran.code == 2 && ran.output.isEmpty, "\(ran)")
        }
        let plain = try served.whoami(
            at: served.url.replacingOccurrences(of: "https", with: "http"))
        #expect(plain.code == 2, "\(plain)")
        #expect(served.stop() == 0)
        // A certificate that its authority vouches for, but for another address.
        let wrong = try Served(
            program, ["--tls-certificate", "other.pem", "--tls-key", "other.key"])
        let ran = try wrong.whoami(["--ca-file", "other.pem"])
        #expect(ran.code == 2, "\(ran)")
    }
}
