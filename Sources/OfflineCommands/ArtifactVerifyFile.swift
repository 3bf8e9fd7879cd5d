// `imprimatur artifact verify-file`: a sigstore bundle beside any single file.

package import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography

/// Verifies a sigstore bundle of one file, or of its digest alone.
package struct ArtifactVerifyFile: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "verify-file",
        abstract: "Verify a sigstore bundle of one file.",
        discussion: """
            The bundle holds a signature over the file, or a statement that names its digest. A file \
            can be given by its digest alone where the signature is made over SHA-256. Nothing is \
            fetched. Exit codes: 0 valid, 1 not, 2 could not decide, 64 usage.
            """)

    @Argument(help: "The file, or sha256: and its digest.")
    var file: String

    @OptionGroup var bundle: BundleFile
    @OptionGroup var signer: SignerOptions
    @OptionGroup var format: Format

    package init() {}

    package func run() throws {
        let trust = try signer.trust()
        let bytes = try Files.read(bundle.bundle)
        let subject: FileSignature.File =
            if let digest = SHA256Digest(oci: file) {
                .digest(digest)
            } else {
                .bytes(try Files.read(file, limit: 1 << 30))
            }
        let verdict = FileSignature.verify(bundle: bytes, file: subject, trust: trust)
        let who =
            verdict.certified.map { "\($0.identity), certified by \($0.issuer)" }
            ?? verdict.key?.hex ?? "nobody"
        if format.json {
            Console.out([
                "valid": .bool(verdict.findings.isEmpty),
                "digest": .string(subject.digest.oci),
                "key": verdict.key.map { .string($0.hex) } ?? .null,
                "signer": verdict.certified?.json ?? .null,
                "findings": .array(verdict.findings.map(\.json)),
            ])
        } else if verdict.findings.isEmpty {
            Console.out("valid: \(subject.digest.oci) signed by \(who)")
        } else {
            Console.error("\(file) is not signed by who is trusted.")
            for finding in verdict.findings { Console.note("  - \(finding.line)") }
        }
        guard verdict.findings.isEmpty else { throw ExitCode.no }
    }
}
