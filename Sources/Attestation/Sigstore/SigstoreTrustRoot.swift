// What a sigstore instance is trusted for: its authorities and logs, each for a time.
//
// Specification: dev.sigstore.trustroot.v1.TrustedRoot in proto3 JSON, versions 0.1 and 0.2. Ranges of
// time are closed; one without a start is malformed, one without an end is open. The last certificate
// of a chain is the anchor. Members that we do not interpret are ignored: the file comes from whom
// the caller trusts. Logs with keys of an algorithm that is not used here are left out, so that what
// they signed is of an unknown log.

import Cryptography

/// The contents of a trusted_root.json.
package struct SigstoreTrustRoot: Sendable {
    /// From when until when something was trusted, both included, in seconds since 1970.
    struct Period: Sendable {
        let from: Int64
        let until: Int64?

        func contains(_ time: Int64) -> Bool {
            time >= from && until.map { time <= $0 } != false
        }
    }

    /// A log of signatures or of certificates.
    struct Log: Sendable {
        /// By what entries and timestamps name it.
        let id: [UInt8]
        /// By what its checkpoints name it; the first four bytes count.
        let checkpointID: [UInt8]
        let key: PublicKey
        let period: Period
    }

    /// Who issues certificates for signers or for time stamps.
    struct Authority: Sendable {
        let anchors: [Certificate]
        let intermediates: [Certificate]
        let period: Period
    }

    let logs: [Log]
    let certificateLogs: [Log]
    let certificateAuthorities: [Authority]
    let timestampAuthorities: [Authority]

    private static let mediaTypes: Set<String> = [
        "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
        "application/vnd.dev.sigstore.trustedroot.v0.1+json",
        "application/vnd.dev.sigstore.trustedroot.v0.2+json",
    ]

    /// Reads the file; throws `malformed`, `too-large` or `media-type-unsupported`.
    package init(
        parsing bytes: [UInt8], limits: AttestationLimits = .default
    ) throws(AttestationError) {
        let reader = try MemberReader(parseJSON(bytes, "trusted root", limits), "trusted root")
        guard Self.mediaTypes.contains(try reader.string("mediaType")) else {
            throw AttestationError(
                .mediaTypeUnsupported, "The trusted root's media type is none that is read here.")
        }
        logs = try Self.logs(reader, "tlogs", limits)
        certificateLogs = try Self.logs(reader, "ctlogs", limits)
        certificateAuthorities = try Self.authorities(reader, "certificateAuthorities", limits)
        timestampAuthorities = try Self.authorities(reader, "timestampAuthorities", limits)
    }

    private static func logs(
        _ reader: MemberReader, _ name: String, _ limits: AttestationLimits
    ) throws(AttestationError) -> [Log] {
        guard !reader.isNullOrAbsent(name) else { return [] }
        var logs: [Log] = []
        for element in try reader.array(name, atMost: limits.signatures) {
            let member = try MemberReader(element, "log")
            let key = try member.object("publicKey")
            let period = try period(key)
            let id = try member.object("logId").base64("keyId")
            let checkpoint =
                try member.isNullOrAbsent("checkpointKeyId")
                ? id : member.object("checkpointKeyId").base64("keyId")
            guard let trusted = try? PublicKey(spki: try key.base64("rawBytes")) else { continue }
            logs.append(Log(id: id, checkpointID: checkpoint, key: trusted, period: period))
        }
        return logs
    }

    private static func authorities(
        _ reader: MemberReader, _ name: String, _ limits: AttestationLimits
    ) throws(AttestationError) -> [Authority] {
        guard !reader.isNullOrAbsent(name) else { return [] }
        var authorities: [Authority] = []
        for element in try reader.array(name, atMost: limits.signatures) {
            let member = try MemberReader(element, "authority")
            let period = try period(member)
            var chain: [Certificate] = []
            let elements = try member.object("certChain").array(
                "certificates", atMost: limits.materials)
            for certificate in elements {
                let der = try MemberReader(certificate, "certificate").base64("rawBytes")
                do {
                    chain.append(try Certificate(der: der))
                } catch {
                    throw AttestationError(.certificateMalformed, error.message)
                }
            }
            guard let anchor = chain.popLast() else {
                throw AttestationError(.malformed, "An authority has no certificate.")
            }
            authorities.append(
                Authority(anchors: [anchor], intermediates: chain, period: period))
        }
        return authorities
    }

    private static func period(_ reader: MemberReader) throws(AttestationError) -> Period {
        let range = try reader.object("validFor")
        guard let from = UTCTime.seconds(try range.string("start")) else {
            throw AttestationError(.malformed, "A validFor's start is no time.")
        }
        guard !range.isNullOrAbsent("end") else { return Period(from: from, until: nil) }
        guard let until = UTCTime.seconds(try range.string("end")), until >= from else {
            throw AttestationError(.malformed, "A validFor's end is no time after its start.")
        }
        return Period(from: from, until: until)
    }
}
