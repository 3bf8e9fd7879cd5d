// Every bound of the web room, with its reason.

internal import CanonicalJSON

/// The bounds within which requests are read.
package enum WebLimits {
    /// A submission: the list of files of a large artifact, its signature and the card.
    static let submissionBytes = 16 << 20
    /// A policy pack: ten files, in base64.
    static let policyBytes = 4 << 20
    /// A bulk request: many commands.
    static let bulkBytes = 16 << 20
    /// Commands of one bulk request: their locks are held for as long as all of them take.
    static let commands = 1...1_000
    /// A snapshot of an environment: 2,000 things, each with a few digests, in base64.
    static let snapshotBytes = 4 << 20
    /// What Kubernetes asks about: an object of etcd's size, and the object before.
    static let admissionBytes = 4 << 20
    /// Every other body: one statement or a few fields.
    static let bodyBytes = 1 << 20
    /// Bodies held in memory at once; parsed JSON takes many times as much.
    static let bodyBytesInFlight = 64 << 20
    /// Requests worked on at once: what the connection pool's waiting line can hold.
    package static let inFlight = 256
    /// Open connections: well below the usual 1,024 file descriptors.
    static let connections = 800
    /// All header fields of a request together.
    static let headerBytes = 32 << 10
    /// Seconds that a connection may idle.
    static let idleSeconds: Int64 = 75
    /// What a client is told to wait when there is no capacity, in seconds.
    static let retryAfterSeconds = 1
    /// Longest Idempotency-Key.
    static let idempotencyKeyBytes = 200
    /// Longest name of a principal, in characters.
    static let name = 1...200
    /// A reason must say something and fit a page.
    static let reason = 1...2_000
    /// Longest name of a deployment target, in characters.
    static let target = 0...200
    /// Elements of a page of a list.
    static let page = 1...200
    /// Elements of a page unless the caller says otherwise.
    static let usualPage = 50
    /// Files of one artifact; the body limit binds before.
    static let files = 0...200_000
    /// Disclosures with one card.
    static let disclosures = 0...200
    /// How long readiness waits for the database.
    static let readiness = Duration.seconds(2)

    /// What JSON is read: of ours, so integers only, and not deeper than any format of ours.
    static func json(bytes: Int) -> JSON.Limits {
        JSON.Limits(bytes: bytes, depth: 32, integersOnly: true)
    }

    /// What JSON of others is read.
    static func foreignJSON(bytes: Int) -> JSON.Limits { JSON.Limits(bytes: bytes, depth: 64) }
}
