// What an artifact consists of, and the one digest that stands for it.
//
// Specification (docs/architecture.md, "Artifact digest"). The artifact digest is the SHA-256 of the
// RFC 8785 bytes of the list of {"path","sha256","size"}, one for every file except signature
// files, in the order of the paths' UTF-8 bytes. Path: relative, as in ResourcePath.swift; for a
// single file its own name. sha256: 64 lowercase hexadecimal digits. size: bytes, below 2^53.
// It is recomputable from the bytes alone, includes the names, and survives re-signing.
//
// Example: one empty file "empty.txt" gives the 107 bytes
//   [{"path":"empty.txt","sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
//   "size":0}]                                                      (without the line break)

package import CanonicalJSON
package import Cryptography

/// One file of an artifact: its name, length and contents by digest.
package struct FileRecord: Sendable, Hashable {
    /// Relative to the artifact, with "/" between components.
    package let path: String
    /// Length in bytes.
    package let size: Int64
    /// SHA-256 of the contents.
    package let sha256: SHA256Digest

    package init(path: String, size: Int64, sha256: SHA256Digest) {
        self.path = path
        self.size = size
        self.sha256 = sha256
    }

    /// Byte for byte in the name too.
    package static func == (left: Self, right: Self) -> Bool {
        left.size == right.size && left.sha256 == right.sha256
            && ResourcePath(left.path) == ResourcePath(right.path)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(ResourcePath(path))
        hasher.combine(sha256)
    }

    /// {"path","sha256","size"}.
    package var json: JSON {
        ["path": .string(path), "sha256": .string(sha256.hex), "size": .integer(size)]
    }
}

/// The files of an artifact in their order, each path acceptable and unique.
package struct ArtifactManifest: Sendable, Hashable {
    /// Sorted by the UTF-8 bytes of their paths.
    package let files: [FileRecord]
    /// The artifact digest.
    package let digest: SHA256Digest

    /// Sorts `files`; throws all faults: unsafe or repeated paths, impossible sizes, no file at all.
    package init(
        files: [FileRecord], limits: AttestationLimits = .default
    ) throws(AttestationError) {
        guard files.count <= limits.files else {
            throw AttestationError(.tooLarge, "More than \(limits.files) files.")
        }
        let sorted = files.sorted { ResourcePath($0.path) < ResourcePath($1.path) }
        var findings: [AttestationFinding] = []
        if sorted.isEmpty {
            findings.append(AttestationFinding(.emptyModel, "The artifact has no file."))
        }
        for (index, file) in sorted.enumerated() {
            if let fault = ResourcePath(file.path).fault(limits: limits) {
                findings.append(AttestationFinding(.pathUnsafe, path: file.path, fault))
            }
            if index > 0, ResourcePath(sorted[index - 1].path) == ResourcePath(file.path) {
                findings.append(
                    AttestationFinding(
                        .duplicateResource, path: file.path, "The file is named twice."))
            }
            if file.size < 0 || !JSON.safeIntegers.contains(file.size) {
                findings.append(
                    AttestationFinding(
                        .malformed, path: file.path, "The size is not between 0 and 2^53."))
            }
        }
        guard findings.isEmpty else { throw AttestationError(findings) }
        self.files = sorted
        self.digest = SHA256.hash(JSON.array(sorted.map(\.json)).canonicalBytes)
    }

    /// Reads the list of {"path","sha256","size"}; the order is checked, unknown members are refused.
    package init(
        json: JSON, limits: AttestationLimits = .default
    ) throws(AttestationError) {
        guard let elements = json.array else {
            throw AttestationError(.malformed, "The list of files is not an array.")
        }
        var files: [FileRecord] = []
        files.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            guard let members = element.object, members.count == 3,
                let path = element["path"]?.string,
                let size = element["size"]?.integer,
                let sha256 = element["sha256"]?.string.flatMap(SHA256Digest.init(hex:))
            else {
                throw AttestationError(
                    .malformed, "File \(index) is not {\"path\",\"sha256\",\"size\"}.")
            }
            files.append(FileRecord(path: path, size: size, sha256: sha256))
        }
        try self.init(files: files, limits: limits)
        guard self.files == files else {
            throw AttestationError(.malformed, "The files are not in the order of their paths.")
        }
    }

    /// The list of {"path","sha256","size"} whose canonical bytes are hashed.
    package var json: JSON { .array(files.map(\.json)) }
}
