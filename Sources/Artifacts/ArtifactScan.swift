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
    let listing: ArtifactListing
    /// Every file but the signature files, and the artifact digest.
    package let manifest: ArtifactManifest

    /// The path that was scanned, as given.
    package var path: String { listing.path }
    /// The name of the artifact: its directory's or its file's.
    package var name: String { listing.name }
    /// Whether it is one file, not a directory.
    package var isSingleFile: Bool { listing.isSingleFile }
    /// The signature files that were left out, relative to the artifact.
    package var signatureFiles: [String] { listing.signatureFiles }
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

    /// The files that were left out because the caller called them signatures.
    package var signatureGaps: [ArtifactCoverage.Gap] { listing.signatureGaps }

    /// What is in the files: signature files too, since calling one so does not make it one.
    package func contents() throws(ArtifactError) -> ArtifactContents {
        try listing.contents()
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
        let listing = try ArtifactListing(
            path, of: root, signatureFiles: signatureFiles, limits: limits)
        let digests = try hashInParallel(
            listing.files.map(HashTask.init), below: root.directory.number,
            threads: limits.threads)
        try listing.checkUnchanged(root, limits: limits)
        return ArtifactScan(listing: listing, manifest: try listing.manifest(digests))
    }
}
