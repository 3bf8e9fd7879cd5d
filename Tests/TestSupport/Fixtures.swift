// Where other people's test data is: outside the repository, in shared/fixtures.
package import CanonicalJSON
internal import Glibc

/// Finds and reads fixtures; a test without them says that it was skipped (`.enabled(if:)`).
package enum Fixtures {
    /// `IMPRIMATUR_FIXTURES`, or `shared/fixtures` beside or above the given file; nil if absent.
    package static func directory(above file: String = #filePath) -> String? {
        if let given = getenv("IMPRIMATUR_FIXTURES") {
            let path = String(cString: given)
            return access(path, R_OK) == 0 ? path : nil
        }
        var parts = file.split(separator: "/").dropLast()
        while true {
            let candidate = "/" + (parts + ["shared", "fixtures"]).joined(separator: "/")
            if access(candidate, R_OK) == 0 { return candidate }
            guard !parts.isEmpty else { return nil }
            parts.removeLast()
        }
    }

    /// Whether there are fixtures, for `.enabled(if:)`.
    package static var areAvailable: Bool { directory() != nil }

    /// Whether there is this one, for `.enabled(if:)`.
    package static func has(_ path: String) -> Bool {
        directory().map { access($0 + "/" + path, R_OK) == 0 } ?? false
    }

    /// A fixture's bytes.
    package static func bytes(_ path: String) throws -> [UInt8] {
        guard let directory = directory() else { throw FixtureError(path: path) }
        return try contents(of: directory + "/" + path)
    }

    /// A fixture that is JSON.
    package static func json(_ path: String) throws -> JSON { try JSON(parsing: bytes(path)) }

    /// A file of this repository.
    package static func ours(_ path: String) throws -> [UInt8] {
        let top = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try contents(of: "/\(top)/\(path)")
    }

    private static func contents(of path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FixtureError(path: path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: buffer[..<count])
        }
    }
}

/// A fixture that is not there.
package struct FixtureError: Error, CustomStringConvertible {
    package let path: String
    package var description: String { "no fixture \(path): set IMPRIMATUR_FIXTURES" }
}
