// Whom a verifier believes who signs by certificate, and what such a certificate must look like.
//
// Specification. Only self-signed certificates that the caller brings are anchors; the bundle's
// certificates serve to build a path and nothing else. Two profiles:
// - strict: RFC 5280 in full for the path. The leaf is no authority; its key usage is critical, has
//   digitalSignature and nothing but (beside it) nonRepudiation; its extended key usage has
//   codeSigning and no purpose of another kind. The bundle carries no anchor. The identity is a
//   subject alternative name.
// - oms-compat: what the signers in circulation make. The leaf has digitalSignature or codeSigning;
//   it may call itself an authority; the identity may also be the subject in RFC 2253 form.
// In both: no hash or key below 112 bits of security, every certificate valid when the signature was
// made. That moment is the one of a time stamp by an authority that the caller trusts; without such
// a time stamp it is that of a log that the caller believes to have taken the signature then, or now,
// because then only now is known.
// Revocation: when the caller brings lists, each certificate but the anchor needs one that speaks
// about it now. What was taken back after a stamped moment was good at that moment.

package import Cryptography

/// Whom the verifier believes.
package struct CertificateTrust: Sendable {
    /// What a certificate must look like.
    package enum Profile: String, Sendable, Hashable, CaseIterable {
        case strict
        case omsCompat = "oms-compat"
    }

    /// Where paths must end.
    package var anchors: [Certificate]
    /// Who must have signed; nil accepts whomever an anchor certifies.
    package var identity: String?
    /// What a certificate must look like.
    package var profile: Profile
    /// What authorities have taken back; empty leaves revocation unknown.
    package var revocationLists: [RevocationList]
    /// Who may say when; empty ignores time stamps.
    package var timestampAnchors: [Certificate]
    /// Seconds since 1970.
    package var now: Int64
    /// When a log that the caller believes took the signature, in seconds since 1970: says when it
    /// existed, where no time stamp does.
    package var loggedAt: Int64?

    package init(
        anchors: [Certificate], identity: String?, profile: Profile = .strict,
        revocationLists: [RevocationList] = [], timestampAnchors: [Certificate] = [], now: Int64
    ) {
        self.anchors = anchors
        self.identity = identity
        self.profile = profile
        self.revocationLists = revocationLists
        self.timestampAnchors = timestampAnchors
        self.now = now
    }
}

/// Who has signed, as far as certificates say.
package struct CertifiedSigner: Sendable, Hashable {
    /// The certified key.
    package let key: PublicKey
    /// The name that was asked for; the first name of the certificate when none was.
    package let identity: String
    /// Who confirmed the identity: the OIDC issuer, or the certificate's issuer.
    package let issuer: String
    /// When the signature existed, in seconds since 1970; empty when nothing authentic says so.
    package let times: [Int64]
    /// Whether revocation lists spoke about the whole path.
    package let isRevocationKnown: Bool
}

/// A certified signer, or the reasons why there is none.
struct SignerExamination {
    private(set) var findings: [AttestationFinding] = []
    var signer: CertifiedSigner?
    /// The signer's key, believed or not, to check the signature with.
    var key: PublicKey?

    mutating func refuse(_ code: AttestationFinding.Code, _ message: String) {
        let finding = AttestationFinding(code, message)
        if !findings.contains(finding) { findings.append(finding) }
    }
}

extension CertificateTrust {
    /// Object identifiers of purposes (RFC 5280 section 4.2.1.12).
    static let codeSigning = "1.3.6.1.5.5.7.3.3"

    /// Examines who presents himself by these certificates, for a signature with time stamps.
    func examine(
        chain: [[UInt8]], signature: [UInt8], timestamps: [[UInt8]]
    ) -> SignerExamination {
        var examination = SignerExamination()
        var certificates: [Certificate] = []
        for der in chain {
            do {
                certificates.append(try Certificate(der: der))
            } catch {
                examination.refuse(.certificateMalformed, error.message)
            }
        }
        guard let leaf = certificates.first, certificates.count == chain.count else {
            return examination
        }
        let stamped = times(of: timestamps, over: signature, &examination)
        var path: [Certificate] = []
        let proven = stamped.isEmpty ? loggedAt.map { [$0] } ?? [] : stamped
        for time in proven.isEmpty ? [now] : proven {
            path = checkPath(leaf, Array(certificates.dropFirst()), at: time, &examination)
        }
        checkLeaf(leaf, &examination)
        if profile == .strict, certificates.contains(where: { anchors.contains($0) }) {
            examination.refuse(.anchorInBundle, "The bundle carries the certificate of its root.")
        }
        let known = checkRevocation(path, stamped: proven.min(), &examination)
        guard let key = leaf.publicKey else {
            examination.refuse(
                .certificateWeak, "The certified key is of an algorithm that is not used here.")
            return examination
        }
        examination.key = key
        guard let name = identity(of: leaf) else {
            examination.refuse(
                .identityMismatch,
                "The certificate names \(Self.list(leaf)), not '\(identity ?? "")'.")
            return examination
        }
        examination.signer = CertifiedSigner(
            key: key, identity: name, issuer: leaf.issuer, times: stamped,
            isRevocationKnown: known)
        return examination
    }

