// `imprimatur artifact verify`: are these the bytes that the trusted signer signed?

package import ArgumentParser
internal import Artifacts
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import ModelFormats

/// Verifies a model signature against a signer whom the caller trusts.
package struct ArtifactVerify: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verify a model against its signature and a trusted signer.",
        discussion: """
            Files that the signature does not cover are listed; they are no fault of the signature. \
            Nothing is fetched: all trust comes from the files named here. Exit codes: 0 valid, 1 \
            not, 2 could not decide, 64 usage.
            """)

    @Argument(help: "The model: a directory or one file.")
    var path: String

    @OptionGroup var file: BundleFile
    @OptionGroup var signer: SignerOptions
    @Option(
        help: ArgumentHelp(
            "Ask no signature for this path, relative to PATH, and what is below.",
            valueName: "path"))
    var ignore: [String] = []

    @Flag(help: "Files that nobody signed may be there; they are listed.")
    var allowUnsigned = false

    @Flag(help: "Say the artifact digest also when files are signed in several shards.")
    var artifactDigest = false

    @OptionGroup var format: Format

    package init() {}

    package func run() throws {
        let trust = try signer.trust()
        let bundle = try Files.read(file.bundle)
        let checked = try CheckedArtifact(
            path, bundle: bundle, trust: trust, signatureFiles: [file.bundle],
            ignoredPaths: ignore, allowsUnsigned: allowUnsigned, wantsDigest: artifactDigest)
        let verdict = checked.verdict
        let coverage = checked.coverage(of: bundle)
        let contents = try checked.contents()
        if format.json {
            Console.out(document(checked, coverage, contents))
        } else {
            describe(checked, coverage, contents)
        }
        guard verdict.isValid else { throw ExitCode.no }
    }

    private func describe(
        _ checked: CheckedArtifact, _ coverage: ArtifactCoverage, _ contents: ArtifactContents
    ) {
        let verdict = checked.verdict
        guard let signature = verdict.signature else {
            Console.error("\(path) is not as its signer left it, or not signed by who is trusted.")
            for finding in verdict.findings { Console.note("  - \(finding.line)") }
            return
        }
        for gap in coverage.gaps where gap.reason != .signature {
            Console.warning("\(gap.path) is not covered by the signature (\(gap.reason.rawValue)).")
        }
        for code in contents.code {
            Console.warning(
                "\(code.line) can run code when it is loaded (\(code.code.kind.rawValue)).")
        }
        for fault in contents.faults { Console.warning(fault.line) }
        if let signer = signature.certified {
            if !signer.isRevocationKnown, self.signer.sigstoreRoot == nil {
                Console.warning("nobody was asked whether the certificate was revoked (--crl).")
            }
            Console.out(
                "valid: \(signature.count) files signed by \(signer.identity), "
                    + "certified by \(signer.issuer)")
        } else {
            Console.out("valid: \(signature.count) files signed by \(signature.signer)")
        }
        if let digest = checked.digest {
            Console.out("artifact \(digest)")
        } else {
            Console.hint(
                "signed in several shards, it was not hashed as a whole: --artifact-digest does.")
        }
    }

    private func document(
        _ checked: CheckedArtifact, _ coverage: ArtifactCoverage, _ contents: ArtifactContents
    ) -> JSON {
        let verdict = checked.verdict
        return [
            "valid": .bool(verdict.isValid),
            "artifact": checked.digest.map { .string($0.hex) } ?? .null,
            "key": verdict.signature.map { .string($0.signer.hex) } ?? .null,
            "signer": verdict.signature?.certified?.json ?? .null,
            "name": verdict.signature.map { .string($0.name) } ?? .null,
            "files": .integer(Int64(verdict.signature?.count ?? 0)),
            "uncovered": .array(verdict.uncovered.map(JSON.string)),
            "coverage": coverage.json(contents),
            "faults": .array(contents.faults.map(\.json)),
            "findings": .array(verdict.findings.map(\.json)),
        ]
    }
}

extension CertifiedSigner {
    /// The signer as JSON.
    var json: JSON {
        [
            "identity": .string(identity),
            "issuer": .string(issuer),
            "key": .string(key.id.hex),
            "signedBy": times.min().map { .string(UTCTime.text($0)) } ?? .null,
            "revocation": isRevocationKnown ? "good" : "unknown",
        ]
    }
}
