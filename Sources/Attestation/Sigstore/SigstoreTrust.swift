// Keyless signatures: by a certificate that lived for minutes, believed years later, without asking
// anybody.
//
// Specification: the sigstore client's verification, offline, against a trusted root of the caller.
// Every one of these must hold; all that do not are reported:
// 1. The time: each RFC 3161 time stamp over the signature's bytes, by an authority that was trusted
//    then; and the time at which a log of the first version took the entry, when its promise (SET)
//    holds. There must be one. A stamp that does not hold is worth nothing, and is a fault when
//    nothing else says when.
// 2. The path from the certificate to an authority of the trusted root that was trusted then, valid at
//    each of these times.
// 3. Exactly one SCT in the certificate, by a certificate log that was trusted then.
// 4. The certificate may sign, code; its name is the identity asked for (e-mail, URI, or otherName
//    1.3.6.1.4.1.57264.1.7); its issuer (extension .1.8, or .1.1) the one asked for.
// 5. Exactly one log entry of a log that is trusted, with a proof of inclusion to the root of a
//    checkpoint that the log has signed. Cosignatures of witnesses are ignored: the trusted root
//    names none.
// 6. The promise, where there is one: ECDSA over the RFC 8785 form of body, integratedTime, logID and
//    logIndex.
// 7. The entry is about this signature, by this certificate, over these bytes (LogEntryBody.swift).
// The signature itself is checked with the certificate's key by whoever reads the envelope.

import CanonicalJSON
import Cryptography

/// Whom of a sigstore instance's signers the verifier believes.
package struct SigstoreTrust: Sendable {
    /// The instance.
    package var root: SigstoreTrustRoot
    /// Who must have signed.
    package var identity: String
    /// Who must have confirmed that.
    package var issuer: String

    package init(root: SigstoreTrustRoot, identity: String, issuer: String) {
        self.root = root
        self.identity = identity
        self.issuer = issuer
    }

    private static let otherName = "1.3.6.1.4.1.57264.1.7"
    private static let issuerV2 = "1.3.6.1.4.1.57264.1.8"
    private static let issuerV1 = "1.3.6.1.4.1.57264.1.1"
}

/// A signature with everything that came with it.
struct KeylessSignature {
    let chain: [[UInt8]]
    let logEntries: [TransparencyLogEntry]
    let timestamps: [[UInt8]]
    let signature: [UInt8]
    let content: SignedContent
    /// Whether a log's promise to include the entry stands in for the proof that it did; only where the
    /// format has no place for a proof.
    var promiseSuffices = false
}

extension SigstoreTrust {
    /// Examines who made the signature.
    func examine(
        _ bundle: KeylessSignature, limits: AttestationLimits = .default
    ) -> SignerExamination {
        var examination = SignerExamination()
        guard let leaf = readLeaf(bundle.chain, &examination) else { return examination }
        if bundle.logEntries.count != 1 {
            examination.refuse(
                .logEntryCount, "\(bundle.logEntries.count) log entries, not exactly one.")
        }
        var times = stampTimes(bundle, &examination)
        if let entry = bundle.logEntries.first {
            let isPromised = bundle.promiseSuffices && entry.signedEntryTimestamp != nil
            times += checkEntry(
                entry, stamps: times, needsProof: !isPromised || entry.inclusionProof != nil,
                &examination)
            if LogEntryBody(entry, limits: limits)?.isAbout(
                bundle.content, signature: bundle.signature, by: leaf) != true
            {
                examination.refuse(
                    .logEntryMismatch,
                    "The log entry is not about this signature by this certificate.")
            }
        }
        if times.isEmpty {
            examination.refuse(.timeMissing, "Nothing shows when the signature was made.")
        }
        var issuer: Certificate?
        for time in times { issuer = checkPath(leaf, at: time, &examination) ?? issuer }
        if let issuer { checkPublication(leaf, issuer, &examination) }
        checkLeaf(leaf, &examination)
        examination.key = leaf.publicKey
        guard let key = leaf.publicKey else {
            examination.refuse(
                .certificateWeak, "The certified key is of an algorithm that is not used here.")
            return examination
        }
        examination.signer = CertifiedSigner(
            key: key, identity: identity, issuer: self.issuer, times: times,
            isRevocationKnown: false)
        return examination
    }

