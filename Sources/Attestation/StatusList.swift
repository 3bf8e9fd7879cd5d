// Status lists: what may no longer be used although a permit for it still holds.
//
// Specification: an in-toto Statement v1 in a DSSE envelope signed by one permit key. Subject: the
// log, {"name":"log:<origin>","digest":{"sha256":SHA-256 of the origin}}. Predicate type
// https://imprimatur.dev/predicate/status-list/v1; predicate
//   {"origin":text, "issuedAt":T, "validUntil":T, "size":integer, "development":bool,
//    "trustRoot":{"version":integer,"digest":hex},
//    "versions":[{"version":"ns/name@n","status":"suspended"|"revoked"|"retired"}],
//    "deployments":[{"deployment":"d-…","status":"ended"|"revoked"}]}
// - T is a time in the form of permits. size: the list speaks of the log's first so many entries.
// - A version is suspended until that is lifted; revoked, when its approval was withdrawn or rejected,
//   something is on hold, or nothing can be said for it any more; retired for ever. A deployment has
//   ended, or is revoked: what it was permitted by would, by what is known now, not have permitted it.
// - Lists are complete: what is not in one was in order when it was issued. Each list takes the place of
//   all before it. Versions are in order of their text, deployments too, and none is there twice.
// The bundle carries the log entry that names the list, with its inclusion proof under a checkpoint that
// witnesses have cosigned where there are witnesses: so nobody is shown a list that the log does not show
// to everybody.

package import CanonicalJSON
internal import Cryptography

/// What may no longer be used.
package struct StatusList: Sendable, Hashable {
    /// What is the matter with a version or a deployment.
    package enum Status: String, Sendable, Hashable {
        case suspended
        case revoked
        case retired
        case ended
    }

    /// The predicate type.
    package static let predicateType = "https://imprimatur.dev/predicate/status-list/v1"
    /// Most versions, and most deployments, of a list.
    package static let mostLines = 100_000

    package let origin: String
    /// In the form of T above.
    package let issuedAt: String
    package let validUntil: String
    /// How many entries of the log it takes into account.
    package let size: Int64
    package let development: Bool
    package let root: Permit.Root
    /// By "ns/name@n".
    package let versions: [String: Status]
    /// By "d-…".
    package let deployments: [String: Status]

    package init(
        origin: String, issuedAt: String, validUntil: String, size: Int64, development: Bool,
        root: Permit.Root, versions: [String: Status], deployments: [String: Status]
    ) {
        self.origin = origin
        self.issuedAt = issuedAt
        self.validUntil = validUntil
        self.size = size
        self.development = development
        self.root = root
        self.versions = versions
        self.deployments = deployments
    }

    /// What the list says of a permit; nil when nothing stands against it.
    package func status(of permit: Permit) -> Status? {
        versions[permit.model] ?? deployments[permit.deployment]
    }

    /// What the list says, without times: equal for lists that say the same.
    package var content: JSON {
        [
            "versions": Self.lines(versions, "version"),
            "deployments": Self.lines(deployments, "deployment"),
        ]
    }

    /// The statement to sign; throws when a member is not of its form.
    package func statement() throws(AttestationError) -> Statement {
        let statement = Statement(
            subjects: [Self.subject(origin)], predicateType: Self.predicateType,
            predicate: [
                "origin": .string(origin), "issuedAt": .string(issuedAt),
                "validUntil": .string(validUntil), "size": .integer(size),
                "development": .bool(development),
                "trustRoot": [
                    "version": .integer(root.version), "digest": .string(root.digest.hex),
                ],
                "versions": Self.lines(versions, "version"),
                "deployments": Self.lines(deployments, "deployment"),
            ])
        guard try StatusList(statement) == self else {
            throw AttestationError(.malformed, "The status list cannot be written faithfully.")
        }
        return statement
    }

    private static func subject(_ origin: String) -> Statement.Subject {
        .init(name: "log:\(origin)", sha256: SHA256.hash(Array(origin.utf8)))
    }

    private static func lines(_ lines: [String: Status], _ name: String) -> JSON {
        .array(
            lines.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { key, status in
                [name: .string(key), "status": .string(status.rawValue)]
            })
    }
}

// MARK: - Reading

extension StatusList {
    private static let members: Set<String> = [
        "origin", "issuedAt", "validUntil", "size", "development", "trustRoot", "versions",
        "deployments",
    ]

    /// Reads a list from a statement; throws the first thing that is no list's.
    package init(
        _ statement: Statement, limits: AttestationLimits = .default
    ) throws(AttestationError) {
        guard statement.predicateType == Self.predicateType else {
            throw AttestationError(.predicateTypeMismatch, "The statement is no status list.")
        }
        let reader = try MemberReader(
            statement.predicate, "status list", allowing: Self.members)
        origin = try reader.string("origin")
        guard statement.subjects == [Self.subject(origin)] else {
            throw AttestationError(.malformed, "The subject is not the list's log.")
        }
        issuedAt = try Self.time(reader, "issuedAt")
        validUntil = try Self.time(reader, "validUntil")
        guard issuedAt < validUntil else {
            throw AttestationError(.malformed, "The status list ends before it begins.")
        }
        guard let size = try reader.value("size").integer, size >= 0 else {
            throw AttestationError(.malformed, "The status list's size is no number of entries.")
        }
        self.size = size
        development = try reader.bool("development")
        let root = try reader.object("trustRoot", allowing: ["version", "digest"])
        guard let version = try root.value("version").integer, version >= 1 else {
            throw AttestationError(.malformed, "The status list's trust root has no version.")
        }
        self.root = Permit.Root(version: version, digest: try root.digest("digest"))
        versions = try Self.lines(
            reader, "versions", "version", [.suspended, .revoked, .retired])
        deployments = try Self.lines(reader, "deployments", "deployment", [.ended, .revoked])
    }

    private static func time(
        _ reader: MemberReader, _ name: String
    ) throws(AttestationError) -> String {
        let text = try reader.string(name)
        guard isInstant(text) else {
            throw AttestationError(.malformed, "The status list's '\(name)' is no time.")
        }
        return text
    }

    private static func lines(
        _ reader: MemberReader, _ list: String, _ name: String, _ allowed: Set<Status>
    ) throws(AttestationError) -> [String: Status] {
        var lines: [String: Status] = [:]
        var last = ""
        for element in try reader.array(list, atMost: mostLines) {
            let line = try MemberReader(element, "line", allowing: [name, "status"])
            let key = try line.string(name)
            guard let status = Status(rawValue: try line.string("status")),
                allowed.contains(status), Permit.isName(key),
                last.utf8.lexicographicallyPrecedes(key.utf8)
            else {
                throw AttestationError(
                    .malformed, "The status list's \(list) are not in order, or say nothing known.")
            }
            lines[key] = status
            last = key
        }
        return lines
    }
}
