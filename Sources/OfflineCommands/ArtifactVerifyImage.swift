// `imprimatur artifact verify-image`: has somebody who is trusted signed this container image?

package import ArgumentParser
internal import Artifacts
internal import Attestation
internal import CanonicalJSON
internal import Cryptography

/// Verifies signatures and attestations of an image digest, from files or from an OCI layout.
package struct ArtifactVerifyImage: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "verify-image",
        abstract: "Verify cosign's signatures and attestations of a container image, offline.",
        discussion: """
            The image is its digest; nothing is fetched and no tag is resolved. One signature of whom \
            you trust is enough; all others are listed with what is wrong with them. Without \
            --predicate-type an image signature is wanted, with it an attestation of that type. Exit \
            codes: 0 signed, 1 not, 2 could not decide, 64 usage.
            """)

    @Argument(help: "The digest of the image's manifest, sha256:….")
    var image: String

    @OptionGroup var signer: SignerOptions

    @Option(help: ArgumentHelp("An OCI image layout that holds the signatures.", valueName: "dir"))
    var ociLayout: String?

    @Option(help: ArgumentHelp("What was signed: cosign's payload.", valueName: "file"))
    var payload: String?

    @Option(help: ArgumentHelp("The signature over it, base64 or raw.", valueName: "file"))
    var signature: String?

    @Option(help: ArgumentHelp("A sigstore bundle.", valueName: "file"))
    var bundle: [String] = []

    @Option(help: ArgumentHelp("A DSSE envelope.", valueName: "file"))
    var attestation: [String] = []

    @Option(help: ArgumentHelp("The signer's certificate, and its authorities.", valueName: "pem"))
    var certificate: String?

    @Option(
        help: ArgumentHelp("The log's promise, as cosign annotates it.", valueName: "json"))
    var logBundle: String?

    @Option(help: ArgumentHelp("The image's manifest.", valueName: "file"))
    var manifest: String?

    @Option(help: ArgumentHelp("The kind of attestation that is wanted.", valueName: "uri"))
    var predicateType: String?

    @OptionGroup var format: Format

    package init() {}

    package func validate() throws {
        guard (payload == nil) == (signature == nil) else {
            throw ValidationError("--payload and --signature belong together.")
        }
        guard payload != nil || ociLayout != nil || !bundle.isEmpty || !attestation.isEmpty else {
            throw ValidationError(
                "Give --oci-layout, --payload with --signature, --bundle or --attestation.")
        }
        guard payload != nil || !attestation.isEmpty || (certificate == nil && logBundle == nil)
        else {
            throw ValidationError(
                "--certificate and --log-bundle belong to --signature or --attestation.")
        }
        guard signer.publicKey == nil || (certificate == nil && logBundle == nil) else {
            throw ValidationError(
                "--certificate and --log-bundle say nothing of a signature by --public-key.")
        }
    }

    package func run() throws {
        guard let image = SHA256Digest(oci: image) else {
            throw ValidationError("“\(self.image)” is no digest: sha256: and 64 hex digits.")
        }
        let trust = try signer.trust()
        var findings = OCILayout.Findings()
        if let ociLayout {
            let layout = try OCILayout.open(ociLayout)
            findings = try layout.findings(on: image)
        }
        if let manifest {
            let bytes = try Files.read(manifest, limit: 16 << 20)
            guard SHA256.hash(bytes) == image else {
                throw CommandError("\(manifest) is not the manifest of \(image.oci).", code: .no)
            }
            findings.manifest = bytes
        }
        findings.evidence += try files()
        let verifier = ImageVerifier(
            image: image, trust: trust, predicateType: predicateType, manifest: findings.manifest)
        let verdicts = findings.evidence.map(verifier.judge)
        let isValid = verdicts.contains(where: \.isValid)
        if format.json {
            Console.out([
                "valid": .bool(isValid), "image": .string(image.oci),
                "manifest": .bool(findings.manifest != nil),
                "evidence": .array(verdicts.map(\.json)),
            ])
        } else {
            describe(image, verdicts)
        }
        guard isValid else { throw ExitCode.no }
    }

    private func files() throws -> [ImageEvidence] {
        var evidence: [ImageEvidence] = []
        let chain = try certificate.map { try Files.read($0, limit: 1 << 20) }
        let log = try logBundle.map { try Files.read($0, limit: 1 << 20) }
        func material() throws(AttestationError) -> CosignMaterial {
            try CosignMaterial(
                certificates: [chain].compactMap(\.self), logBundle: log, timestamp: nil)
        }
        func add(_ place: String, _ make: () throws(AttestationError) -> ImageEvidence.Content) {
            do throws(AttestationError) {
                evidence.append(ImageEvidence(place: place, content: try make()))
            } catch {
                evidence.append(ImageEvidence(place: place, content: .unreadable(error.findings)))
            }
        }
        if let payload, let signature {
            let signed = try Files.read(payload, limit: 1 << 20)
            let bytes = Self.plain(try Files.read(signature, limit: 1 << 16))
            add(signature) { () throws(AttestationError) in
                .simple(payload: signed, signature: bytes, try material())
            }
        }
        for file in attestation {
            let bytes = try Files.read(file, limit: 16 << 20)
            add(file) { () throws(AttestationError) in .envelope(bytes, try material()) }
        }
        for file in bundle {
            evidence.append(
                ImageEvidence(
                    place: file, content: .bundle(try Files.read(file, limit: 16 << 20))))
        }
        return evidence
    }

    /// cosign writes signatures in base64 with or without a newline; other programs as they are.
    private static func plain(_ bytes: [UInt8]) -> [UInt8] {
        var text = bytes[...]
        while let last = text.last, last == 0x0A || last == 0x0D { text.removeLast() }
        return Base64.decode(String(decoding: text, as: UTF8.self)) ?? bytes
    }

    private func describe(_ image: SHA256Digest, _ verdicts: [ImageVerdict]) {
        for verdict in verdicts where !verdict.isValid {
            for finding in verdict.findings {
                Console.note("  - \(verdict.place): \(finding.line)")
            }
        }
        let good = verdicts.filter(\.isValid)
        for verdict in good { Console.out(verdict.lines(image).joined(separator: "\n")) }
        guard good.isEmpty else { return }
        let wanted = predicateType.map { "attestation of type \($0)" } ?? "signature"
        Console.error("There is no \(wanted) of \(image.oci) by whom you trust.")
        if verdicts.isEmpty { Console.hint("Nothing that could be one was found.") }
    }
}

extension ImageVerdict {
    fileprivate func lines(_ image: SHA256Digest) -> [String] {
        let who =
            certified.map { "\($0.identity), certified by \($0.issuer)" }
            ?? key?.hex ?? "nobody"
        var lines = [
            predicateType.isEmpty
                ? "valid: \(image.oci) signed by \(who)"
                : "valid: attestation \(predicateType) of \(image.oci) by \(who)"
        ]
        if let provenance {
            lines.append("built by \(provenance.builder) as \(provenance.buildType)")
            lines += provenance.materials.prefix(64).map { "from \($0.name) \($0.digest)" }
        }
        return lines.map { $0.plain() }
    }

    fileprivate var json: JSON {
        [
            "place": .string(place), "valid": .bool(isValid),
            "predicateType": .string(predicateType),
            "key": key.map { .string($0.hex) } ?? .null,
            "signer": certified?.json ?? .null, "reference": .string(reference),
            "provenance": provenance?.json ?? .null,
            "findings": .array(findings.map(\.json)),
        ]
    }
}
