// `imprimatur attest`: puts on record what a builder signed of how a version was built.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// Verifies provenance with the builder's key, shows it, sends it.
struct Attest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attest",
        abstract: "Put a builder's signed provenance of a version on record.",
        discussion: """
            The statement is SLSA provenance v1 or v0.2 in a DSSE envelope or a sigstore bundle, \
            signed by the key you name, which is registered as a service's; its subject is the \
            version's artifact digest or a file of it. Keyless bundles are not taken: their keys \
            are registered nowhere. Exit codes: 0 recorded, 1 refused, 2 could not \
            be asked, 64 usage, 75 receipt to come.
            """)

    @Argument(help: "The version, ns/name@n.", transform: Parse.version)
    var version: VersionReference

    @Option(help: ArgumentHelp("The envelope or bundle.", valueName: "file"))
    var statement: String

    @Option(help: ArgumentHelp("The builder's public key, in PEM.", valueName: "pem"))
    var publicKey: String

    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func run() async throws {
        let key = try Files.publicKey(publicKey)
        let envelope = try read(signedBy: key)
        let evidence = try Files.naming(statement) { try ProvenanceEvidence(taking: envelope) }
        Console.note("built by \(evidence.provenance.builder)")
        Console.note("as \(evidence.provenance.buildType)")
        for material in evidence.provenance.materials.prefix(64) {
            Console.note("from \(material.name) \(material.digest)")
        }
        let client = try service.client()
        let answer = try await client.write(
            version.address + "/provenance", ["statement": envelope.json], key: retry.key)
        try answer.finish(
            "provenance of \(version): \(envelope.payloadDigest)", json: format.json)
    }

    /// The envelope with the one signature that counts, under the key's own name: what an envelope calls
    /// its keys is not signed, and the service finds them by their ids.
    private func read(signedBy key: PublicKey) throws -> Envelope {
        let bytes = try Files.read(statement, limit: 16 << 20)
        let envelope = try Files.naming(statement) {
            // Which of the two it is shows by what it has; a broken bundle is no envelope.
            try JSON(parsing: bytes)["dsseEnvelope"] == nil
                ? Envelope(parsing: bytes) : SigstoreBundle(parsing: bytes).envelope
        }
        let signature = envelope.signatures.first { signature in
            !Envelope(
                payloadType: envelope.payloadType, payload: envelope.payload,
                signatures: [signature]
            ).verify(with: [key]).isEmpty
        }
        guard let signature else {
            throw CommandError(
                "\(statement) is not signed by the key in \(publicKey).", code: .no)
        }
        return Envelope(
            payloadType: envelope.payloadType, payload: envelope.payload,
            signatures: [.init(keyID: key.id.hex, bytes: signature.bytes)])
    }
}
