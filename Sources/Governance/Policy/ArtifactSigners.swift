// Whom a pack lets sign artifacts besides holders of keys that are registered here: people and robots
// certified by authorities, or by a sigstore instance.
//
// Specification of `signatures.yaml`, a file that a pack may have (without it only registered keys
// count): `trusts`, a list of
//   name: what decisions call it; method: certificate | sigstore; identities: at least one
//   certificate: authorities (PEM, the roots), profile (strict | oms-compat, strict when absent),
//                timestamp_authorities (PEM) and revocation_lists (PEM), both optional
//   sigstore:    trusted_root (the text of a trusted_root.json)
// An identity is {identity, principal} (sigstore: {identity, issuer, principal}), with valid_from and
// valid_until, both optional: a signature made outside of that time is not the principal's.
//
// A certificate shows a name; that the name is somebody who may sign here is said by the pack, and so
// by the custodians' threshold, once for each name. A pattern or "whomever the authority certifies"
// cannot be said: then whoever gets a certificate somewhere could be an owner here.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography

/// Who may sign artifacts by certificate.
package struct ArtifactSigners: Sendable {
    /// A name that a certificate may show, and whose it is here.
    package struct Identity: Sendable, Hashable {
        package let identity: String
        /// Who must have confirmed the name; for sigstore only.
        package let issuer: String?
        package let principal: PrincipalID
        /// Signatures made before are not the principal's.
        package let validFrom: Timestamp?
        /// Signatures made after are not the principal's.
        package let validUntil: Timestamp?

        func covers(_ time: Timestamp) -> Bool {
            (validFrom.map { $0 <= time } ?? true) && (validUntil.map { time <= $0 } ?? true)
        }
    }

    /// Authorities that are believed, by method.
    enum Anchors: Sendable {
        /// Roots, profile, revocation lists and time-stamp roots; identity and time are filled in.
        case certificate(CertificateTrust)
        case sigstore(SigstoreTrustRoot)
    }

    /// Authorities, and the names that they may certify.
    struct Trust: Sendable {
        let name: String
        let anchors: Anchors
        let identities: [Identity]
    }

    let trusts: [Trust]

    /// Nobody: only registered keys count.
    package static let none = ArtifactSigners(trusts: [])

    /// Every identity that is assigned to somebody, with the name of its trust.
    package var identities: [(trust: String, identity: Identity)] {
        trusts.flatMap { trust in trust.identities.map { (trust.name, $0) } }
    }
}

// MARK: - Reading

extension ArtifactSigners {
    /// The file's path in a pack.
    static let path = "signatures.yaml"

    private static let longestText = 1 << 20

    static func read(_ reader: JSONReader) -> ArtifactSigners {
        let trusts = reader.array("trusts", count: 1...50) { $0.object(Trust.read) }
        if Set(trusts.map(\.name)).count != trusts.count {
            reader.refuse("trusts", JSONFinding.Code.duplicate, "A name is used twice.")
        }
        return ArtifactSigners(trusts: trusts)
    }

    fileprivate enum Method: String, CaseIterable {
        case certificate
        case sigstore
    }

    private static func certificates(_ text: String) -> [Certificate]? {
        try? Certificate.all(pem: Array(text.utf8))
    }

    fileprivate static func anchors(_ method: Method, _ reader: JSONReader) -> Anchors? {
        switch method {
        case .certificate:
            let format = "certificates in PEM"
            let anchors = reader.parsed(
                "authorities", as: format, length: 1...longestText, certificates)
            let profile = reader.optional("profile") {
                $0.choice(of: CertificateTrust.Profile.self)
            }
            let stamps = reader.optional("timestamp_authorities") {
                $0.parsed(as: format, length: 1...longestText, certificates)
            }
            let lists = reader.optional("revocation_lists") { list in
                list.parsed(as: "revocation lists in PEM", length: 1...longestText) {
                    try? RevocationList.all(pem: Array($0.utf8))
                }
            }
            return anchors.map {
                .certificate(
                    CertificateTrust(
                        anchors: $0, identity: nil, profile: profile ?? .strict,
                        revocationLists: lists ?? [], timestampAnchors: stamps ?? [], now: 0))
            }
        case .sigstore:
            return reader.parsed(
                "trusted_root", as: "the text of a trusted_root.json", length: 1...longestText
            ) { text in
                (try? SigstoreTrustRoot(parsing: Array(text.utf8))).map(Anchors.sigstore)
            }
        }
    }
}

extension ArtifactSigners.Trust {
    fileprivate static func read(_ reader: JSONReader) -> Self? {
        let name = reader.parsed("name", as: "a name in small letters") {
            NameSegment.isValid($0) ? $0 : nil
        }
        guard let method = reader.choice("method", of: ArtifactSigners.Method.self) else {
            reader.ignoreUnknownMembers()
            return nil
        }
        let anchors = ArtifactSigners.anchors(method, reader)
        let identities = reader.array("identities", count: 1...1_000) { identity in
            identity.object { ArtifactSigners.Identity.read($0, hasIssuer: method == .sigstore) }
        }
        let names = identities.map { [$0.identity, $0.issuer ?? ""] }
        if Set(names).count != names.count {
            reader.refuse("identities", JSONFinding.Code.duplicate, "An identity is here twice.")
        }
        guard let name, let anchors else { return nil }
        return Self(name: name, anchors: anchors, identities: identities)
    }
}

extension ArtifactSigners.Identity {
    fileprivate static func read(_ reader: JSONReader, hasIssuer: Bool) -> Self? {
        let identity = reader.string("identity", length: 1...1_024)
        let issuer = hasIssuer ? reader.string("issuer", length: 1...1_024) : nil
        let principal = reader.principal("principal")
        let from = reader.optional("valid_from") { $0.parsed(as: timeFormat) { Timestamp($0) } }
        let until = reader.optional("valid_until") { $0.parsed(as: timeFormat) { Timestamp($0) } }
        if let from, let until, until < from {
            reader.refuse("valid_until", JSONFinding.Code.range, "It ends before it begins.")
        }
        guard let principal else { return nil }
        return Self(
            identity: identity, issuer: issuer, principal: principal, validFrom: from,
            validUntil: until)
    }

    private static let timeFormat = "a time like 2026-01-01T00:00:00.000Z"
}
