// Listing the files of an artifact without ever leaving it.
//
// Every directory is opened relative to its parent's descriptor and without following links, so that
// nobody who renames directories meanwhile can lead the walk elsewhere. Whatever is neither a
// regular file nor a directory ends the walk with an error that names it: nothing is skipped
// silently. Empty directories are not part of an artifact.

import Attestation
import Glibc

/// One file as listed.
struct FoundFile: Sendable, Hashable {
    let path: String
    let identity: FileIdentity

    static func == (left: Self, right: Self) -> Bool {
        left.identity == right.identity && ResourcePath(left.path) == ResourcePath(right.path)
    }
}

/// The files below a root, by path.
struct ArtifactWalk {
    /// Sorted by the bytes of the paths.
    private(set) var files: [FoundFile] = []
    /// The files left out because they are signature files.
    private(set) var excluded: [String] = []
    private let limits: ArtifactLimits
    private let exclusions: Set<ResourcePath>

    /// Lists everything below the directory; `exclusions` are paths relative to it.
    static func list(
        _ root: borrowing Descriptor, excluding exclusions: Set<ResourcePath>,
        limits: ArtifactLimits
    ) throws(ArtifactError) -> ArtifactWalk {
        var walk = ArtifactWalk(limits: limits, exclusions: exclusions)
        try walk.descend(into: root.number, prefix: "", depth: 0)
        walk.files.sort { ResourcePath($0.path) < ResourcePath($1.path) }
        walk.excluded.sort { ResourcePath($0) < ResourcePath($1) }
        return walk
    }

    private init(limits: ArtifactLimits, exclusions: Set<ResourcePath>) {
        self.limits = limits
        self.exclusions = exclusions
    }

    private mutating func descend(
        into directory: Int32, prefix: String, depth: Int
    ) throws(ArtifactError) {
        guard depth <= limits.depth else {
            throw ArtifactError(
                .tooLarge, path: prefix, "Directories are nested deeper than \(limits.depth).")
        }
        for name in try Self.names(in: directory, path: prefix.isEmpty ? "." : prefix) {
            let path = prefix.isEmpty ? name : "\(prefix)/\(name)"
            guard path.utf8.count <= limits.pathBytes else {
                throw ArtifactError(
                    .nameUnacceptable, path: path,
                    "The path is longer than \(limits.pathBytes) bytes.")
            }
            var status = stat()
            guard fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                throw .vanishing(errno, path)
            }
            let identity = FileIdentity(status)
            if identity.isDirectory {
                let child = try Descriptor.open(
                    name, in: directory, flags: O_RDONLY | O_DIRECTORY, path: path)
                try descend(into: child.number, prefix: path, depth: depth + 1)
            } else {
                try add(path, identity)
            }
        }
    }

    private mutating func add(
        _ path: String, _ identity: FileIdentity
    ) throws(ArtifactError) {
        try identity.requireRegularFile(path)
        if exclusions.contains(ResourcePath(path)) {
            excluded.append(path)
            return
        }
        guard files.count < limits.files else {
            throw ArtifactError(.tooLarge, path: path, "More than \(limits.files) files.")
        }
        files.append(FoundFile(path: path, identity: identity))
    }

    /// The entries of a directory but "." and ".."; each must be UTF-8.
    static func names(
        in directory: Int32, path: String
    ) throws(ArtifactError) -> [String] {
        // fdopendir takes the descriptor over, so it gets one of its own.
        let copy = fcntl(directory, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw .system(errno, path, "list") }
        guard let stream = fdopendir(copy) else {
            let number = errno
            _ = close(copy)
            throw .system(number, path, "list")
        }
        defer { closedir(stream) }
        rewinddir(stream)
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw .system(errno, path, "list") }
                return names
            }
            let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { buffer in
                Array(buffer.prefix { $0 != 0 })
            }
            if bytes == [0x2E] || bytes == [0x2E, 0x2E] { continue }
            guard let name = String(validating: bytes, as: UTF8.self) else {
                throw ArtifactError(
                    .nameUnacceptable, path: "\(path)/\(String(decoding: bytes, as: UTF8.self))",
                    "The name is not UTF-8.")
            }
            names.append(name)
        }
    }
}

extension FileIdentity {
    /// Throws an error that names the path unless this is a regular file.
    func requireRegularFile(_ path: String) throws(ArtifactError) {
        if isSymbolicLink {
            throw ArtifactError(
                .symbolicLink, path: path, "It is a symbolic link; links are not followed.")
        }
        if !isRegularFile {
            throw ArtifactError(
                .specialFile, path: path, "It is neither a file nor a directory.")
        }
    }
}

extension ArtifactError {
    /// The error for something that was listed a moment ago.
    static func vanishing(_ number: Int32, _ path: String) -> ArtifactError {
        guard number == ENOENT || number == ENOTDIR || number == ELOOP else {
            return .system(number, path, "stat")
        }
        return ArtifactError(
            .changedWhileReading, path: path, "It changed while the artifact was read.",
            errorNumber: number)
    }
}
