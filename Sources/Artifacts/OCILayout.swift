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
//   artifactType says too.
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
    /// Most manifests that are looked into.
    private static let manifestLimit = 4_096
    /// How deep indexes name indexes.
    private static let depthLimit = 4

    private static let envelopeMediaType = "application/vnd.dsse.envelope.v1+json"

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
        try look(for: image, in: index, depth: 0, &search)
        search.manifests = 0
        try collect(index, depth: 0, &search)
        return search.found
    }

    private struct Search {
        let image: SHA256Digest
        var found = Findings()
        var manifests = 0
        var seen: Set<SHA256Digest> = []
    }

    private func look(
        for image: SHA256Digest, in index: OCIIndex, depth: Int, _ search: inout Search
    ) throws {
        for descriptor in index.manifests where search.found.manifest == nil {
            try Self.count(&search, path)
            guard let digest = descriptor.digest else { continue }
            if digest == image {
                search.found.manifest = try? blob(descriptor)
            } else if descriptor.mediaType == OCIIndex.mediaType, depth < Self.depthLimit,
                let bytes = try? blob(descriptor), let inner = try? OCIIndex(parsing: bytes)
            {
                try look(for: image, in: inner, depth: depth + 1, &search)
            }
        }
    }

    private func collect(_ index: OCIIndex, depth: Int, _ search: inout Search) throws {
        for descriptor in index.manifests {
            try Self.count(&search, path)
            guard let digest = descriptor.digest, digest != search.image,
                search.seen.insert(digest).inserted, !Self.isOfAnother(descriptor, search.image)
            else { continue }
            do {
                switch descriptor.mediaType {
                case OCIManifest.mediaType, OCIManifest.dockerMediaType:
                    search.found.evidence += evidence(
                        in: try OCIManifest(parsing: blob(descriptor)), of: search)
                case OCIIndex.mediaType where depth < Self.depthLimit:
                    try collect(
                        OCIIndex(parsing: blob(descriptor)), depth: depth + 1, &search)
                default: break
                }
            } catch let error as ArtifactError where error.code == .tooLarge {
                throw error
            } catch  where Self.claimsToSign(descriptor) {
                search.found.evidence.append(.unreadable(digest, error))
            } catch {}
        }
    }

    private static func count(_ search: inout Search, _ path: String) throws(ArtifactError) {
        search.manifests += 1
        guard search.manifests <= manifestLimit else {
            throw ArtifactError(
                .tooLarge, path: path, "The layout names more than \(manifestLimit) manifests.")
        }
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

    private static func claimsToSign(_ descriptor: OCIDescriptor) -> Bool {
        tag(of: descriptor) != nil
            || SigstoreBundle.readableMediaTypes.contains(descriptor.artifactType)
    }

    // MARK: what a manifest holds

    private func evidence(in manifest: OCIManifest, of search: Search) -> [ImageEvidence] {
        if let subject = manifest.subject {
            guard subject.digest == search.image,
                SigstoreBundle.readableMediaTypes.contains(manifest.artifactType)
            else { return [] }
            return [bundle(manifest, subject, search.found.manifest)]
        }
        return manifest.layers.compactMap { layer in
            guard let digest = layer.digest else { return nil }
            do {
                switch layer.mediaType {
                case SimpleSigning.mediaType:
                    return try ImageEvidence(payload: blob(layer), layer: layer)
                case Self.envelopeMediaType:
                    return try ImageEvidence(envelope: blob(layer), layer: layer)
                default: return nil
                }
            } catch {
                return .unreadable(digest, error)
            }
        }
    }

    private func bundle(
        _ manifest: OCIManifest, _ subject: OCIDescriptor, _ image: [UInt8]?
    ) -> ImageEvidence {
        let layer = manifest.layers.first
        let place = layer?.digest?.oci ?? "a manifest without a layer"
        guard manifest.layers.count == 1, let layer, layer.mediaType == manifest.artifactType else {
            return .unreadable(
                place, .mediaTypeUnsupported, "It has not one layer, a bundle as it says.")
        }
        if let image, subject.size != Int64(image.count) {
            return .unreadable(
                place, .fileAltered, "It is about \(subject.size) bytes, the image has others.")
        }
        do {
            return ImageEvidence(place: place, content: .bundle(try blob(layer)))
        } catch {
            return .unreadable(place, error)
        }
    }

    // MARK: bytes

    /// The bytes that a descriptor describes, and no others.
    private func blob(_ descriptor: OCIDescriptor) throws -> [UInt8] {
        guard let digest = descriptor.digest else {
            throw AttestationError(.malformed, "A descriptor names its bytes by another hash.")
        }
        let bytes: [UInt8]
        do throws(ArtifactError) {
            bytes = try read(["blobs", "sha256", digest.hex])
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

    private func read(_ parts: [String]) throws(ArtifactError) -> [UInt8] {
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

extension ImageEvidence {
    fileprivate static func unreadable(_ digest: SHA256Digest, _ error: any Error) -> Self {
        unreadable(digest.oci, error)
    }

    fileprivate static func unreadable(_ place: String, _ error: any Error) -> Self {
        let findings =
            switch error {
            case let error as AttestationError: error.findings
            case let error as ArtifactError:
                [AttestationFinding(.fileAltered, path: error.path, error.message)]
            default: [AttestationFinding(.malformed, "\(error)")]
            }
        return ImageEvidence(place: place, content: .unreadable(findings))
    }

    fileprivate static func unreadable(
        _ place: String, _ code: AttestationFinding.Code, _ message: String
    ) -> Self {
        ImageEvidence(
            place: place, content: .unreadable([AttestationFinding(code, message)]))
    }
}
