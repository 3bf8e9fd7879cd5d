// The built program, run as a person would run it.

import Foundation
import Glibc
import Registry

/// What a run of the program left behind.
struct Ran: CustomStringConvertible {
    let command: String
    let code: Int32
    let output: String
    let errors: String

    var description: String {
        "imprimatur \(command)\nexit code \(code)\nstdout:\n\(output)\nstderr:\n\(errors)"
    }

    /// Standard output without its last newline.
    var line: String { output.trimmingCharacters(in: .whitespacesAndNewlines) }
}

/// Runs `imprimatur` in a folder of its own.
final class Program: Sendable {
    /// The folder; removed with this value.
    let folder: String

    init() throws {
        var template = Array("/tmp/imprimatur-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw ProgramError("mkdtemp") }
        folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        chmod(folder, 0o711)
    }

    deinit {
        // A staged artifact is read-only, for root too no obstacle; for others it is made writable.
        _ = try? Self.execute("/bin/chmod", ["-R", "u+w", folder], in: "/", [:])
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// The program beside the test bundle.
    static let path: String? = {
        let places =
            CommandLine.arguments.filter { $0.contains(".xctest") }
            + [URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path]
        for place in places {
            var folder = URL(fileURLWithPath: place)
            while folder.path != "/" {
                folder.deleteLastPathComponent()
                let candidate = folder.path + "/imprimatur"
                var isFolder = ObjCBool(false)
                if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder),
                    !isFolder.boolValue, access(candidate, X_OK) == 0
                {
                    return candidate
                }
            }
        }
        return nil
    }()

    /// The top of the checkout that this file is in.
    static let repository: String = {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { folder.deleteLastPathComponent() }
        return folder.path
    }()

    /// The folder of the example.
    static let example = repository + "/docs/examples/scorecard"

    /// Runs the program; paths are relative to the folder.
    @discardableResult
    func run(_ arguments: [String], _ environment: [String: String] = [:]) throws -> Ran {
        guard let path = Self.path else { throw ProgramError("imprimatur is not built") }
        return try Self.execute(
            path, arguments, in: folder,
            environment.merging(["XDG_CONFIG_HOME": folder + "/config"]) { given, _ in given })
    }

    @discardableResult
    func run(_ arguments: String...) throws -> Ran { try run(arguments) }

    /// Writes a file in the folder.
    func write(_ name: String, _ text: String) throws {
        try write(name, Array(text.utf8))
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        let path = "\(folder)/\(name)"
        if let parent = File.folder(of: path) { try File.makeFolder(parent, mode: 0o755) }
        try File.replace(path, with: bytes, mode: 0o644)
    }

    /// A file of the folder.
    func read(_ name: String) throws -> [UInt8] {
        try File.read("\(folder)/\(name)", limit: 64 << 20)
    }

    static func execute(
        _ program: String, _ arguments: [String], in folder: String, _ more: [String: String]
    ) throws -> Ran {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        var environment = ProcessInfo.processInfo.environment
        for name in environment.keys where name.hasPrefix("IMPRIMATUR_") || name == "DATABASE_URL" {
            environment[name] = nil
        }
        process.environment = environment.merging(more) { _, given in given }
        let id = UUID().uuidString
        let (output, errors) = ("/tmp/imprimatur-out-\(id)", "/tmp/imprimatur-err-\(id)")
        try File.create(output, [], mode: 0o600)
        try File.create(errors, [], mode: 0o600)
        defer {
            unlink(output)
            unlink(errors)
        }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
        process.waitUntilExit()
        return Ran(
            command: arguments.joined(separator: " "),
            code: process.terminationReason == .exit ? process.terminationStatus : -1,
            output: String(decoding: try File.read(output, limit: 64 << 20), as: UTF8.self),
            errors: String(decoding: try File.read(errors, limit: 64 << 20), as: UTF8.self))
    }
}

/// Why a test could not run the program.
struct ProgramError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
