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
            A signature over the file counts. A statement that names its digest counts only when \
            --predicate-type asks for its type: who reports a flaw in a file has named it too. The \
            file's digest alone does where the signature is made over SHA-256. Nothing is fetched. \
            Exit codes: 0 valid, 1 not, 2 could not decide, 64 usage.
            """)

    @Argument(help: "The file.")
    var file: String?

    @Option(help: ArgumentHelp("The file's digest, instead of the file.", valueName: "sha256:…"))
    var digest: String?

    @OptionGroup var bundle: BundleFile
    @OptionGroup var signer: SignerOptions

    @Option(help: ArgumentHelp("The type of statement that is wanted.", valueName: "uri"))
    var predicateType: String?

    @Flag(help: "Take a signature or a statement of any type; for tests of conformance.")
    var anyPredicate = false

    @OptionGroup var format: Format

    package init() {}

    package func validate() throws {
        guard (file == nil) != (digest == nil) else {
            throw ValidationError("Give the file or its --digest.")
        }
        guard digest.map({ SHA256Digest(oci: $0) != nil }) ?? true else {
            throw ValidationError("--digest is sha256: and 64 hex digits.")
        }
        guard predicateType == nil || !anyPredicate, predicateType != "" else {
            throw ValidationError("Give one --predicate-type, or --any-predicate.")
        }
    }

    package func run() throws {
        let trust = try signer.trust()
        let bytes = try Files.read(bundle.bundle)
        let subject = try subject()
        let verdict = FileSignature.verify(
            bundle: bytes, file: subject, trust: trust, wanted: wanted)
        if format.json {
            Console.out([
                "valid": .bool(verdict.findings.isEmpty),
                "digest": .string(subject.digest.oci),
                "predicateType": .string(verdict.predicateType),
                "key": verdict.key.map { .string($0.hex) } ?? .null,
                "signer": verdict.certified?.json ?? .null,
                "findings": .array(verdict.findings.map(\.json)),
            ])
        } else if verdict.findings.isEmpty {
            Console.out(Self.line(verdict, subject.digest))
        } else {
            Console.error("\(file ?? subject.digest.oci) is not signed by who is trusted.")
            for finding in verdict.findings { Console.note("  - \(finding.line)") }
        }
        guard verdict.findings.isEmpty else {
            throw verdict.needsFile ? ExitCode.undecided : ExitCode.no
        }
    }

    private var wanted: FileSignature.Wanted {
        if anyPredicate { return .any }
        return predicateType.map(FileSignature.Wanted.statement) ?? .signature
    }

    private func subject() throws -> FileSignature.File {
        if let digest = digest.flatMap({ SHA256Digest(oci: $0) }) { return .digest(digest) }
        let file = file ?? ""
        do {
            return .bytes(try Files.read(file, limit: 1 << 30))
        } catch  where SHA256Digest(oci: file) != nil {
            throw CommandError(
                "The file \(file) cannot be read.", hint: "A digest goes into --digest.")
        }
    }

    private static func line(_ verdict: FileSignature.Verdict, _ digest: SHA256Digest) -> String {
        let who =
            verdict.certified.map { "\($0.identity), certified by \($0.issuer)" }
            ?? verdict.key?.hex ?? "nobody"
        let line =
            verdict.predicateType.isEmpty
            ? "valid: \(digest.oci) signed by \(who)"
            : "valid: statement \(verdict.predicateType) about \(digest.oci) signed by \(who)"
        return line.plain()
    }
}
