// Hashing an artifact: what it consists of, as one consistent state of the disk.
//
// List, hash, list again: every file is the one listed when it is opened (device, inode, size, both
// times) and when it has been read, and the second list must equal the first. What changed meanwhile
// is an error, never a mixture of two states.

package import Attestation
package import Cryptography
import Glibc

/// The files of an artifact with their digests, as they were at one moment.
package struct ArtifactScan: Sendable, Hashable {
    /// The path that was scanned, as given.
    package let path: String
    /// The name of the artifact: its directory's or its file's.
    package let name: String
    /// Whether it is one file, not a directory.
    package let isSingleFile: Bool
    /// Every file but the signature files, and the artifact digest.
    package let manifest: ArtifactManifest
    /// The signature files that were left out, relative to the artifact.
    package let signatureFiles: [String]

    /// The artifact digest.
    package var digest: SHA256Digest { manifest.digest }

    /// The files that a model signature never covers (.git and the like), relative to the artifact.
    ///
    /// The artifact digest covers them: they are part of what is deployed, but no signer of a model
    /// signature vouches for them.
    package var neverSigned: [String] {
        guard !isSingleFile else { return [] }
        return manifest.files.map(\.path).filter { ModelSignature.ignores($0, ignored: []) }
    }

    /// The files as a model signature is compared with them.
    package var observed: ObservedModel {
        ObservedModel(files: manifest.files, isSingleFile: isSingleFile)
    }
}

extension ArtifactScan {
    /// Hashes every file below `path` but the signature files; `path` may be one file.
    ///
    /// `signatureFiles` are paths as given on a command line; those outside the artifact, or not
    /// there, have no effect. Blocks; uses threads of its own. Throws on any link, fifo, socket or
    /// device, on names that are not UTF-8, on changes meanwhile, and beyond the limits.
    package static func scan(
        _ path: String, signatureFiles: [String] = [], limits: ArtifactLimits = .default
    ) throws(ArtifactError) -> ArtifactScan {
        let root = try ArtifactRoot.open(path)
        if root.isSingleFile {
            let file = try root.singleFile()
            let digests = try hashInParallel(
                [HashTask(file)], below: root.directory.number, threads: 1)
            return try make(path, root.name, true, [file], digests, excluded: [])
        }
        let exclusions = try ArtifactRoot.relative(signatureFiles, to: path)
        let before = try root.list(excluding: exclusions, limits: limits)
        guard !before.files.isEmpty else {
            throw ArtifactError(.empty, path: path, "There is no file in it.")
        }
        let digests = try hashInParallel(
            before.files.map(HashTask.init), below: root.directory.number,
            threads: limits.threads)
        try checkUnchanged(
            before, try root.list(excluding: exclusions, limits: limits), path: path)
        return try make(
            path, root.name, false, before.files, digests, excluded: before.excluded)
    }

    private static func checkUnchanged(
        _ before: ArtifactWalk, _ after: ArtifactWalk, path: String
    ) throws(ArtifactError) {
        guard before.files != after.files else { return }
        let common = Set(before.files).symmetricDifference(after.files)
        let first = common.map { ResourcePath($0.path) }.min()?.text ?? path
        throw ArtifactError(
            .changedWhileReading, path: first, "It changed while the artifact was read.")
    }

    private static func make(
        _ path: String, _ name: String, _ isSingleFile: Bool, _ files: [FoundFile],
        _ digests: [SHA256Digest], excluded: [String]
    ) throws(ArtifactError) -> ArtifactScan {
        let records = zip(files, digests).map { file, digest in
            FileRecord(path: file.path, size: file.identity.size, sha256: digest)
        }
        do {
            return ArtifactScan(
                path: path, name: name, isSingleFile: isSingleFile,
                manifest: try ArtifactManifest(files: records), signatureFiles: excluded)
        } catch {
            throw ArtifactError(.nameUnacceptable, path: path, "\(error)")
        }
    }

    /// Hashes files or parts of them, as a signature wants it; unknown files are left out.
    ///
    /// The whole-file digests of this scan are checked against nothing here: a file that has changed
    /// since the scan differs in its length or in its digests.
    package func hash(
        _ needed: DigestsNeeded, limits: ArtifactLimits = .default
    ) throws(ArtifactError) -> [FileShard: [UInt8]] {
        let root = try ArtifactRoot.open(path)
        let files =
            root.isSingleFile
            ? [try root.singleFile()] : try root.list(excluding: [], limits: limits).files
        var known: [ResourcePath: FoundFile] = [:]
        for file in files { known[ResourcePath(file.path)] = file }
        if root.isSingleFile { known[ResourcePath(".")] = files.first }
        var tasks: [HashTask] = []
        var hashed: [FileShard] = []
        for part in needed.parts {
            guard let file = known[ResourcePath(part.path)], part.start >= 0,
                part.start <= part.end, part.isWhole || part.end <= file.identity.size
            else { continue }
            let end = part.isWhole ? file.identity.size : part.end
            tasks.append(HashTask(file, range: part.start..<end))
            hashed.append(part)
        }
        let directory = root.directory.number
        let digests =
            switch needed.algorithm {
            case .sha256:
                try hashInParallel(tasks, below: directory, threads: limits.threads).map(\.bytes)
            case .blake2b: try hashBLAKE2b(tasks, below: directory)
            }
        return Dictionary(zip(hashed, digests), uniquingKeysWith: { first, _ in first })
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
