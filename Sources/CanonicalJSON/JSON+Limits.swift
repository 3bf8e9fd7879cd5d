// How much JSON we are willing to read, declared once.

extension JSON {
    /// The bounds within which a text is parsed.
    package struct Limits: Sendable, Hashable {
        /// Longest accepted text, in bytes; a value can take some twenty times as much memory.
        package var bytes: Int
        /// Deepest accepted nesting of arrays and objects; a lone scalar has depth 0.
        package var depth: Int
        /// Whether numbers other than integers with |n| < 2^53 are refused.
        package var integersOnly: Bool

        /// Deepest nesting that can ever be allowed: the parser recurses, and stacks are small.
        package static let greatestDepth = 256

        package init(bytes: Int = 16 << 20, depth: Int = 64, integersOnly: Bool = false) {
            self.bytes = bytes
            self.depth = min(depth, Self.greatestDepth)
            self.integersOnly = integersOnly
        }

        /// 16 MiB, depth 64: for any document.
        package static let `default` = Limits()

        /// For documents whose format is ours: 4 MiB, depth 32, and no numbers but integers.
        package static let own = Limits(bytes: 4 << 20, depth: 32, integersOnly: true)
    }
}