    private func readLeaf(
        _ chain: [[UInt8]], _ examination: inout SignerExamination
    ) -> Certificate? {
        var certificates: [Certificate] = []
        for der in chain {
            do {
                certificates.append(try Certificate(der: der))
            } catch {
                examination.refuse(.certificateMalformed, error.message)
                return nil
            }
        }
        if certificates.dropFirst().contains(where: { $0.subject == $0.issuer }) {
            examination.refuse(.anchorInBundle, "The bundle carries the certificate of a root.")
        }
        if certificates.isEmpty {
            examination.refuse(.certificateMalformed, "The bundle has no certificate.")
        }
        return certificates.first
    }

    // MARK: Time

    private func stampTimes(
        _ bundle: KeylessSignature, _ examination: inout SignerExamination
    ) -> [Int64] {
        if Set(bundle.timestamps).count != bundle.timestamps.count {
            examination.refuse(.timestampInvalid, "The bundle repeats a time stamp.")
        }
        let times = bundle.timestamps.compactMap { der -> Int64? in
            guard let token = try? TimestampToken(der: der) else { return nil }
            let holds = root.timestampAuthorities.contains { authority in
                authority.period.contains(token.time)
                    && token.verify(
                        over: bundle.signature, anchors: authority.anchors,
                        intermediates: authority.intermediates)
            }
            return holds ? token.time : nil
        }
        let promised = bundle.logEntries.contains { $0.signedEntryTimestamp != nil }
        if times.count < bundle.timestamps.count, !promised {
            examination.refuse(
                .timestampInvalid, "No trusted authority has stamped this signature.")
        }
        return times
    }

    // MARK: Log

    /// The time at which the log took the entry, when that is believed.
    private func checkEntry(
        _ entry: TransparencyLogEntry, stamps: [Int64], needsProof: Bool,
        _ examination: inout SignerExamination
    ) -> [Int64] {
        for finding in needsProof ? entry.inclusionFindings() : [] {
            examination.refuse(finding.code, finding.message)
        }
        let log = root.logs.first { log in
            log.id == entry.logKeyID
                && (entry.integratedTimeSeconds.map { [$0] } ?? stamps).allSatisfy(
                    log.period.contains)
        }
        guard let log else {
            examination.refuse(.logUntrusted, "The log was not trusted at that time, or never.")
            return []
        }
        if let proof = entry.inclusionProof, !Self.isSigned(proof.checkpoint, by: log) {
            examination.refuse(.checkpointInvalid, "The log has not signed the checkpoint.")
        }
        guard let promise = entry.signedEntryTimestamp else { return [] }
        let promised: JSON = [
            "body": .string(Base64.encode(entry.canonicalizedBody)),
            "integratedTime": .integer(entry.integratedTimeSeconds ?? 0),
            "logID": .string(Hex.encode(entry.logKeyID)),
            "logIndex": .integer(entry.logIndex),
        ]
        guard let time = entry.integratedTimeSeconds,
            JSON.safeIntegers.contains(time), JSON.safeIntegers.contains(entry.logIndex),
            log.key.verify(promise, over: promised.canonicalBytes)
        else {
            examination.refuse(.promiseInvalid, "The log's promise does not hold.")
            return []
        }
        return [time]
    }

    /// C2SP signed note: one signature by the log is enough, and others are nobody's we know.
    private static func isSigned(_ checkpoint: String, by log: SigstoreTrustRoot.Log) -> Bool {
        let bytes = Array(checkpoint.utf8)
        guard
            let end = bytes.indices.dropLast().first(where: {
                bytes[$0] == 0x0A && bytes[$0 + 1] == 0x0A
            })
        else { return false }
        let text = Array(bytes[...end])
        let lines = bytes[(end + 2)...].split(separator: 0x0A).prefix(64)
        return lines.contains { line in
            let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
            guard parts.count >= 3, parts[0].elementsEqual("—".utf8), let last = parts.last,
                let signature = Base64.decode(String(decoding: last, as: UTF8.self)),
                signature.count > 4, signature.prefix(4) == log.checkpointID.prefix(4)
            else { return false }
            return log.key.verify(Array(signature.dropFirst(4)), over: text)
        }
    }

