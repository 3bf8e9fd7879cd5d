// The code of Go's checksum database reading our logs: Tests/Peers/sumdb, built once per run of tests.
internal import Foundation

extension Peers {
    private static let module = "/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog"

    /// Whether there are a Go compiler and the sources of golang.org/x/mod, for `.enabled(if:)`.
    package static let hasGo: Bool =
        FileManager.default.fileExists(atPath: module) && (try? run(["go", "version"]))?.code == 0

    private static let built: Result<String, any Error> = Result {
        let program = repository + "/.build/peers-go/sumdb"
        let ran = try run(
            ["go", "build", "-o", program, "."], in: repository + "/Tests/Peers/sumdb",
            environment: [
                "GOPROXY": "off", "GOSUMDB": "off", "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0",
                "GOCACHE": repository + "/.build/peers-go/cache",
            ])
        guard ran.code == 0 else { throw PeerError(description: "\(ran)") }
        return program
    }

    /// Reads a whole log, at a URL or in a directory, and checks all of it.
    package static func goReads(_ place: String, key: String) throws -> Ran {
        try run([built.get(), "log", place, key])
    }

    /// Checks proofs, a line each; the program says what a line is.
    package static func goChecks(proofs: [String]) throws -> Ran {
        try run([built.get(), "proofs"], input: proofs.flatMap { Array(($0 + "\n").utf8) })
    }
}

/// A peer that is there and cannot be used.
package struct PeerError: Error, CustomStringConvertible {
    package let description: String
}
