// Data made by other people's programs, read where it lies; tests are skipped when it is absent.

import CanonicalJSON
import Cryptography
import Glibc

@testable import Attestation

enum Fixtures {
    /// `shared/fixtures` beside the project, or IMPRIMATUR_FIXTURES; nil when there is none.
    static let root: String? = {
        if let path = getenv("IMPRIMATUR_FIXTURES") { return String(cString: path) }
        guard let resolved = realpath(#filePath, nil) else { return nil }
        defer { free(resolved) }
        var folder = String(cString: resolved)
        while let slash = folder.lastIndex(of: "/"), slash > folder.startIndex {
            folder = String(folder[..<slash])
            let candidate = folder + "/shared/fixtures"
            if access(candidate, R_OK) == 0 { return candidate }
        }
        return nil
    }()

    static var arePresent: Bool { root != nil }

    static func bytes(_ path: String) -> [UInt8] {
        guard let root, let file = fopen("\(root)/\(path)", "rb") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
            bytes.append(contentsOf: buffer[..<count])
        }
        return bytes
    }

    static func record(_ path: String, as name: String) -> FileRecord {
        let contents = bytes(path)
        return FileRecord(path: name, size: Int64(contents.count), sha256: SHA256.hash(contents))
    }

    /// The key that signed all fixtures, from a file with prose before the PEM block.
    static func key() throws -> PublicKey {
        let text = String(decoding: bytes("oms/keys/signing-key-pub.pem"), as: UTF8.self)
        guard let start = text.range(of: "-----BEGIN PUBLIC KEY-----") else {
            throw AttestationError(.malformed, "no key among the fixtures")
        }
        return try PublicKey(pem: Array(text[start.lowerBound...].utf8))
    }
}

extension String {
    fileprivate func range(of part: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(part) {
                return start..<index(start, offsetBy: part.count)
            }
            start = index(after: start)
        }
        return nil
    }
}

/// A file record of these contents.
func record(_ path: String, _ contents: String) -> FileRecord {
    let bytes = Array(contents.utf8)
    return FileRecord(path: path, size: Int64(bytes.count), sha256: SHA256.hash(bytes))
}

extension [AttestationFinding] {
    /// The codes alone, in order, for comparisons.
    var codes: [AttestationFinding.Code] { map(\.code) }
}
