// Where a key is in a token: the parts of a PKCS #11 URI (RFC 7512) that we use.
//
//     pkcs11:token=LABEL;object=LABEL?module-path=/usr/lib/….so&pin-source=file:/…/pin
//
// Of the path: `token` (needed), `object` and `id` (at least one), `serial`, `type=private`. Of the query:
// `module-path` and `pin-source` (both needed). Values are percent-encoded. Everything else is refused, also
// `pin-value`: an address is shown in messages, a PIN never.

/// The address of a private key in a token.
package struct TokenAddress: Sendable, Hashable, CustomStringConvertible {
    /// The token's label.
    package let token: String
    package let serial: String?
    /// The key's label.
    package let object: String?
    package let id: [UInt8]?
    /// The library that speaks to the token.
    package let module: String
    /// The file whose first line is the PIN.
    package let pinFile: String
    package let description: String

    /// How every address begins.
    package static let scheme = "pkcs11:"

    /// Whether a key file holds an address and not a key.
    package static func isAddress(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: Array(scheme.utf8))
    }

    /// Reads an address; throws what is wrong with it.
    package init(parsing bytes: [UInt8]) throws(CryptographyError) {
        let line = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...]
        guard line.count <= 4_096, line.allSatisfy({ (0x21...0x7e).contains($0) }),
            Self.isAddress(Array(line))
        else { throw Self.malformed("it is one line that begins with \(Self.scheme)") }
        let text = String(decoding: line, as: UTF8.self)
        let halves = text.dropFirst(Self.scheme.count).split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var path = try Self.attributes(halves[0], separator: ";")
        var query = halves.count > 1 ? try Self.attributes(halves[1], separator: "&") : [:]
        func take(_ values: inout [String: [UInt8]], _ name: String) throws(CryptographyError)
            -> String?
        {
            guard let bytes = values.removeValue(forKey: name) else { return nil }
            guard let text = String(validating: bytes, as: UTF8.self), !text.contains("\0") else {
                throw Self.malformed("\(name) is no text")
            }
            return text
        }
        id = path.removeValue(forKey: "id")
        serial = try take(&path, "serial")
        object = try take(&path, "object")
        let type = try take(&path, "type")
        guard let token = try take(&path, "token"), object != nil || id != nil else {
            throw Self.malformed("token, and object or id, are needed")
        }
        guard type == nil || type == "private" else {
            throw Self.malformed("type is private, or left out")
        }
        guard query["pin-value"] == nil else {
            throw Self.malformed("a PIN does not belong there: use pin-source=file:…")
        }
        guard let module = try take(&query, "module-path"), module.hasPrefix("/") else {
            throw Self.malformed("module-path is needed, an absolute path")
        }
        guard let source = try take(&query, "pin-source"), source.hasPrefix("file:/") else {
            throw Self.malformed("pin-source is needed, as file:/…")
        }
        if let name = (path.keys.sorted() + query.keys.sorted()).first {
            throw Self.malformed("\(name) is not used here")
        }
        self.token = token
        self.module = module
        let place = source.dropFirst(5)
        pinFile = String(place.hasPrefix("///") ? place.dropFirst(2) : place)
        description = text
    }

    private static func attributes(
        _ text: Substring, separator: Character
    ) throws(CryptographyError) -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for part in text.split(separator: separator) {
            guard let equals = part.firstIndex(of: "=") else {
                throw malformed("every attribute is NAME=VALUE")
            }
            let name = String(part[..<equals])
            guard let value = decode(part[part.index(after: equals)...].utf8), found[name] == nil
            else { throw malformed("\(name) is malformed, or there twice") }
            found[name] = value
        }
        return found
    }

    /// Percent-decoding; nil for a sign that two hex digits do not follow.
    private static func decode(_ text: Substring.UTF8View) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    private static func malformed(_ what: String) -> CryptographyError {
        CryptographyError(.malformedKey, "The address of a key in a token (RFC 7512): \(what).")
    }
}
