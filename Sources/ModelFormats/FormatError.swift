// Why a file is not what it claims to be, and where.

/// A fault of a file's form.
package struct FormatError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of fault; stable, for programs.
    package enum Code: String, Sendable, Hashable {
        /// A length leads beyond the end.
        case truncated = "truncated"
        /// More than the reader takes in.
        case tooLarge = "too-large"
        /// Not of the format's form.
        case malformed = "malformed"
        /// A name that occurs twice.
        case duplicate = "duplicate"
        /// A number that does not fit, or is none (NaN).
        case number = "number"
        /// A type, version or method that is not known.
        case unknown = "unknown"
        /// Two parts claim the same bytes.
        case overlap = "overlap"
        /// Bytes that no part claims.
        case hole = "hole"
        /// Length and shape disagree.
        case sizeMismatch = "size-mismatch"
        /// A path that leads out of the model.
        case escape = "path-escape"
        /// Two places say different things of the same.
        case ambiguous = "ambiguous"
        /// The operating system could not read it.
        case unreadable = "unreadable"
    }

    /// The kind of fault.
    package let code: Code
    /// The byte of the file at which it was seen.
    package let offset: Int64
    /// A sentence for people.
    package let message: String

    package init(_ code: Code, at offset: Int64, _ message: String) {
        self.code = code
        self.offset = offset
        self.message = message
    }

    package var description: String { "\(message) (\(code.rawValue), byte \(offset))" }
}

/// The bounds within which files are looked into.
package struct FormatLimits: Sendable, Hashable {
    /// Longest header of a weights file that is taken into memory. The reference reader of
    /// safetensors takes 100 MB; the largest published headers are about 10 MB.
    package var headerBytes = 32 << 20
    /// Most tensors and metadata entries of one file.
    package var entries = 1 << 20
    /// Most elements of all arrays in one header: vocabularies have some 10⁵ words.
    package var elements = 16 << 20
    /// Most steps of a walk over a pickle or a graph.
    package var steps = 4 << 20
    /// Longest text that is kept.
    package var textBytes = 1 << 16
    /// Archives in archives.
    package var depth = 4
    /// Most members of one archive.
    package var members = 100_000
    /// Most bytes of one compressed member that are unpacked to look into it.
    package var inflatedBytes = 8 << 20
    /// Most bytes that are unpacked for one file in all.
    package var inflatedTotal = 64 << 20

    package init() {}

    /// What is enough for every model known to us.
    package static let `default` = FormatLimits()
}
