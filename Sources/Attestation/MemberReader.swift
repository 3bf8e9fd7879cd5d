// A small strict decoder for foreign JSON: every member is asked for, none is guessed.

import CanonicalJSON
import Cryptography

/// Parses JSON within the limits, strictly, as an `AttestationError` when it is not.
func parseJSON(
    _ bytes: [UInt8], _ what: String, _ limits: AttestationLimits
) throws(AttestationError) -> JSON {
    do {
        return try JSON(parsing: bytes, limits: JSON.Limits(bytes: limits.documentBytes))
    } catch {
        let code: AttestationFinding.Code = error.code == .size ? .tooLarge : .malformed
        throw AttestationError(code, "The \(what) is not acceptable JSON: \(error)")
    }
}

/// The members of one JSON object, read by name; the first fault is thrown.
struct MemberReader {
    let what: String
    private let members: [String: JSON]

    /// `allowing`: the only member names accepted; nil accepts (and ignores) any other.
    init(
        _ json: JSON, _ what: String, allowing names: Set<String>? = nil
    ) throws(AttestationError) {
        guard let members = json.object else {
            throw AttestationError(.malformed, "The \(what) is \(json.kind), not an object.")
        }
        if let names, let unknown = members.keys.sorted().first(where: { !names.contains($0) }) {
            throw AttestationError(
                .malformed, "The \(what) has an unknown member '\(unknown.prefix(64))'.")
        }
        self.what = what
        self.members = members
    }

    func value(_ name: String) throws(AttestationError) -> JSON {
        guard let value = members[name] else {
            throw AttestationError(.malformed, "The \(what) has no '\(name)'.")
        }
        return value
    }

    func optional(_ name: String) -> JSON? { members[name] }

    func isNullOrAbsent(_ name: String) -> Bool { members[name]?.isNull ?? true }

    func string(_ name: String) throws(AttestationError) -> String {
        guard let text = try value(name).string else { throw wrong(name, "a string") }
        return text
    }

    func bool(_ name: String) throws(AttestationError) -> Bool {
        guard let flag = try value(name).bool else { throw wrong(name, "true or false") }
        return flag
    }

    func array(_ name: String, atMost limit: Int) throws(AttestationError) -> [JSON] {
        guard let elements = try value(name).array else { throw wrong(name, "an array") }
        guard elements.count <= limit else {
            throw AttestationError(
                .tooLarge, "The \(what) has more than \(limit) elements in '\(name)'.")
        }
        return elements
    }

    func strings(_ name: String, atMost limit: Int) throws(AttestationError) -> [String] {
        var texts: [String] = []
        for element in try array(name, atMost: limit) {
            guard let text = element.string else { throw wrong(name, "an array of strings") }
            texts.append(text)
        }
        return texts
    }

    func base64(_ name: String) throws(AttestationError) -> [UInt8] {
        guard let bytes = Base64.decodeLenient(try string(name)) else {
            throw wrong(name, "base64")
        }
        return bytes
    }

    func digest(_ name: String) throws(AttestationError) -> SHA256Digest {
        guard let digest = SHA256Digest(hex: try string(name)) else {
            throw wrong(name, "64 lowercase hexadecimal digits")
        }
        return digest
    }

    /// A natural number: proto3 JSON writes 64-bit integers as decimal strings and accepts both.
    func natural(_ name: String) throws(AttestationError) -> Int64 {
        let value = try value(name)
        if let number = value.integer, number >= 0 { return number }
        guard let text = value.string, let number = Int64(text), number >= 0,
            String(number) == text
        else { throw wrong(name, "a natural number") }
        return number
    }

    func object(
        _ name: String, allowing names: Set<String>? = nil
    ) throws(AttestationError) -> MemberReader {
        try MemberReader(try value(name), "\(what)'s \(name)", allowing: names)
    }

    private func wrong(_ name: String, _ wanted: String) -> AttestationError {
        AttestationError(.malformed, "The \(what)'s '\(name)' is not \(wanted).")
    }
}
