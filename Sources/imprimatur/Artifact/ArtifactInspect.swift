// `imprimatur artifact inspect`: what a signature file claims, and what it leaves open.

internal import ArgumentParser
internal import Artifacts
internal import Attestation
internal import CanonicalJSON
internal import Cryptography

/// Reads a signature file without believing it.
struct ArtifactInspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what a signature file claims, and what it does not cover.",
        discussion: """
            Nothing is verified: use `artifact verify` for that. Links and other things that end a \
            verification are listed. Exit codes: 0 shown, 2 cannot be read, 64 usage.
            """)

    @Argument(help: "The model: a directory or one file.")
    var path: String

    @OptionGroup var file: BundleFile
    @OptionGroup var format: Format

    func run() throws {
        let bytes = try Files.read(file.bundle)
        let claims = try SignatureClaims(bundle: bytes)
        let coverage = try ArtifactCoverage.survey(path, bundle: bytes, signatureFile: file.bundle)
        if format.json {
            return Console.out(["claims": claims.json, "coverage": coverage.json])
        }
        var lines = [
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
        lines += coverage.gaps.map { "uncovered \($0.reason.rawValue) \($0.path)" }
        lines += coverage.code.map { "code \($0.kind.rawValue) \($0.path)" }
        Console.out(lines.joined(separator: "\n"))
        Console.hint("Nothing of this is verified.")
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
