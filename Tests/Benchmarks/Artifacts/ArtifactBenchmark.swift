// artifact.*: verifying model signatures, beside the reference implementation and raw hashing.
//
// Both programs run as a user runs them, from the command line to the exit code, with the files in
// the page cache, or for `artifact.cold` with none of them there.

import Glibc

/// Rates of `imprimatur artifact verify` and `digest`.
enum ArtifactBenchmark {
    static let names = [
        "artifact.verify.vs_model_signing", "artifact.small_files.vs_model_signing",
        "artifact.startup.vs_model_signing", "artifact.hash.vs_openssl_speed",
        "artifact.cold.vs_model_signing", "artifact.shards.vs_openssl_speed",
    ]

    static func run(_ options: Options, _ scratch: Scratch) async throws -> [Comparison] {
        let folder = try scratch.folder("artifacts")
        defer { scratch.remove("artifacts") }
        let (verify, small, startup, hash) = (names[0], names[1], names[2], names[3])
        let (cold, shards) = (names[4], names[5])
        var comparisons: [Comparison] = []
        let isPeerWanted = [verify, small, startup, cold].contains { options.wants($0) }
        let peer = isPeerWanted ? try ModelSigning(options) : nil
        if [verify, hash, cold].contains(where: { options.wants($0) }) {
            let large = try ModelFolder(
                options, in: folder, name: "large", files: 8, size: 512 << 20)
            if let peer, options.wants(verify) {
                comparisons.append(
                    try compare(
                        verify, "bytes/s", Double(large.bytes), large, peer, options, repeats: 1))
            }
            if options.wants(hash) {
                comparisons.append(
                    try compareHashing(
                        hash, [options.binary, "artifact", "digest", large.path], large, options))
            }
            if let peer, options.wants(cold) {
                comparisons.append(
                    try compare(
                        cold, "bytes/s", Double(large.bytes), large, peer, options, repeats: 1,
                        before: large.evict))
            }
            scratch.remove("artifacts/large")
        }
        if options.wants(shards) {
            let huge = try ModelFolder(
                options, in: folder, name: "huge", files: 1, size: 4 << 30, shards: 256 << 20)
            let verifies = [
                options.binary, "artifact", "verify", huge.path, "--bundle", huge.bundle,
                "--public-key", huge.publicKey,
            ]
            comparisons.append(try compareHashing(shards, verifies, huge, options))
            scratch.remove("artifacts/huge")
        }
        if let peer, options.wants(small) {
            let many = try ModelFolder(options, in: folder, name: "many", files: 5_000, size: 4_096)
            comparisons.append(
                try compare(small, "files/s", Double(many.files), many, peer, options, repeats: 1))
        }
        if let peer, options.wants(startup) {
            let tiny = try ModelFolder(options, in: folder, name: "tiny", files: 1, size: 64)
            comparisons.append(try compare(startup, "runs/s", 1, tiny, peer, options, repeats: 5))
        }
        return comparisons
    }

    private static func compare(
        _ name: String, _ unit: String, _ amount: Double, _ model: ModelFolder,
        _ peer: ModelSigning, _ options: Options, repeats: Int, before: () throws -> Void = {}
    ) throws -> Comparison {
        let mine = [
            options.binary, "artifact", "verify", model.path, "--bundle", model.bundle,
            "--public-key", model.publicKey,
        ]
        let theirs = peer.verify(model)
        try Program.run(mine)
        try Program.run(theirs)
        var ours: [Double] = []
        var others: [Double] = []
        for _ in 0..<options.pairs {
            try before()
            ours.append(try rate(mine, amount, repeats))
            try before()
            others.append(try rate(theirs, amount, repeats))
        }
        let result = Comparison(name: name, unit: unit, ours: ours, peer: others)
        say("\(name): ours \(seconds(ours, amount)) s, peer \(seconds(others, amount)) s")
        return result
    }

    private static func seconds(_ rates: [Double], _ amount: Double) -> String {
        rates.map { (amount / $0).short }.joined(separator: " ")
    }

    private static func rate(
        _ program: [String], _ amount: Double, _ repeats: Int
    ) throws -> Double {
        let start = Clock.now
        for _ in 0..<repeats { try Program.run(program) }
        return amount * Double(repeats) / (Clock.now - start)
    }

    /// A program of ours that hashes a large model, beside `openssl speed` on all processors at once.
    private static func compareHashing(
        _ name: String, _ mine: [String], _ model: ModelFolder, _ options: Options
    ) throws -> Comparison {
        try Program.run(mine)
        var ours: [Double] = []
        var others: [Double] = []
        for _ in 0..<options.pairs {
            ours.append(try rate(mine, Double(model.bytes), 1))
            others.append(try opensslSpeed())
        }
        return Comparison(name: name, unit: "bytes/s", ours: ours, peer: others)
    }

    /// The last line is `evp 1234567.89k`: thousands of bytes a second.
    private static func opensslSpeed() throws -> Double {
        let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let output = try Program.run(
            [
                "openssl", "speed", "-multi", "\(cores)", "-seconds", "2", "-bytes", "262144",
                "-evp", "sha256",
            ], log: "/dev/null"
        ).output
        let field = output.split(separator: "\n").last?.split(separator: " ").last
        guard let field, field.hasSuffix("k"), let rate = Double(field.dropLast()) else {
            throw Failure("openssl speed did not say how fast it was: \(output)")
        }
        return rate * 1000
    }
}

/// The reference implementation, in a Python environment of its own.
struct ModelSigning: Sendable {
    static let version = "1.1.1"
    private let program: String

    /// Installs it when it is missing.
    init(_ options: Options) throws {
        let environment = try PythonEnvironment(
            "model-signing-" + Self.version,
            packages: ["model-signing==" + Self.version, "pyOpenSSL"], options)
        program = environment.path + "/bin/model_signing"
    }

    /// The command line that verifies a model.
    func verify(_ model: ModelFolder) -> [String] {
        [
            program, "verify", "key", model.path, "--signature", model.bundle, "--public_key",
            model.publicKey,
        ]
    }
}
