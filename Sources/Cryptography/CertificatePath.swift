// Paths from a certificate to one that the caller trusts, and what revocation lists say about them.
//
// Specification: RFC 5280 section 6, as OpenSSL implements it, at a time that the caller gives. Every
// fault is reported, not the first. Keys and hashes below 112 bits of security (SHA-1, RSA below
// 2,048 bits) are faults, except the anchor's signature over itself, which proves nothing. Only
// self-signed certificates are anchors: an intermediate in the trust file does not end a path.

internal import COpenSSL

/// A path and what is wrong with it.
package struct CertificatePath: Sendable {
    /// What sort of thing is wrong.
    package enum Fault: String, Sendable, Hashable {
        case untrusted
        case expired
        case notYetValid
        case notAuthority
        case pathLength
        case weak
        case malformed
    }

    /// One thing that is wrong with one certificate.
    package struct Finding: Sendable, Hashable {
        package let fault: Fault
        /// 0 is the leaf.
        package let depth: Int
        /// OpenSSL's words for it.
        package let reason: String
    }

    /// Leaf first; as far as one could be built.
    package let certificates: [Certificate]
    /// Everything that is wrong; empty when the path holds.
    package let findings: [Finding]

    /// Builds and checks the path at a time (seconds since 1970).
    ///
    /// `strict` asks for everything RFC 5280 demands of authorities. Throws only when OpenSSL cannot
    /// do its work.
    package init(
        leaf: Certificate, intermediates: [Certificate], anchors: [Certificate], at time: Int64,
        strict: Bool
    ) throws(CryptographyError) {
        defer { ErrorQueue.clear() }
        var faults = shim_faults()
        var count = 0
        var path = [OpaquePointer?](repeating: nil, count: 16)
        let flags =
            UInt(X509_V_FLAG_CHECK_SS_SIGNATURE) | (strict ? UInt(X509_V_FLAG_X509_STRICT) : 0)
        let untrusted: [OpaquePointer?] = intermediates.map(\.handle.pointer)
        let trusted: [OpaquePointer?] = anchors.map(\.handle.pointer)
        let status = shim_verify_path(
            leaf.handle.pointer, untrusted, untrusted.count, trusted, trusted.count, time, flags, 2,
            &faults, &path, path.count, &count)
        let handles = path[..<count].compactMap { $0 }.map(CertificateHandle.init(owning:))
        try require(status, "The certificate path could not be examined.")
        var certificates: [Certificate] = []
        for handle in handles { certificates.append(try Certificate(der: handle.der())) }
        self.certificates = certificates
        let numbers = withUnsafeBytes(of: &faults.number) { Array($0.bindMemory(to: Int32.self)) }
        let depths = withUnsafeBytes(of: &faults.depth) { Array($0.bindMemory(to: Int32.self)) }
        var findings: [Finding] = []
        for index in 0..<Int(faults.count) {
            let finding = Finding(
                fault: Self.fault(numbers[index]), depth: Int(depths[index]),
                reason: String(cString: X509_verify_cert_error_string(Int(numbers[index]))))
            if !findings.contains(finding) { findings.append(finding) }
        }
        self.findings = findings
    }

    private static func fault(_ number: Int32) -> Fault {
        switch number {
        case X509_V_ERR_CERT_HAS_EXPIRED: .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: .notYetValid
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
            X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_CERT_UNTRUSTED,
            X509_V_ERR_CERT_SIGNATURE_FAILURE, X509_V_ERR_CERT_CHAIN_TOO_LONG:
            .untrusted
        case X509_V_ERR_INVALID_CA, X509_V_ERR_KEYUSAGE_NO_CERTSIGN: .notAuthority
        case X509_V_ERR_PATH_LENGTH_EXCEEDED: .pathLength
        case X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL, X509_V_ERR_CA_MD_TOO_WEAK:
            .weak
        default: .malformed
        }
    }
}

/// A list of certificates that their issuer has taken back.
package final class RevocationList: Sendable {
    /// What a list says about one certificate.
    package enum Answer: Sendable, Hashable {
        /// Not on the list.
        case good
        /// Taken back at this second.
        case revoked(at: Int64)
        /// The list cannot speak: of another issuer, not signed by it, out of date, or with an
        /// extension that is not understood.
        case unknown(String)
    }

    private let handle: RevocationListHandle

    /// Reads one DER list; throws `badInput`.
    package init(der: [UInt8]) throws(CryptographyError) {
        defer { ErrorQueue.clear() }
        let (pointer, rest) = der.withUnsafeBufferPointer { bytes in
            var position = bytes.baseAddress
            let pointer = d2i_X509_CRL(nil, &position, bytes.count)
            let read = position.map { $0 - (bytes.baseAddress ?? $0) } ?? 0
            return (pointer, bytes.count - read)
        }
        handle = RevocationListHandle(
            owning: try require(pointer, "The revocation list cannot be read.", .badInput))
        guard rest == 0 else {
            throw CryptographyError(.badInput, "Something follows the revocation list.")
        }
    }

    /// Reads every "X509 CRL" block of a PEM text; there must be one. Throws `badInput`.
    package static func all(pem: [UInt8]) throws(CryptographyError) -> [RevocationList] {
        let blocks = try PEM.blocks(pem, label: "X509 CRL", atMost: 256)
        var lists: [RevocationList] = []
        for block in blocks { lists.append(try RevocationList(der: block)) }
        return lists
    }

    /// Whether this list is that issuer's, by name.
    package func isIssued(by issuer: Certificate) -> Bool {
        X509_NAME_cmp(
            X509_CRL_get_issuer(handle.pointer), X509_get_subject_name(issuer.handle.pointer)) == 0
    }

    /// What the list says, at a time, about a certificate of this issuer.
    package func answer(
        for certificate: Certificate, issuer: Certificate, at time: Int64
    ) -> Answer {
        defer { ErrorQueue.clear() }
        let list = handle.pointer
        guard isIssued(by: issuer) else { return .unknown("The list is another issuer's.") }
        if let usage = issuer.keyUsage, !usage.contains(.crlSign) {
            return .unknown("The issuer may not sign revocation lists.")
        }
        guard X509_CRL_verify(list, X509_get0_pubkey(issuer.handle.pointer)) == 1 else {
            return .unknown("The list is not signed by the issuer.")
        }
        guard shim_has_critical(X509_CRL_get0_extensions(list)) == 0 else {
            return .unknown("The list has an extension that is not understood (a partial list).")
        }
        guard shim_seconds(X509_CRL_get0_lastUpdate(list)) <= time else {
            return .unknown("The list is of the future.")
        }
        guard let end = X509_CRL_get0_nextUpdate(list), shim_seconds(end) >= time else {
            return .unknown("The list is out of date.")
        }
        var entry: OpaquePointer?
        let number = X509_get_serialNumber(certificate.handle.pointer)
        switch X509_CRL_get0_by_serial(list, &entry, number) {
        case 0: return .good
        default:
            let time = shim_seconds(X509_REVOKED_get0_revocationDate(entry))
            return .revoked(at: time)
        }
    }
}

/// Owns an X509_CRL and frees it once.
private final class RevocationListHandle: @unchecked Sendable {  // OpenSSL sorts under its own lock
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        X509_CRL_free(pointer)
    }
}