    private func times(
        of timestamps: [[UInt8]], over signature: [UInt8], _ examination: inout SignerExamination
    ) -> [Int64] {
        guard !timestampAnchors.isEmpty else { return [] }
        var times: [Int64] = []
        for der in timestamps {
            do {
                let token = try TimestampToken(der: der)
                if token.verify(over: signature, anchors: timestampAnchors, intermediates: []) {
                    times.append(token.time)
                } else {
                    examination.refuse(
                        .timestampInvalid, "No trusted authority has stamped this signature.")
                }
            } catch {
                examination.refuse(.timestampInvalid, error.message)
            }
        }
        return times
    }

    private func checkPath(
        _ leaf: Certificate, _ intermediates: [Certificate], at time: Int64,
        _ examination: inout SignerExamination
    ) -> [Certificate] {
        do {
            let path = try CertificatePath(
                leaf: leaf, intermediates: intermediates, anchors: anchors, at: time,
                strict: profile == .strict)
            for finding in path.findings {
                examination.refuse(Self.code(finding.fault), finding.sentence)
            }
            return path.findings.isEmpty ? path.certificates : []
        } catch {
            examination.refuse(.certificatePathInvalid, error.message)
            return []
        }
    }

    private func checkLeaf(_ leaf: Certificate, _ examination: inout SignerExamination) {
        let purposes = leaf.extendedKeyUsages ?? []
        let mayCode = purposes.contains(Self.codeSigning)
        let usage = leaf.keyUsage
        guard profile == .strict else {
            if usage?.contains(.digitalSignature) != true, !mayCode {
                examination.refuse(
                    .certificateUsage, "The certificate is neither for signatures nor for code.")
            }
            return
        }
        if leaf.isAuthority == true {
            examination.refuse(.signerIsAuthority, "The signer's certificate is an authority's.")
        }
        if let usage, usage.contains(.digitalSignature),
            usage.isSubset(of: [.digitalSignature, .nonRepudiation]),
            leaf.criticalExtensions.contains("2.5.29.15")
        {
        } else {
            examination.refuse(
                .certificateUsage,
                "The key usage is not critical, lacks digitalSignature, or has more than it.")
        }
        if !mayCode || purposes.count != 1 {
            examination.refuse(
                .certificatePurpose, "The extended key usage is not codeSigning alone.")
        }
    }

    /// Whether lists spoke about every certificate of the path.
    private func checkRevocation(
        _ path: [Certificate], stamped: Int64?, _ examination: inout SignerExamination
    ) -> Bool {
        guard !revocationLists.isEmpty, path.count > 1 else { return false }
        for (certificate, issuer) in zip(path, path.dropFirst()) {
            let answers = revocationLists.filter { $0.isIssued(by: issuer) }.map {
                $0.answer(for: certificate, issuer: issuer, at: now)
            }
            let revoked = answers.compactMap { answer -> Int64? in
                guard case .revoked(let time) = answer else { return nil }
                return time
            }.min()
            if let revoked {
                if stamped.map({ $0 < revoked }) == true { continue }
                examination.refuse(
                    .certificateRevoked,
                    "'\(certificate.subject)' was revoked at \(UTCTime.text(revoked)).")
            } else if !answers.contains(.good) {
                examination.refuse(
                    .revocationUnknown,
                    "No revocation list speaks about '\(certificate.subject)': "
                        + (answers.compactMap(\.whyUnknown).first ?? "none is of its issuer."))
            }
        }
        return true
    }

    private func identity(of leaf: Certificate) -> String? {
        let subject = profile == .omsCompat && !leaf.subject.isEmpty ? [leaf.subject] : []
        let names = leaf.names.map(\.value) + subject
        guard let identity else { return names.first ?? leaf.subject }
        return names.first { $0.utf8.elementsEqual(identity.utf8) }
    }

    private static func list(_ leaf: Certificate) -> String {
        let names = leaf.names.map { "'\($0.value)'" }
        return names.isEmpty
            ? "nobody (no subject alternative name)" : names.joined(separator: ", ")
    }

    static func code(_ fault: CertificatePath.Fault) -> AttestationFinding.Code {
        switch fault {
        case .untrusted: .certificateUntrusted
        case .expired: .certificateExpired
        case .notYetValid: .certificateNotYetValid
        case .notAuthority: .issuerNoAuthority
        case .pathLength: .certificatePathLength
        case .weak: .certificateWeak
        case .malformed: .certificatePathInvalid
        }
    }
}

extension RevocationList.Answer {
    fileprivate var whyUnknown: String? {
        guard case .unknown(let reason) = self else { return nil }
        return reason
    }
}

extension CertificatePath.Finding {
    /// A sentence for people.
    var sentence: String {
        "\(depth == 0 ? "The signer's certificate" : "Issuer \(depth) above it"): \(reason)."
    }
}
