// What a signature file says of itself, for people who want to look before they trust.

package import Cryptography

/// The claims of a bundle over a model; nothing of it is believed.
package struct SignatureClaims: Sendable {
    /// "key", "certificate" or "sigstore".
    package let method: String
    package let mediaType: String
    /// The name that the signer gave the model.
    package let name: String
    /// How many files or shards are named.
    package let resources: Int
    /// "files" or "shards".
    package let serialization: String
    /// The digest algorithm.
    package let digest: String
    /// What the signer left out.
    package let ignoredPaths: [String]
    /// The certificates, leaf first, as far as they can be read.
    package let certificates: [Certificate]
    /// Kind and index of the log entries.
    package let logEntries: [String]
    /// The times of the time stamps, in seconds since 1970.
    package let stampTimes: [Int64]

    /// Reads a bundle; throws when it is none, or is not about a model.
    package init(
        bundle bytes: [UInt8], limits: AttestationLimits = .default
    ) throws(AttestationError) {
        let bundle = try SigstoreBundle(parsing: bytes, limits: limits)
        let statement = try Statement(
            parsing: bundle.envelope.payload, limits: limits, openSubjects: true)
        let manifest = try ModelSignature.manifest(of: statement, limits: limits)
        mediaType = bundle.mediaType
        name = statement.subjects.count == 1 ? statement.subjects[0].name : ""
        resources = manifest.resources.count
        serialization = manifest.shardSize == nil ? "files" : "shards"
        digest = manifest.algorithm.rawValue
        ignoredPaths = manifest.ignoredPaths
        switch bundle.material {
        case .publicKey:
            method = "key"
            certificates = []
        case .certificateChain(let chain):
            method = bundle.logEntries.isEmpty ? "certificate" : "sigstore"
            certificates = chain.compactMap { try? Certificate(der: $0) }
        case .certificate(let leaf):
            method = "sigstore"
            certificates = [leaf].compactMap { try? Certificate(der: $0) }
        }
        logEntries = bundle.logEntries.map { "\($0.kind) \($0.version) at \($0.logIndex)" }
        stampTimes = bundle.timestamps.compactMap { try? TimestampToken(der: $0).time }
    }
}
