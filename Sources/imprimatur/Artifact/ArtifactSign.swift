// `imprimatur artifact sign`: OpenSSF Model Signing with a key, alone or certified.

internal import ArgumentParser
internal import Artifacts
internal import Attestation
internal import Cryptography
internal import OfflineCommands

/// Signs every file but the ignored ones.
struct ArtifactSign: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign", abstract: "Sign a model in the OpenSSF Model Signing format.",
        discussion: """
            `model-signing verify key` accepts what an ECDSA key signs; with --certificate the \
            method is "certificate" (never give the root as --chain). Exit codes: 0 signed, 2 not \
            signed, 64 usage.
            """)

    @Argument(help: "The model: a directory or one file.")
    var path: String

    @OptionGroup var key: SigningKey

    @Option(
        name: [.customLong("bundle"), .customLong("signature")],
        help: ArgumentHelp("The signature file to write.", valueName: "out"))
    var bundle: String

    @Option(help: ArgumentHelp("Leave this path, relative to PATH, out.", valueName: "path"))
    var ignore: [String] = []

    @Option(help: ArgumentHelp("Sign with this certificate.", valueName: "pem"))
    var certificate: String?

    @Option(help: ArgumentHelp("A certificate between it and the root.", valueName: "pem"))
    var chain: [String] = []

    @Option(help: ArgumentHelp("Sign by shards of this many bytes.", valueName: "bytes"))
    var shardSize: Int64?

    @Option(
        help: ArgumentHelp("The digest: sha256 or blake2b.", valueName: "name"),
        transform: { text in
            guard let digest = ResourceDigest(rawValue: text) else {
                throw ValidationError("“\(text)” is not a digest (sha256, blake2b).")
            }
            return digest
        })
    var digest: ResourceDigest = .sha256

    func validate() throws {
        guard shardSize.map({ $0 > 0 }) != false else {
            throw ValidationError("A shard has a byte at least.")
        }
        guard certificate != nil || chain.isEmpty else {
            throw ValidationError("--chain belongs to --certificate.")
        }
    }

    func run() throws {
        let key = try key.load()
        let certificates = try ([certificate].compactMap(\.self) + chain).flatMap(
            Files.certificates)
        let scan = try ArtifactScan.scan(path, signatureFiles: [bundle])
        if key.algorithm == .ed25519 {
            Console.warning(
                "The format asks verifiers for ECDSA only: `model-signing` refuses Ed25519.")
        }
        if !scan.neverSigned.isEmpty {
            Console.warning(
                "never covered by a model signature: \(scan.neverSigned.joined(separator: ", "))")
        }
        try Files.write(
            bundle,
            scan.sign(
                with: key, certificates: certificates, ignoredPaths: ignore, shardSize: shardSize,
                digest: digest))
        Console.out(scan.digest.hex)
    }
}
