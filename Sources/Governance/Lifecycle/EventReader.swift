// Reads the members of an entry strictly: every member is asked for, typed, and none is left over.

package import CanonicalJSON
package import Cryptography

/// Reads members one by one and remembers the first that is missing, malformed, or was not asked for.
package struct EventReader {
    private let members: [String: JSON]
    /// In the order of asking: members are few, and a log of millions of entries is read with this.
    private var asked: [String] = []
    private var problem: String?

    /// Starts on an object; anything else is a problem.
    package init(_ json: JSON) {
        members = json.object ?? [:]
        if json.object == nil { problem = ": not an object" }
    }

    /// The first problem, with the member's name; nil when everything was well-formed and asked for.
    package func finish() -> String? {
        if let problem { return problem }
        guard let unknown = members.keys.filter({ !asked.contains($0) }).sorted().first else {
            return nil
        }
        return "/\(unknown): unknown member"
    }

    private mutating func take(_ name: String) -> JSON? {
        asked.append(name)
        return members[name]
    }

    /// Converts a member; a missing one or one that does not convert is a problem.
    package mutating func value<Value>(
        _ name: String, _ convert: (JSON) -> Value?
    ) -> Value? {
        guard let json = take(name) else {
            problem = problem ?? "/\(name): missing"
            return nil
        }
        guard let value = convert(json) else {
            problem = problem ?? "/\(name): malformed"
            return nil
        }
        return value
    }

    /// Converts a member that may be JSON null; the outer optional is nil only for a problem.
    package mutating func nullable<Value>(
        _ name: String, _ convert: (JSON) -> Value?
    ) -> Value?? {
        value(name) { $0.isNull ? .some(.none) : convert($0).map(Optional.some) }
    }

    /// A string.
    package mutating func string(_ name: String) -> String? { value(name) { $0.string } }
    /// A boolean.
    package mutating func bool(_ name: String) -> Bool? { value(name) { $0.bool } }
    /// An integer.
    package mutating func integer(_ name: String) -> Int64? { value(name) { $0.integer } }
    /// An integer that counts something.
    package mutating func count(_ name: String) -> Int64? {
        value(name) { $0.integer.flatMap { $0 >= 0 ? $0 : nil } }
    }
    /// A digest in lowercase hex.
    package mutating func digest(_ name: String) -> SHA256Digest? {
        value(name) { $0.string.flatMap { SHA256Digest(hex: $0) } }
    }
    /// A digest in lowercase hex, or null.
    package mutating func nullableDigest(_ name: String) -> SHA256Digest?? {
        nullable(name) { $0.string.flatMap { SHA256Digest(hex: $0) } }
    }
    /// A key's id in lowercase hex.
    package mutating func keyID(_ name: String) -> KeyID? {
        value(name) { $0.string.flatMap { KeyID(hex: $0) } }
    }
    /// A time.
    package mutating func time(_ name: String) -> Timestamp? {
        value(name) { $0.string.flatMap { Timestamp($0) } }
    }
    /// A principal's id.
    package mutating func principal(_ name: String) -> PrincipalID? {
        value(name) { $0.string.flatMap { PrincipalID($0) } }
    }
    /// A version of a model.
    package mutating func version(_ name: String) -> VersionReference? {
        value(name) { $0.string.flatMap { VersionReference($0) } }
    }
    /// An environment.
    package mutating func environment(_ name: String) -> EnvironmentName? {
        value(name) { $0.string.flatMap { EnvironmentName($0) } }
    }
    /// A role.
    package mutating func role(_ name: String) -> Role? {
        value(name) { $0.string.flatMap { Role(rawValue: $0) } }
    }
    /// A namespace pattern.
    package mutating func pattern(_ name: String) -> NamespacePattern? {
        value(name) { $0.string.flatMap { NamespacePattern($0) } }
    }
}

extension JSON {
    /// A digest as the log writes it.
    package static func digest(_ digest: SHA256Digest) -> JSON { .string(digest.hex) }
    /// A digest, or null.
    package static func digest(_ digest: SHA256Digest?) -> JSON {
        digest.map { .string($0.hex) } ?? .null
    }
    /// A value as its text.
    package static func text(_ value: some CustomStringConvertible) -> JSON {
        .string(value.description)
    }
}
