// Names of files inside an artifact: which are acceptable, and how they compare.
//
// Specification. A name is relative, its components are separated by "/", and it has one spelling:
// not empty, no leading or trailing "/", no component that is empty, "." or "..", no NUL, at most
// 4096 bytes of UTF-8. Names are compared byte for byte: no Unicode normalisation, no case folding
// ("e-acute" and "e" + U+0301 are two files). The order is that of the UTF-8 bytes, which is the
// order of code points.
//
// Example: "a-b/y" < "a/x", because "-" (0x2D) is less than "/" (0x2F).

/// A file name with byte-wise equality, which Swift's String does not have.
package struct ResourcePath: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The name as text.
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package var description: String { text }

    package static func == (left: Self, right: Self) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        var copy = text
        copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    /// Why this is no acceptable name of a file in an artifact; nil when it is one.
    package func fault(limits: AttestationLimits = .default) -> String? {
        let bytes = text.utf8
        guard !bytes.isEmpty else { return "The name is empty." }
        guard bytes.count <= limits.pathBytes else {
            return "The name is longer than \(limits.pathBytes) bytes."
        }
        guard !bytes.contains(0) else { return "The name contains a NUL." }
        guard bytes.first != UInt8(ascii: "/") else { return "The name is absolute." }
        for part in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if part.isEmpty { return "The name has an empty component." }
            if part.elementsEqual(".".utf8) { return "The name has a component '.'." }
            if part.elementsEqual("..".utf8) { return "The name leads out of the artifact." }
        }
        return nil
    }

    /// Whether this is `ancestor` itself or lies below it.
    package func isWithin(_ ancestor: ResourcePath) -> Bool {
        let bytes = text.utf8
        let above = ancestor.text.utf8
        guard bytes.starts(with: above) else { return false }
        guard bytes.count > above.count else { return true }
        return bytes.dropFirst(above.count).first == UInt8(ascii: "/")
    }
}
