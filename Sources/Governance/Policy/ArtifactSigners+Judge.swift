// Whose a signature by certificate is, under the trust that the pack states.
//
// The certificate's name only finds the identity that is asked for; then everything is verified for
// that identity. What the authorities say about time counts in this order: a time stamp of RFC 3161 or
// a sigstore log's time; else the time at which this log took the signature (`recordedAt`), which proves
// that it existed then; else, when it is only about to be recorded, now. A certificate that expired
// or was revoked after that moment was good at that moment.

package import Attestation
package import Cryptography

extension ArtifactSigners {
    /// A signer whom the pack knows.
    package struct Signer: Sendable, Hashable {
        package let principal: PrincipalID
        /// The certified key.
        package let key: KeyID
        package let source: CertifiedSource
        /// When the signature existed.
        package let signedAt: Timestamp
    }

    /// A signer, or every reason why there is none.
    package struct Judgement: Sendable, Hashable {
        package var signer: Signer?
        /// Codes; empty when the signature counts.
        package var findings: [String] = []
    }

    /// Whether a bundle shows that somebody signed by certificate, not by a key.
    package static func isCertified(_ bundle: [UInt8]) -> Bool {
        guard let bundle = try? SigstoreBundle(parsing: bundle) else { return false }
        if case .publicKey = bundle.material { return false }
        return true
    }

    /// Judges a bundle signed by certificate over these files.
    ///
    /// - Parameter recordedAt: when the log took the signature; nil while it is about to be recorded.
    package func judge(
        _ bytes: [UInt8], files: [FileRecord], recordedAt: Timestamp?, now: Timestamp
    ) -> Judgement {
        guard let bundle = try? SigstoreBundle(parsing: bytes), let leaf = bundle.leaf else {
            return Judgement(findings: ["certificate-malformed"])
        }
        let fitting = trusts.filter { bundle.fits($0.anchors) }
        guard !fitting.isEmpty else { return Judgement(findings: ["method-not-accepted"]) }
        var rejected: Judgement?
        var accepted: [Signer] = []
        for trust in fitting {
            for identity in trust.identities where trust.mayShow(identity, leaf) {
                let judgement = trust.judge(
                    bytes, identity, files: files, recordedAt: recordedAt, now: now)
                if let signer = judgement.signer {
                    accepted.append(signer)
                } else {
                    rejected = rejected ?? judgement
                }
            }
        }
        guard let first = accepted.first else {
            return rejected ?? Judgement(findings: ["identity-not-assigned"])
        }
        // A certificate that names two people here would let one sign for the other.
        guard accepted.allSatisfy({ $0.principal == first.principal }) else {
            return Judgement(findings: ["identity-ambiguous"])
        }
        return Judgement(signer: first)
    }
}

extension SigstoreBundle {
    /// The signer's certificate, believed by nobody yet.
    fileprivate var leaf: Certificate? {
        switch material {
        case .publicKey: nil
        case .certificate(let der): try? Certificate(der: der)
        case .certificateChain(let chain): chain.first.flatMap { try? Certificate(der: $0) }
        }
    }

    /// Whether the bundle has what a verifier of this method needs; old keyless bundles have a chain.
    fileprivate func fits(_ anchors: ArtifactSigners.Anchors) -> Bool {
        switch (anchors, material) {
        case (.certificate, .certificateChain): true
        case (.sigstore, .certificate): true
        case (.sigstore, .certificateChain): !logEntries.isEmpty
        default: false
        }
    }
}

extension ArtifactSigners.Trust {
    fileprivate func mayShow(
        _ identity: ArtifactSigners.Identity, _ leaf: Certificate
    ) -> Bool {
        var names = leaf.names.map(\.value)
        if case .certificate(let trust) = anchors, trust.profile == .omsCompat {
            names.append(leaf.subject)
        }
        return names.contains { $0.utf8.elementsEqual(identity.identity.utf8) }
    }

    fileprivate func judge(
        _ bytes: [UInt8], _ identity: ArtifactSigners.Identity, files: [FileRecord],
        recordedAt: Timestamp?, now: Timestamp
    ) -> ArtifactSigners.Judgement {
        let verdict = ModelSignature.verify(
            bundle: bytes, trust: trust(for: identity, recordedAt: recordedAt, now: now),
            files: files)
        var findings = verdict.findings.map(\.code.rawValue)
        if !verdict.uncovered.isEmpty { findings.append("files-uncovered") }
        guard findings.isEmpty, let signature = verdict.signature,
            let certified = signature.certified
        else { return .init(findings: findings.isEmpty ? ["not-verified"] : findings) }
        let stamped = certified.times.min().map { Timestamp(milliseconds: $0 * 1000) }
        let signedAt = stamped ?? recordedAt ?? now
        guard identity.covers(signedAt) else {
            return .init(findings: ["identity-not-valid-then"])
        }
        let source = CertifiedSource(
            method: method, trust: name, identity: certified.identity, issuer: certified.issuer,
            time: stamped != nil ? .stamp : recordedAt != nil ? .log : .service,
            revocation: certified.isRevocationKnown ? .good : .unknown)
        return .init(
            signer: .init(
                principal: identity.principal, key: signature.signer, source: source,
                signedAt: signedAt))
    }

    private func trust(
        for identity: ArtifactSigners.Identity, recordedAt: Timestamp?, now: Timestamp
    ) -> SignerTrust {
        switch anchors {
        case .certificate(var trust):
            trust.identity = identity.identity
            trust.now = now.milliseconds / 1000
            trust.loggedAt = recordedAt.map { $0.milliseconds / 1000 }
            return .certificate(trust)
        case .sigstore(let root):
            return .sigstore(
                SigstoreTrust(
                    root: root, identity: identity.identity, issuer: identity.issuer ?? ""))
        }
    }

    private var method: CertifiedSource.Method {
        switch anchors {
        case .certificate: .certificate
        case .sigstore: .sigstore
        }
    }
}

/// What a decision says of a signature by certificate, beside whose it is.
package struct CertifiedSource: Sendable, Hashable {
    package enum Method: String, Sendable, Hashable {
        case certificate
        case sigstore
    }

    /// Who says when the signature existed.
    package enum TimeSource: String, Sendable, Hashable {
        /// An authority for time stamps, or a sigstore log.
        case stamp
        /// The log that recorded the signature.
        case log
        /// Nobody but the service that was about to record it.
        case service
    }

    package enum Revocation: String, Sendable, Hashable {
        case good
        case unknown
    }

    package let method: Method
    /// The trust of the pack that decided, by its name.
    package let trust: String
    package let identity: String
    /// Who confirmed the identity.
    package let issuer: String
    package let time: TimeSource
    package let revocation: Revocation
}

extension ModelSignature {
    /// The files that a bundle does not cover, whoever signed it.
    package static func uncovered(by bundle: [UInt8], files: [FileRecord]) -> [String] {
        let nobody = SignerTrust.judgedElsewhere(KeyID(SHA256.hash([])))
        return verify(bundle: bundle, trust: nobody, model: ObservedModel(files: files)).uncovered
    }

    /// Checks a bundle against a file list, which for one file is that of a directory or of the file.
    package static func verify(
        bundle: [UInt8], trust: SignerTrust, files: [FileRecord]
    ) -> ModelSignatureVerdict {
        let verdict = verify(bundle: bundle, trust: trust, model: ObservedModel(files: files))
        guard !verdict.isValid, files.count == 1 else { return verdict }
        let single = verify(
            bundle: bundle, trust: trust, model: ObservedModel(files: files, isSingleFile: true))
        return single.isValid ? single : verdict
    }
}
