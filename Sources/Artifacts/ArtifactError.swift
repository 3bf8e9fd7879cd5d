// Why the bytes of an artifact could not be read, believed or written, naming the file.

/// A fault met on disk; nothing that was read until then may be used.
package struct ArtifactError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of fault; stable, for programs.
    package enum Code: String, Sendable, Hashable {
        /// The path does not exist.
        case notFound = "not-found"
        /// A symbolic link: what it leads to is not part of the artifact.
        case symbolicLink = "symbolic-link"
        /// A fifo, socket or device.
        case specialFile = "special-file"
        /// A name that is not UTF-8, or too long.
        case nameUnacceptable = "name-unacceptable"
        /// More files, deeper directories, or longer files than the limit.
        case tooLarge = "too-large"
        /// There is no file in it.
        case empty = "empty"
        /// A file changed, came or went while it was read.
        case changedWhileReading = "changed-while-reading"
        /// The bytes are not those that were verified.
        case mismatch = "mismatch"
        /// The operating system refused.
        case system = "system"
    }

    /// The kind of fault.
    package let code: Code
    /// The file, relative to the artifact where it is inside one.
    package let path: String
    /// A sentence for people.
    package let message: String
    /// The number of the operating system's error; 0 when there is none.
    package let errorNumber: Int32

    package init(_ code: Code, path: String, _ message: String, errorNumber: Int32 = 0) {
        self.code = code
        self.path = path
        self.message = message
        self.errorNumber = errorNumber
    }

    package var description: String { "\(code.rawValue): \(path): \(message)" }
}
