// The stage of the demo: commands run as a person would run them, shown with what they answered.

internal import Foundation
internal import Glibc
internal import OfflineCommands
internal import Registry

/// Runs this very program in a folder, as different people, and shows what it says.
final class DemoStage {
    /// Where everything happens; the commands' working directory.
    let folder: String
    /// Variables that name a database elsewhere; empty for a private one. They hold passwords, so
    /// they are no arguments.
    let databases: [String: String]
    /// The service, once it listens.
    private(set) var server = ""
    /// The person who acts: whose token goes along.
    var person: String?
    private var service: Process?
    private var steps = 0

    /// Of a longer answer only the beginning and the end are shown.
    private static let (shownFirst, shownLast) = (13, 3)

    init(folder: String, databases: [String: String]) {
        self.folder = folder
        self.databases = databases
    }

    // MARK: words

    /// Announces what comes next.
    func step(_ title: String, _ explanation: String) {
        steps += 1
        Console.out("\n\(steps). \(title)\n   \(explanation)\n")
    }

    /// Says what just happened.
    func remark(_ text: String) { Console.out("   → \(text)") }

    // MARK: commands

    /// Runs a command, shows it, and insists on its exit code; gives its standard output.
    @discardableResult
    func run(_ arguments: [String], expecting code: Int32 = 0) throws -> String {
        let prompt = person.map { "\($0) $" } ?? "$"
        Console.out("   \(prompt) imprimatur " + arguments.map(Self.quoted).joined(separator: " "))
        let answer = try quietly(arguments)
        show(answer.errors + answer.output)
        guard answer.code == code else {
            throw CommandError(
                "The demo expected exit code \(code) and got \(answer.code).",
                findings: ["imprimatur " + arguments.joined(separator: " ")],
                hint: "The service's log is \(folder)/service.log.")
        }
        if code != 0 { Console.out("     exit code \(code)") }
        return answer.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Runs a command without showing it; gives its standard output.
    func quiet(_ arguments: [String]) throws -> String {
        let answer = try quietly(arguments)
        guard answer.code == 0 else {
            throw CommandError(
                "A preparation of the demo failed: imprimatur " + arguments.joined(separator: " "),
                findings: answer.errors.split(separator: "\n").map(String.init))
        }
        return answer.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func quietly(
        _ arguments: [String]
    ) throws -> (output: String, errors: String, code: Int32) {
        let process = process(arguments)
        // Files rather than pipes: nobody has to read while the command runs.
        let (output, errors) = (folder + "/.output", folder + "/.errors")
        process.standardOutput = try handle(output)
        process.standardError = try handle(errors)
        try process.run()
        process.waitUntilExit()
        return (
            String(decoding: try File.read(output, limit: 64 << 20), as: UTF8.self),
            String(decoding: try File.read(errors, limit: 64 << 20), as: UTF8.self),
            process.terminationStatus
        )
    }

    private func process(_ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        var environment = ProcessInfo.processInfo.environment
        for name in ["IMPRIMATUR_TOKEN", "IMPRIMATUR_ROOT"] + DatabaseURLs.variables {
            environment[name] = databases[name]
        }
        environment["XDG_CONFIG_HOME"] = folder + "/config"
        environment["IMPRIMATUR_SERVER"] = server.isEmpty ? nil : server
        environment["IMPRIMATUR_TOKEN"] = person.flatMap(token)
        process.environment = environment
        return process
    }

    private func token(of person: String) -> String? {
        let files = ["\(folder)/\(person).token", "\(folder)/service/credentials/\(person).token"]
        let bytes = files.lazy.compactMap { try? File.readIfPresent($0, limit: 4_096) }.first
        return bytes.map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .newlines) }
    }

    private func handle(_ path: String) throws -> FileHandle {
        unlink(path)
        try File.create(path, [], mode: 0o600)
        guard let handle = FileHandle(forWritingAtPath: path) else {
            throw CommandError("cannot write \(path)")
        }
        return handle
    }

    private func show(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
        let hidden = lines.count - Self.shownFirst - Self.shownLast
        guard hidden > 1 else {
            for line in lines { Console.out("     \(line)") }
            return
        }
        for line in lines.prefix(Self.shownFirst) { Console.out("     \(line)") }
        Console.out("     … \(hidden) lines …")
        for line in lines.suffix(Self.shownLast) { Console.out("     \(line)") }
    }

    private static func quoted(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            (0x2B...0x3A).contains(byte) || (0x40...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || byte == 0x5F
        }
        return plain && !word.isEmpty ? word : "'\(word)'"
    }

    // MARK: the service

    /// Starts the service and waits until it listens.
    func startService(_ arguments: [String]) throws {
        Console.out("   $ imprimatur " + arguments.map(Self.quoted).joined(separator: " ") + " &")
        let process = process(arguments)
        let log = folder + "/service.log"
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try handle(log)
        try process.run()
        service = process
        for _ in 0..<1_200 {
            let text = String(decoding: try File.read(log, limit: 16 << 20), as: UTF8.self)
            for line in text.split(separator: "\n") where line.hasPrefix("listening on ") {
                server = String(line.dropFirst(13))
                Console.out("     \(line)")
                return
            }
            guard process.isRunning else { break }
            usleep(50_000)
        }
        throw CommandError("The service did not start.", hint: "Its log is \(log).")
    }

    /// Asks the service to stop and waits for it.
    func stopService() {
        guard let service, service.isRunning else { return }
        service.terminate()
        service.waitUntilExit()
    }

    /// Leaves the service running until somebody ends the demo.
    func waitForService() {
        // Ctrl-C reaches the service as well: it stops, and with it the waiting ends.
        signal(SIGINT, SIG_IGN)
        signal(SIGTERM, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .global())
        let number = service?.processIdentifier ?? 0
        source.setEventHandler { if number > 0 { kill(number, SIGTERM) } }
        source.resume()
        service?.waitUntilExit()
        source.cancel()
    }
}
