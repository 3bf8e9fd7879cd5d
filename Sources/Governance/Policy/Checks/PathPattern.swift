// Patterns of paths in policy packs.
//
// Specification. `*` stands for any characters, also none, but "/"; everything else for itself. A pattern
// without "/" is compared with the last part of a path, one with "/" with the whole path. Compared are
// bytes: names that only look alike are not the same.
// Example: "*.sig" fits "m.sig" and "a/m.sig", and neither "m.sig/x" nor "m.SIG".

/// A pattern of paths.
struct PathPattern {
    private let parts: [[UInt8]]
    private let isWhole: Bool

    init(_ text: String) {
        parts = Array(text.utf8).split(
            separator: UInt8(ascii: "*"), omittingEmptySubsequences: false
        ).map(Array.init)
        isWhole = text.utf8.contains(UInt8(ascii: "/"))
    }

    /// Whether the path fits.
    func matches(_ path: String) -> Bool {
        let slash = UInt8(ascii: "/")
        var rest = Array(path.utf8)[...]
        if !isWhole, let last = rest.lastIndex(of: slash) { rest = rest[(last + 1)...] }
        guard let first = parts.first, let last = parts.last, rest.starts(with: first) else {
            return false
        }
        guard parts.count > 1 else { return rest.count == first.count }
        rest = rest.dropFirst(first.count)
        // The shortest text for each * leaves the most for those behind it.
        for part in parts.dropFirst().dropLast() {
            guard let place = Self.find(part, in: rest, before: slash) else { return false }
            rest = rest[(place + part.count)...]
        }
        guard rest.count >= last.count, rest.suffix(last.count).elementsEqual(last) else {
            return false
        }
        return !rest.dropLast(last.count).contains(slash)
    }

    /// Where `part` begins in `bytes`, with no `end` in what is passed over.
    private static func find(
        _ part: [UInt8], in bytes: ArraySlice<UInt8>, before end: UInt8
    ) -> Int? {
        var place = bytes.startIndex
        while place + part.count <= bytes.endIndex {
            if bytes[place...].starts(with: part) { return place }
            guard bytes[place] != end else { return nil }
            place += 1
        }
        return nil
    }
}
