// What agents saw run.

package import CanonicalJSON
package import Cryptography

/// An agent's snapshot of an environment was compared with what may run there.
package struct EnvironmentObserved: EventPayload {
    package static let kind = "environment.observed"
    package let namespace: Namespace
    package let environment: EnvironmentName
    /// Digest of the statement's payload.
    package let statement: SHA256Digest
    /// Digest of the envelope as stored.
    package let document: SHA256Digest
    /// Digest of the record of the comparison.
    package let comparison: SHA256Digest
    package let principal: PrincipalID
    /// When the agent looked, by its clock.
    package let takenAt: Timestamp
    /// When the next one is due by the pack in force.
    package let dueAt: Timestamp
    /// How many things the snapshot lists.
    package let items: Int64
    /// Every version of which something runs there.
    package let running: [VersionReference]
    package let runningNotPermitted: Int64
    package let permittedNotRunning: Int64
    package let digestDiffers: Int64

    /// The event of a snapshot and what came of it.
    package init(
        _ snapshot: EnvironmentSnapshot, _ compared: EnvironmentComparison,
        statement: SHA256Digest, document: SHA256Digest, comparison: SHA256Digest,
        dueAt: Timestamp
    ) {
        namespace = snapshot.namespace
        environment = snapshot.environment
        self.statement = statement
        self.document = document
        self.comparison = comparison
        principal = snapshot.signer.principal
        takenAt = snapshot.takenAt
        self.dueAt = dueAt
        items = Int64(snapshot.items.count)
        running = compared.running
        runningNotPermitted = compared.count(.runningNotPermitted)
        permittedNotRunning = compared.count(.permittedNotRunning)
        digestDiffers = compared.count(.digestDiffers)
    }

    package init?(_ reader: inout EventReader) {
        guard
            let namespace = reader.value("namespace", { $0.string.flatMap { Namespace($0) } }),
            let environment = reader.environment("environment"),
            let statement = reader.digest("statement"),
            let document = reader.digest("document"),
            let comparison = reader.digest("comparison"),
            let principal = reader.principal("principal"),
            let takenAt = reader.time("takenAt"),
            let dueAt = reader.time("dueAt"),
            let items = reader.count("items"),
            let running = reader.value("running", Self.versions),
            let runningNotPermitted = reader.count("runningNotPermitted"),
            let permittedNotRunning = reader.count("permittedNotRunning"),
            let digestDiffers = reader.count("digestDiffers")
        else { return nil }
        self.namespace = namespace
        self.environment = environment
        self.statement = statement
        self.document = document
        self.comparison = comparison
        self.principal = principal
        self.takenAt = takenAt
        self.dueAt = dueAt
        self.items = items
        self.running = running
        self.runningNotPermitted = runningNotPermitted
        self.permittedNotRunning = permittedNotRunning
        self.digestDiffers = digestDiffers
    }

    private static func versions(_ json: JSON) -> [VersionReference]? {
        guard let elements = json.array else { return nil }
        let versions = elements.compactMap { $0.string.flatMap { VersionReference($0) } }
        return versions.count == elements.count ? versions : nil
    }

    package var members: [String: JSON] {
        [
            "namespace": .text(namespace), "environment": .text(environment),
            "statement": .digest(statement), "document": .digest(document),
            "comparison": .digest(comparison), "principal": .text(principal),
            "takenAt": .text(takenAt), "dueAt": .text(dueAt), "items": .integer(items),
            "running": .array(running.map(JSON.text)),
            "runningNotPermitted": .integer(runningNotPermitted),
            "permittedNotRunning": .integer(permittedNotRunning),
            "digestDiffers": .integer(digestDiffers),
        ]
    }

    /// How many differences the comparison found.
    package var differences: Int64 { runningNotPermitted + permittedNotRunning + digestDiffers }
}
