// The bounds within which artifacts are read, declared once with their reasons.

/// The bounds within which artifacts are walked and hashed.
package struct ArtifactLimits: Sendable, Hashable {
    /// Most files: their list must fit into one signed statement.
    package var files: Int
    /// Longest path below the root, in bytes: PATH_MAX.
    package var pathBytes: Int
    /// Deepest directory: one descriptor is open for each level.
    package var depth: Int
    /// Threads that hash; nil takes one for each processor, between 2 and 16. Those that wait for the
    /// disk come beside them.
    package var threads: Int?

    package init(
        files: Int = 1_000_000, pathBytes: Int = 4096, depth: Int = 128, threads: Int? = nil
    ) {
        self.files = files
        self.pathBytes = pathBytes
        self.depth = min(depth, 512)
        self.threads = threads
    }

    /// What is enough for every model known to us.
    package static let `default` = ArtifactLimits()

    /// Bytes read at once: large enough to make calls cheap, small enough for the level-2 cache.
    static let chunkBytes = 256 << 10

    /// Bytes that are hashed where they are mapped, or read past the page cache, in one piece: large
    /// enough for the disk, small enough to notice soon that another thread has failed.
    static let windowBytes = 4 << 20

    /// Most pieces that the disk is asked for at once: more than that gained nothing here.
    static let readers = 16

    /// Below this a file is not worth a mapping.
    static let mappedBytes: Int64 = 1 << 20
}
