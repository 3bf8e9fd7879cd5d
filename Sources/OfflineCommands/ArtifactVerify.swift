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

    @OptionGroup var format: Format

    package init() {}

    package func run() throws {
        let trust = try signer.trust()
        let bundle = try Files.read(file.bundle)
        let scan = try ArtifactScan.scan(path, signatureFiles: [file.bundle])
        let verdict = try scan.verify(
            bundle: bundle, trust: trust, ignoredPaths: ignore, allowsUnsigned: allowUnsigned)
        let coverage = scan.coverage(of: bundle)
        let contents = try scan.contents()
        if format.json {
            Console.out(document(scan, verdict, coverage, contents))
        } else {
            describe(scan, verdict, coverage, contents)
        }
        guard verdict.isValid else { throw ExitCode.no }
    }

    private func describe(
        _ scan: ArtifactScan, _ verdict: ModelSignatureVerdict, _ coverage: ArtifactCoverage,
        _ contents: ArtifactContents
    ) {
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
                "valid: \(signature.files.count) files signed by \(signer.identity), "
                    + "certified by \(signer.issuer)\nartifact \(scan.digest)")
        } else {
            Console.out(
                "valid: \(signature.files.count) files signed by \(signature.signer)\n"
                    + "artifact \(scan.digest)")
        }
    }

    private func document(
        _ scan: ArtifactScan, _ verdict: ModelSignatureVerdict, _ coverage: ArtifactCoverage,
        _ contents: ArtifactContents
    ) -> JSON {
        [
            "valid": .bool(verdict.isValid),
            "artifact": .string(scan.digest.hex),
            "key": verdict.signature.map { .string($0.signer.hex) } ?? .null,
            "signer": verdict.signature?.certified?.json ?? .null,
            "name": verdict.signature.map { .string($0.name) } ?? .null,
            "files": .integer(Int64(verdict.signature?.files.count ?? 0)),
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
