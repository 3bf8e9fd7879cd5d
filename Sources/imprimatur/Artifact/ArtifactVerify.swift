// `imprimatur artifact verify`: are these the bytes that the key signed?

internal import ArgumentParser
internal import Artifacts
internal import Attestation
internal import CanonicalJSON
internal import Cryptography

/// Verifies a model signature against a key that the caller trusts.
struct ArtifactVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Verify a model against its signature and a trusted key.",
        discussion: """
            Files that the signature does not cover are listed; they are no fault of the signature. \
            Exit codes: 0 valid, 1 not, 2 could not decide, 64 usage.
            """)

    @Argument(help: "The model: a directory or one file.")
    var path: String

    @Option(help: ArgumentHelp("The signature file.", valueName: "file"))
    var bundle: String

    @Option(help: ArgumentHelp("The trusted public key, in PEM.", valueName: "pem"))
    var publicKey: String?

    @Option(help: ArgumentHelp("Trust certificates below this root.", valueName: "pem"))
    var trustRoot: String?

    @Option(help: ArgumentHelp("Trust signers certified by sigstore.", valueName: "json"))
    var sigstoreRoot: String?

    @Option(help: ArgumentHelp("The identity that the certificate must carry.", valueName: "text"))
    var identity: String?

    @Option(help: ArgumentHelp("Who must have confirmed the identity.", valueName: "url"))
    var issuer: String?

    @OptionGroup var format: Format

    func validate() throws {
        let ways = [publicKey, trustRoot, sigstoreRoot].compactMap(\.self)
        guard ways.count == 1 else {
            throw ValidationError("Give one of --public-key, --trust-root and --sigstore-root.")
        }
        guard publicKey == nil || (identity == nil && issuer == nil) else {
            throw ValidationError("--identity and --issuer belong to certificates, not to a key.")
        }
        guard publicKey != nil || identity != nil else {
            throw ValidationError("A certificate says nothing without --identity.")
        }
        guard sigstoreRoot == nil || issuer != nil else {
            throw ValidationError("--sigstore-root needs --issuer.")
        }
    }

    func run() throws {
        guard let publicKey else {
            let option = trustRoot == nil ? "--sigstore-root" : "--trust-root"
            throw CommandError("Verifying certificates (\(option)) is not supported yet.")
        }
        let key = try Files.publicKey(publicKey)
        let signature = try Files.read(bundle)
        let scan = try ArtifactScan.scan(path, signatureFiles: [bundle])
        let verdict = try scan.verify(bundle: signature, key: key)
        if format.json {
            Console.out(document(scan, key, verdict))
        } else {
            describe(scan, key, verdict)
        }
        guard verdict.isValid else { throw ExitCode.no }
    }

    private func describe(_ scan: ArtifactScan, _ key: PublicKey, _ verdict: ModelSignatureVerdict)
    {
        guard verdict.isValid else {
            Console.error("\(path) is not as its signer left it, or not signed by this key.")
            for finding in verdict.findings { Console.note("  - \(finding.line)") }
            return
        }
        for file in verdict.uncovered {
            Console.warning("\(file) is not covered by the signature.")
        }
        Console.out(
            "valid: \(verdict.signature?.files.count ?? 0) files signed by \(key.id)\n"
                + "artifact \(scan.digest)")
    }

    private func document(
        _ scan: ArtifactScan, _ key: PublicKey, _ verdict: ModelSignatureVerdict
    ) -> JSON {
        [
            "valid": .bool(verdict.isValid),
            "artifact": .string(scan.digest.hex),
            "key": .string(key.id.hex),
            "name": verdict.signature.map { .string($0.name) } ?? .null,
            "files": .integer(Int64(verdict.signature?.files.count ?? 0)),
            "uncovered": .array(verdict.uncovered.map(JSON.string)),
            "findings": .array(verdict.findings.map(\.json)),
        ]
    }
}

extension AttestationFinding {
    /// {"code","path","message"}.
    var json: JSON {
        [
            "code": .string(code.rawValue), "path": path.map(JSON.string) ?? .null,
            "message": .string(message),
        ]
    }
}
