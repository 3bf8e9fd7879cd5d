// X.509 certificates, read and laid open; whether one may be believed is decided elsewhere.
//
// Specification: RFC 5280. DER, or PEM with any number of "CERTIFICATE" blocks (RFC 7468).

internal import COpenSSL

/// One certificate. Nothing about it is checked but that it can be read.
package final class Certificate: Sendable, Hashable {
    /// What sort of name the subject is given.
    package enum NameKind: String, Sendable, Hashable {
        case email
        case dns
        case uri
        case other
    }

    /// One subject alternative name.
    package struct Name: Sendable, Hashable {
        package let kind: NameKind
        package let value: String
        /// The object identifier of an "otherName"; empty for the others.
        package let type: String
    }

    /// The bits of the key usage extension, as OpenSSL numbers them.
    package struct KeyUsage: OptionSet, Sendable, Hashable {
        package let rawValue: UInt32

        package init(rawValue: UInt32) { self.rawValue = rawValue }

        package static let digitalSignature = KeyUsage(rawValue: 0x80)
        package static let nonRepudiation = KeyUsage(rawValue: 0x40)
        package static let certificateSign = KeyUsage(rawValue: 0x04)
        package static let crlSign = KeyUsage(rawValue: 0x02)
    }

    /// The DER, as given.
    package let der: [UInt8]
    /// The key that is certified; nil when it is of an algorithm that is not used here.
    package let publicKey: PublicKey?
    /// The certified key's DER SubjectPublicKeyInfo.
    package let spki: [UInt8]
    /// First second of validity, since 1970.
    package let notBefore: Int64
    /// Last second of validity, since 1970.
    package let notAfter: Int64
    /// The subject in RFC 2253 form; anybody can put anything here.
    package let subject: String
    /// The issuer in RFC 2253 form.
    package let issuer: String
    /// The serial number in lowercase hexadecimal.
    package let serial: String
    /// The subject alternative names.
    package let names: [Name]
    /// Whether a basic constraints extension says that this is an authority; nil without one.
    package let isAuthority: Bool?
    /// How many authorities may stand below it; nil when nothing is said.
    package let pathLength: Int?
    /// What the key may be used for; nil when nothing is said.
    package let keyUsage: KeyUsage?
    /// The purposes as object identifiers; nil when nothing is said.
    package let extendedKeyUsages: [String]?
    /// The extensions that must be understood, as object identifiers.
    package let criticalExtensions: Set<String>
    let handle: CertificateHandle

    /// The longest certificate that is looked at, in bytes.
    package static let longestEncoding = 65_536

    /// Reads one DER certificate with nothing behind it; throws `badInput`.
    package init(der: [UInt8]) throws(CryptographyError) {
        defer { ErrorQueue.clear() }
        guard der.count <= Self.longestEncoding else {
            throw CryptographyError(.badInput, "The certificate is too long to be one.")
        }
        let (pointer, rest) = der.withUnsafeBufferPointer { bytes in
            var position = bytes.baseAddress
            let pointer = d2i_X509(nil, &position, bytes.count)
            let read = position.map { $0 - (bytes.baseAddress ?? $0) } ?? 0
            return (pointer, bytes.count - read)
        }
        let handle = CertificateHandle(
            owning: try require(pointer, "The certificate cannot be read.", .badInput))
        let x509 = handle.pointer
        // Two encodings of one certificate would be two texts for one thing that was signed.
        guard rest == 0, try handle.der() == der else {
            throw CryptographyError(.badInput, "The certificate is not in strict DER.")
        }
        // Asking for the purpose parses all known extensions; a repeated or broken one shows here.
        let flags = X509_get_extension_flags(x509)
        guard flags & UInt32(EXFLAG_INVALID) == 0 else {
            throw CryptographyError(.badInput, "An extension of the certificate cannot be read.")
        }
        self.handle = handle
        self.der = der
        spki = try handle.spki()
        publicKey = try? PublicKey(spki: spki)
        notBefore = shim_seconds(X509_get0_notBefore(x509))
        notAfter = shim_seconds(X509_get0_notAfter(x509))
        guard notBefore != .min, notAfter != .min else {
            throw CryptographyError(.badInput, "The certificate's validity cannot be read.")
        }
        subject = try Self.text(of: X509_get_subject_name(x509))
        issuer = try Self.text(of: X509_get_issuer_name(x509))
        serial = Self.serial(of: x509)
        names = Self.names(of: x509)
        isAuthority = flags & UInt32(EXFLAG_BCONS) == 0 ? nil : flags & UInt32(EXFLAG_CA) != 0
        let length = X509_get_pathlen(x509)
        pathLength = length < 0 ? nil : length
        keyUsage =
            flags & UInt32(EXFLAG_KUSAGE) == 0 ? nil : KeyUsage(rawValue: X509_get_key_usage(x509))
        extendedKeyUsages = Self.usages(of: x509)
        criticalExtensions = Self.criticalExtensions(of: x509)
    }

    /// Reads every "CERTIFICATE" block of a PEM text; there must be one. Throws `badInput`.
    package static func all(
        pem: [UInt8], atMost limit: Int = 256
    ) throws(CryptographyError) -> [Certificate] {
        let blocks = try PEM.blocks(pem, label: "CERTIFICATE", atMost: limit)
        var certificates: [Certificate] = []
        for block in blocks { certificates.append(try Certificate(der: block)) }
        return certificates
    }

    /// The certificate as PEM with a newline at its end.
    package var pem: String { PEM.encode(der, label: "CERTIFICATE") }

    package static func == (left: Certificate, right: Certificate) -> Bool {
        left.der == right.der
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(der)
    }
}