    // MARK: Certificate

    /// The issuer, when a path holds at this time.
    private func checkPath(
        _ leaf: Certificate, at time: Int64, _ examination: inout SignerExamination
    ) -> Certificate? {
        var faults: [CertificatePath.Finding] = []
        for authority in root.certificateAuthorities where authority.period.contains(time) {
            guard
                let path = try? CertificatePath(
                    leaf: leaf, intermediates: authority.intermediates, anchors: authority.anchors,
                    at: time, strict: true)
            else { continue }
            if path.findings.isEmpty, path.certificates.count > 1 { return path.certificates[1] }
            let isNearer = !path.findings.contains { $0.fault == .untrusted }
            if faults.isEmpty || isNearer { faults = path.findings }
        }
        if faults.isEmpty {
            examination.refuse(
                .certificateUntrusted, "No authority was trusted at \(UTCTime.text(time)).")
        }
        for fault in faults {
            examination.refuse(CertificateTrust.code(fault.fault), fault.sentence)
        }
        return nil
    }

    private func checkPublication(
        _ leaf: Certificate, _ issuer: Certificate, _ examination: inout SignerExamination
    ) {
        guard let value = leaf.extensionValue(CertificateTimestamp.oid) else {
            examination.refuse(
                .sctMissing, "The certificate does not show that it was published.")
            return
        }
        guard let timestamp = CertificateTimestamp(extensionValue: value),
            let message = try? timestamp.signedBytes(for: leaf, issuer: issuer),
            root.certificateLogs.contains(where: { log in
                log.id == timestamp.logID && log.period.contains(timestamp.time)
                    && log.key.verify(timestamp.signature, over: message)
            })
        else {
            examination.refuse(
                .sctInvalid, "No trusted log has promised to publish the certificate.")
            return
        }
    }

    private func checkLeaf(_ leaf: Certificate, _ examination: inout SignerExamination) {
        if leaf.keyUsage?.contains(.digitalSignature) != true || leaf.isAuthority == true {
            examination.refuse(.certificateUsage, "The certificate is not for signatures.")
        }
        if leaf.extendedKeyUsages?.contains(CertificateTrust.codeSigning) != true {
            examination.refuse(.certificatePurpose, "The certificate is not for signing code.")
        }
        let names = leaf.names.filter { name in
            switch name.kind {
            case .email, .uri: true
            case .other: name.type == Self.otherName
            case .dns: false
            }
        }
        if !names.contains(where: { $0.value.utf8.elementsEqual(identity.utf8) }) {
            let found = names.map { "'\($0.value)'" }.joined(separator: ", ")
            examination.refuse(
                .identityMismatch,
                "The certificate names \(found.isEmpty ? "nobody" : found), not '\(identity)'.")
        }
        let found = Self.issuer(of: leaf)
        if found?.utf8.elementsEqual(issuer.utf8) != true {
            examination.refuse(
                .issuerMismatch, "The identity was confirmed by '\(found ?? "nobody")'.")
        }
    }

    private static func issuer(of leaf: Certificate) -> String? {
        if let value = leaf.extensionValue(issuerV2) {
            // A DER UTF8String of up to 127 bytes, or up to 255.
            guard value.count > 2, value[0] == 0x0C else { return nil }
            if value[1] < 0x80, Int(value[1]) == value.count - 2 {
                return String(validating: value[2...], as: UTF8.self)
            }
            guard value[1] == 0x81, value.count > 3, Int(value[2]) == value.count - 3 else {
                return nil
            }
            return String(validating: value[3...], as: UTF8.self)
        }
        return leaf.extensionValue(issuerV1).flatMap { String(validating: $0, as: UTF8.self) }
    }
}
