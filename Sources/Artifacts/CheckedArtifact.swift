// Verifying a model on disk against its signature, in one reading.
//
// What is hashed is what the verdict needs. Under the method "shards" that is each shard, so that one
// huge file is spread over processors and lanes; the digest of such a file as a whole, one serial
// computation over the same bytes, is made only when the caller wants the artifact digest. A file that is
// one shard has its digest already.

package import Attestation
package import Cryptography

/// A model, and what its signature is worth.
package struct CheckedArtifact: Sendable {
    /// Whether the signature holds and the files are as signed.
    package let verdict: ModelSignatureVerdict
    /// The artifact digest; nil when it was not wanted and a file was hashed in several parts.
    package let digest: SHA256Digest?
    private let listing: ArtifactListing

    /// Checks a signature file's contents, by whom the caller trusts, against the files at `path`.
    ///
    /// `signatureFiles` are left out, as in a scan. `uncovered` in the verdict names what is there and
    /// not vouched for. Throws as a scan does.
    package init(
        _ path: String, bundle: [UInt8], trust: SignerTrust, signatureFiles: [String] = [],
        ignoredPaths: [String] = [], allowsUnsigned: Bool = false, wantsDigest: Bool = false,
        limits: ArtifactLimits = .default
    ) throws(ArtifactError) {
        let root = try ArtifactRoot.open(path)
        listing = try ArtifactListing(
            path, of: root, signatureFiles: signatureFiles, limits: limits)
        let needed = ModelSignature.digestsNeeded(by: bundle)
        var reading = Reading(
            listing, shards: needed?.algorithm == .sha256 ? needed?.parts ?? [] : [],
            wantsDigest: wantsDigest)
        try reading.hash(below: root.directory.number, limits: limits)
        var digests = needed.map { _ in reading.shards }
        if let needed, needed.algorithm != .sha256 {
            digests = try listing.hash(needed, in: root, limits: limits)
        }
        try listing.checkUnchanged(root, limits: limits)
        digest = try reading.artifact()
        var model = ObservedModel(
            files: reading.records, isSingleFile: listing.isSingleFile, digests: digests,
            inParts: reading.inParts)
        model.ignoredPaths = ignoredPaths
        model.allowsUnsigned = allowsUnsigned
        verdict = ModelSignature.verify(bundle: bundle, trust: trust, model: model)
    }

    /// What the bundle leaves open of the files.
    package func coverage(of bundle: [UInt8]) -> ArtifactCoverage { listing.coverage(of: bundle) }

    /// What is in the files.
    package func contents() throws(ArtifactError) -> ArtifactContents { try listing.contents() }
}

/// What is to be hashed for a verdict, each range of bytes once; and then the digests.
private struct Reading {
    private struct Place: Hashable {
        let path: ResourcePath
        let range: Range<Int64>
    }

    private let listing: ArtifactListing
    /// What the signature names and what is there, by the same index.
    private let named: [(shard: FileShard, place: Place)]
    private let tasks: [HashTask]
    private var digests: [Place: SHA256Digest] = [:]
    /// Files of which only parts are hashed.
    private(set) var inParts: [ListedFile] = []

    init(_ listing: ArtifactListing, shards: [FileShard], wantsDigest: Bool) {
        self.listing = listing
        var named: [(shard: FileShard, place: Place)] = []
        var tasks: [Place: HashTask] = [:]
        var inParts: Set<ResourcePath> = []
        for (shard, task) in zip(shards, listing.tasks(shards)) {
            guard let task else { continue }
            let place = Place(path: ResourcePath(task.file.path), range: task.range)
            named.append((shard, place))
            tasks[place] = task
            inParts.insert(place.path)
        }
        for file in listing.files {
            let whole = HashTask(file)
            let place = Place(path: ResourcePath(file.path), range: whole.range)
            if tasks[place] == nil, inParts.contains(place.path), !wantsDigest {
                self.inParts.append(ListedFile(path: file.path, size: file.identity.size))
            } else {
                tasks[place] = whole
            }
        }
        self.named = named
        self.tasks = Array(tasks.values)
    }

    mutating func hash(below directory: Int32, limits: ArtifactLimits) throws(ArtifactError) {
        let found = try hashInParallel(tasks, below: directory, threads: limits.threads)
        for (task, digest) in zip(tasks, found) {
            digests[Place(path: ResourcePath(task.file.path), range: task.range)] = digest
        }
    }

    /// The digests of what the signature names.
    var shards: [FileShard: [UInt8]] {
        var shards: [FileShard: [UInt8]] = [:]
        for (shard, place) in named { shards[shard] = digests[place]?.bytes }
        return shards
    }

    /// The files that were hashed whole.
    var records: [FileRecord] {
        listing.files.compactMap { file in
            digest(of: file).map {
                FileRecord(path: file.path, size: file.identity.size, sha256: $0)
            }
        }
    }

    /// The artifact digest; nil when a file was hashed in parts only.
    func artifact() throws(ArtifactError) -> SHA256Digest? {
        let digests = listing.files.compactMap { digest(of: $0) }
        guard inParts.isEmpty, digests.count == listing.files.count else { return nil }
        return try listing.manifest(digests).digest
    }

    private func digest(of file: FoundFile) -> SHA256Digest? {
        digests[Place(path: ResourcePath(file.path), range: 0..<file.identity.size)]
    }
}
