// `imprimatur artifact inspect`: what is in a model's files, what its signature claims and leaves open.

package import ArgumentParser
internal import Artifacts
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import ModelFormats

/// Reads a model and its signature file without believing them.
package struct ArtifactInspect: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what is in a model's files, and what its signature does not cover.",
        discussion: """
            Headers of weights (safetensors, GGUF, ONNX) are read, never loaded; what can run code \
            is found by its bytes, also in archives. Nothing is verified: use `artifact verify` for \
            that. Links and other things that end a verification are listed. Exit codes: 0 shown, 1 \
            shown and a file is not what its format demands, 2 cannot be read, 64 usage.
            """)

    @Argument(help: "The model: a directory or one file.")
    var path: String

    @Option(
        name: [.customLong("bundle"), .customLong("signature")],
        help: ArgumentHelp("The signature file.", valueName: "file"))
    var bundle: String?

    @OptionGroup var format: Format

    package init() {}

    package func run() throws {
        let bytes = try bundle.map { try Files.read($0) }
        let claims = try bytes.map { try SignatureClaims(bundle: $0) }
        let (coverage, contents) = try ArtifactCoverage.survey(
            path, bundle: bytes, signatureFile: bundle)
        if format.json {
            Console.out([
                "claims": claims?.json ?? .null, "coverage": coverage.json(contents),
                "headers": .array(contents.headers.map(\.json)),
                "faults": .array(contents.faults.map(\.json)),
            ])
        } else {
            Console.out(lines(claims, coverage, contents).joined(separator: "\n"))
            for fault in contents.faults { Console.error(fault.line) }
            Console.hint("Nothing of this is verified.")
        }
        guard contents.faults.isEmpty else { throw ExitCode.no }
    }

    private func lines(
        _ claims: SignatureClaims?, _ coverage: ArtifactCoverage, _ contents: ArtifactContents
    ) -> [String] {
        var lines: [String] = []
        if let claims {
            lines += [
                "method \(claims.method)", "name \(claims.name)",
                "files \(claims.resources) by \(claims.serialization) of \(claims.digest)",
            ]
            lines += claims.certificates.enumerated().map { depth, certificate in
                "certificate \(depth) \(certificate.subject.isEmpty ? "-" : certificate.subject) "
                    + "[\(certificate.names.map(\.value).joined(separator: ", "))] "
                    + "\(UTCTime.text(certificate.notBefore))/\(UTCTime.text(certificate.notAfter))"
            }
            lines += claims.logEntries.map { "log entry \($0)" }
            lines += claims.stampTimes.map { "time stamp \(UTCTime.text($0))" }
        }
        lines += contents.headers.map(\.line)
        lines += coverage.gaps.map { "uncovered \($0.reason.rawValue) \($0.path)" }
        lines += contents.code.map { "code \($0.code.kind.rawValue) \($0.line)" }
        return lines.isEmpty ? ["nothing to say of \(path)"] : lines
    }
}

extension SignatureClaims {
    /// The claims as JSON.
    var json: JSON {
        [
            "method": .string(method),
            "mediaType": .string(mediaType),
            "name": .string(name),
            "resources": .integer(Int64(resources)),
            "serialization": .string(serialization),
            "digest": .string(digest),
            "ignoredPaths": .array(ignoredPaths.map(JSON.string)),
            "certificates": .array(
                certificates.map { certificate in
                    [
                        "subject": .string(certificate.subject),
                        "issuer": .string(certificate.issuer),
                        "serial": .string(certificate.serial),
                        "names": .array(certificate.names.map { .string($0.value) }),
                        "notBefore": .string(UTCTime.text(certificate.notBefore)),
                        "notAfter": .string(UTCTime.text(certificate.notAfter)),
                    ]
                }),
            "logEntries": .array(logEntries.map(JSON.string)),
            "timestamps": .array(stampTimes.map { .string(UTCTime.text($0)) }),
        ]
    }
}
