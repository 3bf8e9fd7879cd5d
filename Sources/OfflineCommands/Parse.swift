// Reads the words of a command line into values; what cannot be read is a usage error.

internal import ArgumentParser
package import Cryptography
package import Governance

/// For `transform:` of options and arguments.
package enum Parse {
    package static func version(_ text: String) throws -> VersionReference {
        try require(VersionReference(text), text, "a version such as credit/scorecard@3")
    }

    package static func environment(_ text: String) throws -> EnvironmentName {
        try require(EnvironmentName(text), text, "an environment such as production")
    }

    package static func use(_ text: String) throws -> UseName {
        try require(UseName(text), text, "a use such as consumer-credit")
    }

    package static func digest(_ text: String) throws -> SHA256Digest {
        try require(SHA256Digest(hex: text), text, "a digest of 64 lowercase hex digits")
    }

    package static func time(_ text: String) throws -> Timestamp {
        try require(Timestamp(text), text, "a time such as 2026-11-21T08:00:00.000Z")
    }

    package static func require<T>(_ value: T?, _ text: String, _ what: String) throws -> T {
        guard let value else { throw ValidationError("“\(text)” is not \(what).") }
        return value
    }
}
