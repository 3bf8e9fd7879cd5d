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

    /// Hashes parts of the files, for signatures made by shards; unknown files are left out.
    ///
    /// The whole-file digests of this scan are checked against nothing here: a file that has changed
    /// since the scan differs in its length or in its shards.
    package func hash(
        shards: [FileShard], limits: ArtifactLimits = .default
    ) throws(ArtifactError) -> [FileShard: SHA256Digest] {
        let root = try ArtifactRoot.open(path)
        let files =
            root.isSingleFile
            ? [try root.singleFile()] : try root.list(excluding: [], limits: limits).files
        var known: [ResourcePath: FoundFile] = [:]
        for file in files { known[ResourcePath(file.path)] = file }
        if root.isSingleFile { known[ResourcePath(".")] = files.first }
        var tasks: [HashTask] = []
        var hashed: [FileShard] = []
        for shard in shards {
            guard let file = known[ResourcePath(shard.path)], shard.start >= 0,
                shard.start <= shard.end, shard.end <= file.identity.size
            else { continue }
            tasks.append(HashTask(file, range: shard.start..<shard.end))
            hashed.append(shard)
        }
        let digests = try hashInParallel(
            tasks, below: root.directory.number, threads: limits.threads)
        return Dictionary(zip(hashed, digests), uniquingKeysWith: { first, _ in first })
    }
}
