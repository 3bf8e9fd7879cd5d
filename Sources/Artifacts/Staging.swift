// Writing verified bytes once into a read-only place named after their digest.
//
// Specification. The place is DIR/sha256-<artifact digest>/, with the files of the manifest at their
// paths, directories 0555, files 0444. It is made as DIR/.staging-<random>/: each file is copied
// through the hasher, and any difference from the manifest ends everything. Files and directories
// are flushed to disk, then the directory is renamed. A crash leaves at most a .staging-… directory,
// which nobody takes for an artifact. A place that exists already is hashed again and must agree, and
// nothing in it may be writable or somebody else's: it is never repaired, because somebody may be
// reading it. DIR itself should be writable for its owner only: who can rename in it can exchange
// whole places.

package import Attestation
import Cryptography
import Glibc

/// Copies of verified artifacts, by content.
package enum Staging {
    /// Where the artifact with this manifest is, or goes, below `directory`.
    package static func place(of manifest: ArtifactManifest, below directory: String) -> String {
        "\(directory)/sha256-\(manifest.digest.hex)"
    }

    /// Copies the files of `manifest` from the artifact at `path`; the answer is their new place.
    ///
    /// Only what the manifest names is copied. Throws `mismatch` when a byte is not as verified,
    /// also when it is an existing place that was altered.
    package static func stage(
        _ manifest: ArtifactManifest, from path: String, below directory: String,
        limits: ArtifactLimits = .default
    ) throws(ArtifactError) -> String {
        let place = place(of: manifest, below: directory)
        guard mkdir(directory, 0o755) == 0 || errno == EEXIST else {
            throw .system(errno, directory, "create")
        }
        if try exists(place) {
            try check(place, manifest, limits)
            return place
        }
        let source = try ArtifactRoot.open(path)
        let parent = try Descriptor.open(directory + "/.", flags: O_RDONLY | O_DIRECTORY)
        let name = ".staging-\(Hex.encode(Random.bytes(12)))"
        guard mkdirat(parent.number, name, 0o700) == 0 else {
            throw .system(errno, "\(directory)/\(name)", "create")
        }
        do throws(ArtifactError) {
            try fill(name, in: parent, manifest, from: source)
            try rename(name, in: parent, to: "sha256-\(manifest.digest.hex)", path: place)
        } catch {
            DirectoryRemoval.remove(name, in: parent.number)
            // Somebody else may have staged the same bytes meanwhile.
            guard error.errorNumber == EEXIST || error.errorNumber == ENOTEMPTY else { throw error }
            try check(place, manifest, limits)
        }
        return place
    }

    private static func exists(_ path: String) throws(ArtifactError) -> Bool {
        var status = stat()
        if lstat(path, &status) == 0 { return true }
        guard errno == ENOENT else { throw .system(errno, path, "stat") }
        return false
    }

    /// Whether the place holds exactly the files of the manifest, by reading them.
    private static func check(
        _ place: String, _ manifest: ArtifactManifest, _ limits: ArtifactLimits
    ) throws(ArtifactError) {
        guard try ArtifactScan.scan(place, limits: limits).digest == manifest.digest else {
            throw ArtifactError(.mismatch, path: place, "The staged files have been altered.")
        }
        let root = try ArtifactRoot.open(place)
        var paths: Set<ResourcePath> = [ResourcePath(".")]
        for record in manifest.files {
            let parts = record.path.split(separator: "/")
            for count in parts.indices.map({ $0 + 1 }) {
                paths.insert(ResourcePath(parts.prefix(count).joined(separator: "/")))
            }
        }
        for path in paths.sorted(by: <) {
            var status = stat()
            guard fstatat(root.directory.number, path.text, &status, AT_SYMLINK_NOFOLLOW) == 0
            else {
                throw .vanishing(errno, path.text)
            }
            guard status.st_mode & 0o222 == 0, status.st_uid == geteuid() || status.st_uid == 0
            else {
                throw ArtifactError(
                    .mismatch, path: "\(place)/\(path.text)",
                    "What is staged must be read-only, and our own or root's.")
            }
        }
    }

    private static func fill(
        _ name: String, in parent: borrowing Descriptor, _ manifest: ArtifactManifest,
        from source: borrowing ArtifactRoot
    ) throws(ArtifactError) {
        let root = try Descriptor.open(
            name, in: parent.number, flags: O_RDONLY | O_DIRECTORY, path: name)
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: ArtifactLimits.chunkBytes, alignment: 4096)
        defer { buffer.deallocate() }
        var directories: Set<ResourcePath> = []
        for record in manifest.files {
            try copy(record, from: source, to: root.number, &directories, buffer)
        }
        // Deepest first, so that a directory is closed to writing after everything in it.
        for path in directories.sorted(by: >) {
            let directory = try Descriptor.open(
                path.text, in: root.number, flags: O_RDONLY | O_DIRECTORY, path: path.text)
            try directory.synchronise(path: path.text)
            guard fchmod(directory.number, 0o555) == 0 else {
                throw .system(errno, path.text, "change the mode")
            }
        }
        try root.synchronise(path: name)
        guard fchmod(root.number, 0o555) == 0 else {
            throw .system(errno, name, "change the mode")
        }
    }

    private static func copy(
        _ record: FileRecord, from source: borrowing ArtifactRoot, to root: Int32,
        _ directories: inout Set<ResourcePath>, _ buffer: UnsafeMutableRawBufferPointer
    ) throws(ArtifactError) {
        try makeParents(of: record.path, in: root, &directories)
        let file = try source.find(record.path)
        let input = try ArtifactRoot.open(file, below: source.directory.number)
        let output = try Descriptor.create(
            record.path, in: root, mode: 0o400, path: record.path)
        var hasher = SHA256Hasher()
        try input.forEachChunk(of: file, in: 0..<file.identity.size, buffer: buffer) {
            (chunk) throws(ArtifactError) in
            hasher.update(chunk)
            try output.write(chunk, path: record.path)
        }
        guard hasher.finalize() == record.sha256, file.identity.size == record.size else {
            throw ArtifactError(
                .mismatch, path: record.path, "The bytes are not those that were verified.")
        }
        guard fchmod(output.number, 0o444) == 0 else {
            throw .system(errno, record.path, "change the mode")
        }
        try output.synchronise(path: record.path)
    }

    private static func makeParents(
        of path: String, in root: Int32, _ directories: inout Set<ResourcePath>
    ) throws(ArtifactError) {
        let parts = path.split(separator: "/").dropLast()
        for count in parts.indices.map({ $0 + 1 }) {
            let parent = parts.prefix(count).joined(separator: "/")
            guard directories.insert(ResourcePath(parent)).inserted else { continue }
            guard mkdirat(root, parent, 0o700) == 0 else { throw .system(errno, parent, "create") }
        }
    }

    private static func rename(
        _ name: String, in parent: borrowing Descriptor, to final: String, path: String
    ) throws(ArtifactError) {
        guard renameat(parent.number, name, parent.number, final) == 0 else {
            throw .system(errno, path, "rename to")
        }
        try parent.synchronise(path: path)
    }
}

extension ArtifactRoot {
    /// The file at this path as it is now.
    borrowing func find(_ path: String) throws(ArtifactError) -> FoundFile {
        var status = stat()
        guard fstatat(directory.number, path, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw .vanishing(errno, path)
        }
        let identity = FileIdentity(status)
        try identity.requireRegularFile(path)
        return FoundFile(path: path, identity: identity)
    }
}
