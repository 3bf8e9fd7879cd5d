// What the command line asks for.

import Glibc

/// The options of one run.
struct Options: Sendable {
    /// Only benchmarks whose name begins so.
    var only: String?
    /// The program that is measured.
    var binary = ".build/release/imprimatur"
    var output = ".build/bench.json"
    /// How often ours and the peer take turns.
    var pairs = 3
    /// Length of one run of the append benchmark.
    var seconds = 10
    /// Entries of the log that is verified.
    var entries = 100_000
    /// Decisions that are recorded before they are simulated.
    var decisions = 100_000
    /// Entries in the queue that is integrated.
    var queue = 1_000_000
    /// Where the curve is drawn.
    var picture = ".build/log-curve.svg"
    /// Where data directories go; its file system is the one whose flushes count.
    var scratch = "/var/tmp"
    /// Where programs from elsewhere are installed.
    var peers = ".build/bench-peers"
    /// The checkout, for the example card.
    var repository = "."

    init(_ arguments: [String]) throws(Usage) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("-") else {
                guard only == nil else { throw Usage("unexpected argument \(argument)") }
                only = argument
                continue
            }
            guard let value = rest.popFirst() else { throw Usage("\(argument) needs a value") }
            switch argument {
            case "--only": only = value
            case "--binary": binary = value
            case "--output": output = value
            case "--scratch": scratch = value
            case "--peers": peers = value
            case "--repository": repository = value
            case "--pairs": pairs = try Self.count(argument, value)
            case "--seconds": seconds = try Self.count(argument, value)
            case "--queue": queue = try Self.count(argument, value)
            case "--picture": picture = value
            case "--decisions": decisions = try Self.count(argument, value)
            case "--entries": entries = try Self.count(argument, value)
            default: throw Usage("unknown option \(argument)")
            }
        }
        binary = try Self.absolute(binary)
        guard access(binary, X_OK) == 0 else {
            throw Usage("\(binary) cannot be run: build it with `make build`")
        }
        repository = try Self.absolute(repository)
        peers = try Self.absolute(peers)
        picture = try Self.absolute(picture)
    }

    /// Whether a benchmark of this name is asked for.
    func wants(_ name: String) -> Bool { only.map { name.hasPrefix($0) } ?? true }

    private static func count(_ option: String, _ text: String) throws(Usage) -> Int {
        guard let value = Int(text), (1...100_000_000).contains(value) else {
            throw Usage("\(option) takes a positive number")
        }
        return value
    }

    private static func absolute(_ path: String) throws(Usage) -> String {
        guard !path.hasPrefix("/") else { return path }
        guard let folder = getcwd(nil, 0) else { throw Usage("there is no working directory") }
        defer { free(folder) }
        return String(cString: folder) + "/" + path
    }
}
