// Reading a permit out of a statement, strictly; whether it may be used is Permit+Verify.swift.

import CanonicalJSON
import Cryptography

extension Permit {
    private static let predicateMembers: Set<String> = [
        "verifier", "timeVerified", "verificationResult", "resourceUri", "policy",
        "inputAttestations", "verifiedLevels", "imprimatur",
    ]
    private static let ownMembers: Set<String> = [
        "origin", "model", "environment", "target", "use", "kind", "deployment", "notBefore",
        "notAfter", "nonce", "decision", "trustRoot", "development", "files",
    ]

    /// Reads a permit from a statement; throws the first thing that is no permit's.
    package init(
        _ statement: Statement, limits: AttestationLimits = .default
    ) throws(AttestationError) {
        guard statement.predicateType == Self.predicateType else {
            throw AttestationError(
                .predicateTypeMismatch, "The statement is no verification summary.")
        }
        let summary = try MemberReader(
            statement.predicate, "summary", allowing: Self.predicateMembers)
        guard try summary.string("verificationResult") == "PASSED" else {
            throw AttestationError(.resultNotPassed, "The verification did not pass.")
        }
        verifierID = try summary.object("verifier", allowing: ["id"]).string("id")
        timeVerified = try summary.instant("timeVerified")
        policy = try Input(try summary.value("policy"), "policy")
        var inputs: [Input] = []
        for input in try summary.array("inputAttestations", atMost: 10_000) {
            inputs.append(try Input(input, "input attestation"))
        }
        self.inputs = inputs
        verifiedLevels = try summary.strings("verifiedLevels", atMost: 1_000)

        let own = try summary.object("imprimatur", allowing: Self.ownMembers)
        origin = try own.text("origin", isEmptyAllowed: false)
        model = try own.text("model", isEmptyAllowed: false)
        environment = try own.text("environment", isEmptyAllowed: false)
        target = try own.text("target", isEmptyAllowed: true)
        use = try own.text("use", isEmptyAllowed: true)
        deployment = try own.text("deployment", isEmptyAllowed: false)
        guard let kind = Kind(rawValue: try own.string("kind")) else {
            throw AttestationError(.malformed, "The permit is neither for deploy nor for run.")
        }
        self.kind = kind
        notBefore = try own.instant("notBefore")
        notAfter = try own.instant("notAfter")
        guard notBefore < notAfter else {
            throw AttestationError(.malformed, "The permit ends before it begins.")
        }
        nonce = try own.string("nonce")
        guard (32...64).contains(nonce.utf8.count), nonce.utf8.allSatisfy(isLowercaseHex) else {
            throw AttestationError(.malformed, "The nonce is not 32 to 64 hexadecimal digits.")
        }
        decision = try own.digest("decision")
        let root = try own.object("trustRoot", allowing: ["version", "digest"])
        guard let version = try root.value("version").integer, version >= 1 else {
            throw AttestationError(.malformed, "The permit's trust root has no version.")
        }
        self.root = Root(version: version, digest: try root.digest("digest"))
        development = try own.bool("development")
        manifest = try ArtifactManifest(json: try own.value("files"), limits: limits)
        try checkAgreement(of: statement, with: try summary.string("resourceUri"))
    }

    /// The same thing is said twice, for readers of summaries and for ours: it must be the same.
    private func checkAgreement(
        of statement: Statement, with resourceURI: String
    ) throws(AttestationError) {
        guard statement.subjects.count == 1,
            statement.subjects[0].name.utf8.elementsEqual(model.utf8),
            statement.subjects[0].digests.count == 1
        else {
            throw AttestationError(.malformed, "The subject is not the permit's model.")
        }
        guard statement.subjects[0].sha256 == manifest.digest else {
            throw AttestationError(
                .rootDigestMismatch, "The subject's digest is not that of the listed files.")
        }
        let expected = Self.resourceURI(model: model, environment: environment)
        guard resourceURI.utf8.elementsEqual(expected.utf8) else {
            throw AttestationError(
                .malformed, "The resourceUri is not that of model and environment.")
        }
    }
}

extension Permit {
    /// Whether a text can be a target: at most 512 bytes of printable ASCII, no space, quote or backslash.
    package static func isName(_ text: String) -> Bool {
        text.utf8.count <= 512
            && text.utf8.allSatisfy { byte in
                (0x21...0x7E).contains(byte) && byte != 0x22 && byte != 0x5C
            }
    }
}

/// Whether the text is a time in the one form "2026-11-21T08:00:00.000Z", by its shape.
func isInstant(_ text: String) -> Bool {
    let pattern = Array("dddd-dd-ddTdd:dd:dd.dddZ".utf8)
    let bytes = Array(text.utf8)
    return bytes.count == pattern.count
        && zip(bytes, pattern).allSatisfy { byte, shape in
            shape == UInt8(ascii: "d") ? (0x30...0x39).contains(byte) : byte == shape
        }
}

extension MemberReader {
    fileprivate func instant(_ name: String) throws(AttestationError) -> String {
        let text = try string(name)
        guard isInstant(text) else {
            throw AttestationError(
                .malformed, "The \(what)'s '\(name)' is no time like 2026-11-21T08:00:00.000Z.")
        }
        return text
    }

    /// A name: printable ASCII without what would make a URI ambiguous.
    fileprivate func text(
        _ name: String, isEmptyAllowed: Bool
    ) throws(AttestationError) -> String {
        let text = try string(name)
        let hasQuery =
            name != "origin" && name != "target"
            && text.utf8.contains { byte in
                byte == UInt8(ascii: "?") || byte == UInt8(ascii: "&") || byte == UInt8(ascii: "#")
            }
        guard Permit.isName(text), !hasQuery, isEmptyAllowed || !text.isEmpty else {
            throw AttestationError(.malformed, "The \(what)'s '\(name)' is no name.")
        }
        return text
    }
}
