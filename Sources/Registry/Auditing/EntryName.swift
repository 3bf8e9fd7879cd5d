// The three ways to name one entry: by its leaf hash, by its place, by its insert id.

package import Cryptography

/// How somebody asks for an entry.
package enum EntryName: Sendable, Hashable, CustomStringConvertible {
    /// 64 hex digits: what a receipt proves.
    case leafHash(SHA256Digest)
    /// `412`: the place in the log.
    case index(Int64)
    /// `id:519`: the row of `audit.entry`, as findings of an audit name it.
    case id(Int64)

    /// Reads a name; nil for text that is none.
    package init?(_ text: String) {
        if let digest = SHA256Digest(hex: text) {
            self = .leafHash(digest)
        } else if text.hasPrefix("id:"), let id = Self.number(text.dropFirst(3)) {
            self = .id(id)
        } else if let index = Self.number(text[...]) {
            self = .index(index)
        } else {
            return nil
        }
    }

    /// Decimal without sign and leading zeros.
    private static func number(_ text: Substring) -> Int64? {
        guard text.utf8.count <= 18, text == "0" || text.first != "0",
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int64(text)
    }

    package var description: String {
        switch self {
        case .leafHash(let digest): digest.hex
        case .index(let index): String(index)
        case .id(let id): "id:\(id)"
        }
    }
}
