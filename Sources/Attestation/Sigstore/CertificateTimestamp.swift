// The proof, inside a certificate, that the certificate was published: its SCT.
//
// Specification: RFC 6962 section 3.3, extension 1.3.6.1.4.1.11129.2.4.2: a DER OCTET STRING around
//   uint16 length ‖ (uint16 length ‖ SCT)*
//   SCT = version(0) ‖ log id (32) ‖ uint64 milliseconds ‖ uint16 length ‖ extensions
//         ‖ hash(4 = SHA-256) ‖ signature algorithm ‖ uint16 length ‖ signature
// Signed is, for a certificate with the extension (section 3.2),
//   version(0) ‖ type(0) ‖ uint64 milliseconds ‖ entry type uint16 1 ‖ SHA-256(issuer's key)
//   ‖ uint24 length ‖ the certificate to be signed without the extension ‖ uint16 length ‖ extensions

import Cryptography

/// One signed certificate timestamp.
struct CertificateTimestamp {
    static let oid = "1.3.6.1.4.1.11129.2.4.2"

    let logID: [UInt8]
    let milliseconds: [UInt8]
    let extensions: [UInt8]
    let signature: [UInt8]

    /// When the log promised to publish, in seconds since 1970.
    var time: Int64 { milliseconds.reduce(0) { $0 << 8 | Int64($1) } / 1000 }

    /// Reads the extension's value; nil unless there is exactly one SCT in it.
    init?(extensionValue bytes: [UInt8]) {
        var outer = ByteReader(bytes[...])
        guard outer.number(1) == 4, let first = outer.number(1) else { return nil }
        let count: Int?
        switch first {
        case 0..<0x80: count = first
        case 0x81: count = outer.number(1)
        case 0x82: count = outer.number(2)
        default: count = nil
        }
        guard let count, let list = outer.take(count), outer.isAtEnd else { return nil }
        var lists = ByteReader(list)
        guard let content = lists.vector(2), lists.isAtEnd else { return nil }
        var items = ByteReader(content)
        guard let item = items.vector(2), items.isAtEnd else { return nil }
        var reader = ByteReader(item)
        guard reader.number(1) == 0, let id = reader.take(32), let time = reader.take(8),
            time.first.map({ $0 < 0x80 }) == true, let extensions = reader.vector(2),
            reader.number(1) == 4, let algorithm = reader.number(1), [1, 3].contains(algorithm),
            let signature = reader.vector(2), reader.isAtEnd
        else { return nil }
        logID = Array(id)
        milliseconds = Array(time)
        self.extensions = Array(extensions)
        self.signature = Array(signature)
    }

    /// What the log has signed for this certificate of this issuer.
    func signedBytes(
        for certificate: Certificate, issuer: Certificate
    ) throws(CryptographyError) -> [UInt8] {
        let body = try certificate.toBeSigned(without: Self.oid)
        var bytes: [UInt8] = [0, 0] + milliseconds + [0, 1] + SHA256.hash(issuer.spki).bytes
        bytes += [UInt8(body.count >> 16 & 0xFF), UInt8(body.count >> 8 & 0xFF)]
        bytes += [UInt8(body.count & 0xFF)] + body
        bytes += [UInt8(extensions.count >> 8), UInt8(extensions.count & 0xFF)] + extensions
        return bytes
    }
}

/// Reads big-endian numbers and counted vectors.
private struct ByteReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func number(_ width: Int) -> Int? {
        take(width).map { $0.reduce(0) { $0 << 8 | Int($1) } }
    }

    mutating func vector(_ width: Int) -> ArraySlice<UInt8>? {
        number(width).flatMap { take($0) }
    }
}
