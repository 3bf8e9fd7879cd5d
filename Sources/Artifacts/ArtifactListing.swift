// What an artifact consists of, as listed: the state of the disk that every reading has to find.

import Attestation
import Cryptography
import Glibc

/// The files of an artifact before anything of them is read.
struct ArtifactListing: Sendable, Hashable {
    /// The path as given.
    let path: String
    /// The name of the artifact: its directory's or its file's.
    let name: String
    let isSingleFile: Bool
    /// By the bytes of the paths; without signature files.
    let files: [FoundFile]
    /// The signature files that were left out, relative to the artifact.
    let signatureFiles: [String]
    private let exclusions: Set<ResourcePath>

    /// Lists an open artifact; `signatureFiles` are paths as given on a command line.
    init(
        _ path: String, of root: borrowing ArtifactRoot, signatureFiles: [String],
        limits: ArtifactLimits
    ) throws(ArtifactError) {
        self.path = path
        name = root.name
        isSingleFile = root.isSingleFile
        guard !root.isSingleFile else {
            files = [try root.singleFile()]
            self.signatureFiles = []
            exclusions = []
            return
        }
        exclusions = try ArtifactRoot.relative(signatureFiles, to: path)
        let walk = try root.list(excluding: exclusions, limits: limits)
        guard !walk.files.isEmpty else {
            throw ArtifactError(.empty, path: path, "There is no file in it.")
        }
        files = walk.files
        self.signatureFiles = walk.excluded
    }

    /// Throws unless the directory holds what it held; one file is compared whenever it is read.
    func checkUnchanged(
        _ root: borrowing ArtifactRoot, limits: ArtifactLimits
    ) throws(ArtifactError) {
        guard !isSingleFile else { return }
        let now = try root.list(excluding: exclusions, limits: limits).files
        guard files != now else { return }
        let first = Set(files).symmetricDifference(now).map { ResourcePath($0.path) }.min()
        throw ArtifactError(
            .changedWhileReading, path: first?.text ?? path,
            "It changed while the artifact was read.")
    }

    /// The list with a digest for each file, in their order.
    func manifest(_ digests: [SHA256Digest]) throws(ArtifactError) -> ArtifactManifest {
        let records = zip(files, digests).map { file, digest in
            FileRecord(path: file.path, size: file.identity.size, sha256: digest)
        }
        do {
            return try ArtifactManifest(files: records)
        } catch {
            throw ArtifactError(.nameUnacceptable, path: path, "\(error)")
        }
    }

    /// The bytes that parts name; nil for what is not there.
    func tasks(_ parts: [FileShard]) -> [HashTask?] {
        var known: [ResourcePath: FoundFile] = [:]
        for file in files { known[ResourcePath(file.path)] = file }
        if isSingleFile { known[ResourcePath(".")] = files.first }
        return parts.map { part in
            guard let file = known[ResourcePath(part.path)], part.start >= 0,
                part.start <= part.end, part.isWhole || part.end <= file.identity.size
            else { return nil }
            return HashTask(
                file, range: part.start..<(part.isWhole ? file.identity.size : part.end))
        }
    }

    /// Hashes files or parts of them, as a signature wants it; what is not there is left out.
    func hash(
        _ needed: DigestsNeeded, in root: borrowing ArtifactRoot, limits: ArtifactLimits
    ) throws(ArtifactError) -> [FileShard: [UInt8]] {
        let found = zip(needed.parts, tasks(needed.parts)).compactMap { part, task in
            task.map { (part: part, task: $0) }
        }
        let directory = root.directory.number
        let tasks = found.map(\.task)
        let digests =
            switch needed.algorithm {
            case .sha256:
                try hashInParallel(tasks, below: directory, threads: limits.threads).map(\.bytes)
            case .blake2b: try hashBLAKE2b(tasks, below: directory)
            }
        return Dictionary(zip(found.map(\.part), digests), uniquingKeysWith: { first, _ in first })
    }

    /// What the bundle leaves open of these files; no gaps but the signature files when the bundle
    /// cannot be read.
    func coverage(of bundle: [UInt8]) -> ArtifactCoverage {
        let files = files.map { (path: $0.path, size: $0.identity.size) }
        let gaps =
            (try? ArtifactCoverage.reasons(
                bundle: bundle, files: files, isSingleFile: isSingleFile)) ?? []
        return ArtifactCoverage(gaps: gaps + signatureGaps)
    }

    /// The files that were left out because the caller called them signatures.
    var signatureGaps: [ArtifactCoverage.Gap] {
        signatureFiles.map { .init(path: $0, reason: .signature) }
    }

    /// What is in the files: signature files too, since calling one so does not make it one.
    func contents() throws(ArtifactError) -> ArtifactContents {
        try ArtifactContents(
            files: files.map(\.path) + signatureFiles, of: try ArtifactRoot.open(path))
    }
}

/// Hashes one after the other: the format's rare digest is worth no threads.
private func hashBLAKE2b(
    _ tasks: [HashTask], below directory: Int32
) throws(ArtifactError) -> [[UInt8]] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: ArtifactLimits.chunkBytes, alignment: 4096)
    defer { buffer.deallocate() }
    var digests: [[UInt8]] = []
    for task in tasks {
        let path = task.file.path
        let descriptor = try ArtifactRoot.open(task.file, below: directory)
        let hasher = try naming(path) { () throws(CryptographyError) in try BLAKE2bHasher() }
        try descriptor.forEachChunk(of: task.file, in: task.range, buffer: buffer) {
            (chunk) throws(ArtifactError) in
            try naming(path) { () throws(CryptographyError) in try hasher.update(chunk) }
        }
        digests.append(
            try naming(path) { () throws(CryptographyError) in try hasher.finalize() })
    }
    return digests
}

/// An error of hashing as one of the file.
private func naming<R>(
    _ path: String, _ body: () throws(CryptographyError) -> R
) throws(ArtifactError) -> R {
    do throws(CryptographyError) {
        return try body()
    } catch {
        throw ArtifactError(.system, path: path, error.message)
    }
}