// MARK: - Extensions

extension Certificate {
    /// The value of an extension; nil when there is none, or more than one.
    package func extensionValue(_ oid: String) -> [UInt8]? {
        defer { ErrorQueue.clear() }
        guard let object = OBJ_txt2obj(oid, 1) else { return nil }
        defer { ASN1_OBJECT_free(object) }
        let position = X509_get_ext_by_OBJ(handle.pointer, object, -1)
        guard position >= 0, X509_get_ext_by_OBJ(handle.pointer, object, position) < 0 else {
            return nil
        }
        return Self.bytes(
            of: X509_EXTENSION_get_data(X509_get_ext(handle.pointer, position)))
    }

    /// What was signed before an extension was added: the "TBS" certificate without it.
    ///
    /// RFC 6962 section 3.2 signs this for a certificate with embedded SCTs.
    package func toBeSigned(without oid: String) throws(CryptographyError) -> [UInt8] {
        defer { ErrorQueue.clear() }
        let copy = CertificateHandle(
            owning: try require(X509_dup(handle.pointer), "No memory for a certificate."))
        let object = try require(OBJ_txt2obj(oid, 1), "No object identifier.", .badInput)
        defer { ASN1_OBJECT_free(object) }
        while case let position = X509_get_ext_by_OBJ(copy.pointer, object, -1), position >= 0 {
            X509_EXTENSION_free(X509_delete_ext(copy.pointer, position))
        }
        var buffer: UnsafeMutablePointer<UInt8>?
        let count = i2d_re_X509_tbs(copy.pointer, &buffer)
        defer { CRYPTO_free(buffer, #file, #line) }
        guard count > 0, let buffer else {
            throw CryptographyError(
                .library, "The certificate could not be written.", causes: ErrorQueue.drain())
        }
        return Array(UnsafeBufferPointer(start: buffer, count: Int(count)))
    }

    private static func text(of name: OpaquePointer?) throws(CryptographyError) -> String {
        let bytes = try withWritingBIO { (bio) throws(CryptographyError) in
            guard shim_print_name(bio, name) >= 0 else {
                throw CryptographyError(.badInput, "A name in the certificate cannot be read.")
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func serial(of x509: OpaquePointer) -> String {
        guard let number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), nil) else { return "" }
        defer { BN_free(number) }
        guard let text = BN_bn2hex(number) else { return "" }
        defer { CRYPTO_free(text, #file, #line) }
        return String(cString: text).lowercased()
    }

    private static func names(of x509: OpaquePointer) -> [Name] {
        guard let list = shim_names(x509) else { return [] }
        defer { GENERAL_NAMES_free(list) }
        return (0..<shim_names_count(list)).compactMap { index in
            var name = shim_names_at(list, index)
            let bytes = Array(UnsafeBufferPointer(start: name.bytes, count: name.count))
            // A NUL in a name has fooled others; what is not UTF-8 equals nothing.
            guard let value = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
                return nil
            }
            let type = withUnsafeBytes(of: &name.oid) { buffer in
                String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
            }
            switch name.kind {
            case GEN_EMAIL: return Name(kind: .email, value: value, type: "")
            case GEN_DNS: return Name(kind: .dns, value: value, type: "")
            case GEN_URI: return Name(kind: .uri, value: value, type: "")
            case GEN_OTHERNAME: return Name(kind: .other, value: value, type: type)
            default: return nil
            }
        }
    }

    private static func usages(of x509: OpaquePointer) -> [String]? {
        guard let list = shim_usages(x509) else { return nil }
        defer { shim_usages_free(list) }
        return (0..<shim_usages_count(list)).map { index in
            var text = [CChar](repeating: 0, count: 128)
            shim_usages_at(list, index, &text, Int32(text.count))
            return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        }
    }

    private static func criticalExtensions(of x509: OpaquePointer) -> Set<String> {
        var found: Set<String> = []
        for index in 0..<X509_get_ext_count(x509) {
            let item = X509_get_ext(x509, index)
            guard X509_EXTENSION_get_critical(item) != 0 else { continue }
            var text = [CChar](repeating: 0, count: 128)
            OBJ_obj2txt(&text, Int32(text.count), X509_EXTENSION_get_object(item), 1)
            found.insert(String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self))
        }
        return found
    }

    static func bytes(of string: UnsafeMutablePointer<ASN1_OCTET_STRING>?) -> [UInt8] {
        guard let string, let start = ASN1_STRING_get0_data(string) else { return [] }
        return Array(
            UnsafeBufferPointer(start: start, count: Int(ASN1_STRING_length(string))))
    }
}

/// Owns an X509 and frees it once.
// Not altered once shared, and X509 locks its caches.
final class CertificateHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Takes over the caller's reference.
    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        X509_free(pointer)
    }

    func der() throws(CryptographyError) -> [UInt8] {
        try Self.write { i2d_X509(pointer, $0) }
    }

    func spki() throws(CryptographyError) -> [UInt8] {
        try Self.write { i2d_X509_PUBKEY(X509_get_X509_PUBKEY(pointer), $0) }
    }

    private static func write(
        _ body: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>) -> Int32
    ) throws(CryptographyError) -> [UInt8] {
        var buffer: UnsafeMutablePointer<UInt8>?
        let count = body(&buffer)
        defer { CRYPTO_free(buffer, #file, #line) }
        guard count > 0, let buffer else {
            throw CryptographyError(
                .library, "The certificate could not be written.", causes: ErrorQueue.drain())
        }
        return Array(UnsafeBufferPointer(start: buffer, count: Int(count)))
    }
}
