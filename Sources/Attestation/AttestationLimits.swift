// The bounds within which signed documents are read, declared once with their reasons.

/// The bounds within which envelopes, bundles and manifests are read.
package struct AttestationLimits: Sendable, Hashable {
    /// Longest bundle or envelope: at 212 bytes a file, 64 MiB hold some 300,000 files.
    package var documentBytes: Int
    /// Most signatures in one envelope: each costs an elliptic-curve operation per trusted key.
    package var signatures: Int
    /// Most subjects in one statement.
    package var subjects: Int
    /// Most files (or shards) in one manifest.
    package var files: Int
    /// Most log entries, certificates or timestamps in one bundle.
    package var materials: Int
    /// Longest path of a file, in bytes: PATH_MAX of Linux.
    package var pathBytes: Int

    package init(
        documentBytes: Int = 64 << 20,
        signatures: Int = 64,
        subjects: Int = 100_000,
        files: Int = 1_000_000,
        materials: Int = 32,
        pathBytes: Int = 4096
    ) {
        self.documentBytes = documentBytes
        self.signatures = signatures
        self.subjects = subjects
        self.files = files
        self.materials = materials
        self.pathBytes = pathBytes
    }

    /// What is enough for every document known to us.
    package static let `default` = AttestationLimits()
}
