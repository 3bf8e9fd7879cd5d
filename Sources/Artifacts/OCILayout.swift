// An OCI image layout on disk, and the signatures of an image in it.
//
// Specification: OCI image-spec 1.1, image-layout.md: the directory holds "oci-layout"
// {"imageLayoutVersion":"1.0.0"}, "index.json", and every blob at blobs/sha256/<64 hex>. A blob's path
// comes from its digest alone, so nothing in a document can lead elsewhere; links are not followed at
// any level; bytes whose length or hash is not the descriptor's are no blob.
//
// What may be a signature of the image D, in the index and in indexes that it names:
// - old: a manifest with layers of cosign's media types, found under any name but those that say
//   "sha256-<hex>.sig" or ".att" of another image;
// - new: a manifest whose "subject" is D and whose only layer is a sigstore bundle, which its
//   artifactType says too;
// - between: a manifest whose "subject" is D with layers of cosign's media types, as cosign wrote them
//   when referrers were new and bundles were not.
// Manifests that are missing (layouts may hold less than their index names) are passed over unless they
// call themselves such; documents that cannot be read are evidence that cannot be read.

package import Attestation
package import Cryptography
import Glibc

/// An open image layout.
package struct OCILayout: ~Copyable {
    private let directory: Descriptor
    /// As it was given.
    private let path: String

    /// Largest document that is read whole; a bundle of an attestation may be that long.
    private static let documentLimit: Int64 = 16 << 20
    /// Most bytes that all documents of one search have together.
    private static let searchLimit: Int64 = 256 << 20
    /// Most manifests that are looked into.
    private static let manifestLimit = 4_096
    /// How deep indexes name indexes.
    private static let depthLimit = 4

    private init(directory: consuming Descriptor, path: String) {
        self.directory = directory
        self.path = path
    }

    /// Opens a layout; throws when the directory is none.
    package static func open(_ path: String) throws -> OCILayout {
        let layout = OCILayout(
            directory: try Descriptor.open(path, flags: O_RDONLY | O_DIRECTORY), path: path)
        guard try OCILayoutMarker(parsing: layout.read(["oci-layout"])).isReadable else {
            throw ArtifactError(
                .mismatch, path: path + "/oci-layout", "It is no image layout of version 1.0.0.")
        }
        return layout
    }

    /// What a layout holds about one image.
    package struct Findings: Sendable {
        /// The image's manifest; nil when the layout has it not.
        package var manifest: [UInt8]?
        package var evidence: [ImageEvidence] = []

        package init() {}
    }

    /// Everything that may be a signature of the image, or say something about it.
    package func findings(on image: SHA256Digest) throws -> Findings {
        var search = Search(image: image)
        let index = try OCIIndex(parsing: read(["index.json"]))
        // Which bytes the image is decides a bundle over them, so they are looked for first.
        do {
            try look(for: image, in: index, depth: 0, &search)
            search.manifests = 0
            search.seen = [:]
            try collect(index, depth: 0, &search)
        } catch let exhausted as Exhausted {
            throw exhausted.error
        }
        return search.found
    }

    struct Search {
        let image: SHA256Digest
        var found = Findings()
        var manifests = 0
        var bytes: Int64 = 0
        /// What was looked into, and how deep in indexes; the whole descriptor, since others may
        /// describe the same bytes falsely.
        var seen: [OCIDescriptor: Int] = [:]

        /// Whether it was not looked into yet, or only where less of it counts.
        mutating func isNew(_ descriptor: OCIDescriptor, at depth: Int) -> Bool {
            guard depth < seen[descriptor] ?? .max else { return false }
            seen[descriptor] = depth
            return true
        }
    }

    /// That there is more than is looked into: no answer is given then, since good signatures may be
    /// among the rest.
    struct Exhausted: Error {
        let error: ArtifactError
    }

    private func look(
        for image: SHA256Digest, in index: OCIIndex, depth: Int, _ search: inout Search
    ) throws {
        for descriptor in index.manifests where search.found.manifest == nil {
            try count(&search)
            guard let digest = descriptor.digest else { continue }
            if digest == image {
                search.found.manifest = try read(descriptor, &search)
            } else if descriptor.mediaType == OCIIndex.mediaType, depth < Self.depthLimit,
                search.isNew(descriptor, at: depth),
                let bytes = try read(descriptor, &search), let inner = try? OCIIndex(parsing: bytes)
            {
                try look(for: image, in: inner, depth: depth + 1, &search)
            }
        }
    }

    /// The blob, or nil when it cannot be read; throws when there is too much to read.
    private func read(
        _ descriptor: OCIDescriptor, _ search: inout Search
    ) throws(Exhausted) -> [UInt8]? {
        do {
            return try blob(descriptor, &search)
        } catch let exhausted as Exhausted {
            throw exhausted
        } catch {
            return nil
        }
    }

    private func collect(_ index: OCIIndex, depth: Int, _ search: inout Search) throws {
        for descriptor in index.manifests {
            try count(&search)
            guard let digest = descriptor.digest, digest != search.image,
                !Self.isOfAnother(descriptor, search.image),
                search.isNew(descriptor, at: depth)
            else { continue }
            do {
                switch descriptor.mediaType {
                case OCIManifest.mediaType, OCIManifest.dockerMediaType:
                    let manifest = try OCIManifest(parsing: blob(descriptor, &search))
                    let evidence = try evidence(in: manifest, &search)
                    search.found.evidence += evidence
                case OCIIndex.mediaType where depth < Self.depthLimit:
                    try collect(
                        OCIIndex(parsing: blob(descriptor, &search)), depth: depth + 1, &search)
                default: break
                }
            } catch let exhausted as Exhausted {
                throw exhausted
            } catch  where Self.claimsToSign(descriptor) {
                search.found.evidence.append(.unreadable(digest, error))
            } catch {}
        }
    }

    private func count(_ search: inout Search) throws(Exhausted) {
        search.manifests += 1
        guard search.manifests <= Self.manifestLimit else {
            throw exhausted("The layout names more than \(Self.manifestLimit) manifests.")
        }
    }

    private func exhausted(_ message: String) -> Exhausted {
        Exhausted(error: ArtifactError(.tooLarge, path: path, message))
    }

    private static let reference = "org.opencontainers.image.ref.name"

    /// Whether the layout calls this the signatures of another image.
    private static func isOfAnother(_ descriptor: OCIDescriptor, _ image: SHA256Digest) -> Bool {
        guard let tag = tag(of: descriptor) else { return false }
        return !tag.hasPrefix("sha256-\(image.hex).")
    }

    /// The tag by which cosign names the signatures of an image.
    private static func tag(of descriptor: OCIDescriptor) -> String? {
        guard let name = descriptor.annotations[reference] else { return nil }
        let tag = name.split(separator: ":").last.map(String.init) ?? name
        let isOfCosign =
            tag.hasPrefix("sha256-") && [".sig", ".att"].contains(where: tag.hasSuffix)
        return isOfCosign ? tag : nil
    }

    private static let signatureArtifactType =
        "application/vnd.dev.cosign.artifact.sig.v1+json"

    private static func claimsToSign(_ descriptor: OCIDescriptor) -> Bool {
        tag(of: descriptor) != nil
            || SigstoreBundle.readableMediaTypes.contains(descriptor.artifactType)
            || descriptor.artifactType == signatureArtifactType
    }

    // MARK: bytes

    /// The bytes that a descriptor describes, and no others.
    func blob(_ descriptor: OCIDescriptor, _ search: inout Search) throws -> [UInt8] {
        guard let digest = descriptor.digest else {
            throw AttestationError(.malformed, "A descriptor names its bytes by another hash.")
        }
        guard descriptor.size <= Self.documentLimit else {
            throw AttestationError(
                .tooLarge, "The blob \(digest.oci) is longer than \(Self.documentLimit) bytes.")
        }
        // Counted as described before anything is opened; other lengths are refused anyway.
        search.bytes += descriptor.size
        guard search.bytes <= Self.searchLimit else {
            throw exhausted("The layout's documents are longer than \(Self.searchLimit) bytes.")
        }
        let bytes: [UInt8]
        do throws(ArtifactError) {
            bytes = try read(["blobs", "sha256", digest.hex], size: descriptor.size)
        } catch {
            guard error.code == .notFound else { throw error }
            throw AttestationError(.fileMissing, "The layout has no blob \(digest.oci).")
        }
        guard Int64(bytes.count) == descriptor.size, SHA256.hash(bytes) == digest else {
            throw AttestationError(
                .fileAltered, "The blob \(digest.oci) is not what its descriptor says.")
        }
        return bytes
    }

    /// - Parameter size: what it must have; a file of another is not read.
    private func read(
        _ parts: [String], size expected: Int64? = nil
    ) throws(ArtifactError) -> [UInt8] {
        let place = path + "/" + parts.joined(separator: "/")
        let folder = O_RDONLY | O_DIRECTORY
        var file = try Descriptor.open(
            parts[0], in: directory.number, flags: parts.count == 1 ? O_RDONLY : folder,
            path: place)
        for (index, part) in parts.enumerated().dropFirst() {
            file = try Descriptor.open(
                part, in: file.number, flags: index == parts.count - 1 ? O_RDONLY : folder,
                path: place)
        }
        let identity = try file.identity(path: place)
        guard identity.isRegularFile else {
            throw ArtifactError(.specialFile, path: place, "It is no file.")
        }
        guard identity.size <= Self.documentLimit else {
            throw ArtifactError(
                .tooLarge, path: place, "It is longer than \(Self.documentLimit) bytes.")
        }
        guard expected == nil || expected == identity.size else { return [] }
        let size = Int(identity.size)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(size, 1), alignment: 16)
        defer { buffer.deallocate() }
        var filled = 0
        while filled < size {
            let count = try file.read(
                into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<size]),
                at: Int64(filled), path: place)
            guard count > 0 else {
                throw ArtifactError(
                    .changedWhileReading, path: place, "It became shorter while it was read.")
            }
            filled += count
        }
        return Array(buffer[..<size])
    }
}
