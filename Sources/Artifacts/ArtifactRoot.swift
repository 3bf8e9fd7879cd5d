// The place of an artifact on disk: a directory or one file, opened once and held.

import Attestation
import Glibc

/// An open artifact; all reading goes through its descriptor, not through its name.
struct ArtifactRoot: ~Copyable {
    /// The directory itself, or the directory in which the single file lies.
    let directory: Descriptor
    /// The name of the artifact: its last path component.
    let name: String
    let isSingleFile: Bool

    private init(directory: consuming Descriptor, name: String, isSingleFile: Bool) {
        self.directory = directory
        self.name = name
        self.isSingleFile = isSingleFile
    }

    /// Opens `path`; a symbolic link as its last component is refused.
    static func open(_ path: String) throws(ArtifactError) -> ArtifactRoot {
        var trimmed = path[...]
        while trimmed.count > 1, trimmed.last == "/" { trimmed.removeLast() }
        let path = String(trimmed)
        var status = stat()
        guard lstat(path, &status) == 0 else { throw .system(errno, path, "stat") }
        let identity = FileIdentity(status)
        if identity.isDirectory {
            let name = try canonicalPath(path).split(separator: "/").last.map(String.init)
            return ArtifactRoot(
                directory: try Descriptor.open(path, flags: O_RDONLY | O_DIRECTORY),
                name: name ?? "/", isSingleFile: false)
        }
        try identity.requireRegularFile(path)
        let slash = path.lastIndex(of: "/")
        let parent = slash.map { String(path[...$0]) } ?? "./"
        return ArtifactRoot(
            directory: try Descriptor.open(parent + ".", flags: O_RDONLY | O_DIRECTORY),
            name: slash.map { String(path[path.index(after: $0)...]) } ?? path,
            isSingleFile: true)
    }

    /// The files that are there now.
    func list(
        excluding exclusions: Set<ResourcePath>, limits: ArtifactLimits
    ) throws(ArtifactError) -> ArtifactWalk {
        try ArtifactWalk.list(directory, excluding: exclusions, limits: limits)
    }

    /// The single file that is there now.
    func singleFile() throws(ArtifactError) -> FoundFile {
        var status = stat()
        guard fstatat(directory.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw .vanishing(errno, name)
        }
        let identity = FileIdentity(status)
        try identity.requireRegularFile(name)
        return FoundFile(path: name, identity: identity)
    }

    /// Opens a listed file, component by component, and checks that it is the one listed.
    static func open(
        _ file: FoundFile, below directory: Int32
    ) throws(ArtifactError) -> Descriptor {
        do throws(ArtifactError) {
            let descriptor = try open(file.path, below: directory)
            guard try descriptor.identity(path: file.path) == file.identity else {
                throw ArtifactError(
                    .changedWhileReading, path: file.path, "It changed while it was read.")
            }
            return descriptor
        } catch {
            guard error.code == .notFound || error.code == .symbolicLink else { throw error }
            throw .vanishing(error.errorNumber, file.path)
        }
    }

    private static func open(
        _ path: String, below directory: Int32
    ) throws(ArtifactError) -> Descriptor {
        let parts = path.utf8.split(separator: UInt8(ascii: "/")).compactMap { String($0) }
        guard let first = parts.first else {
            throw ArtifactError(.nameUnacceptable, path: path, "The name is empty.")
        }
        let folder = O_RDONLY | O_DIRECTORY
        var current = try Descriptor.open(
            first, in: directory, flags: parts.count == 1 ? O_RDONLY : folder, path: path)
        for (index, part) in parts.enumerated().dropFirst() {
            let flags = index == parts.count - 1 ? O_RDONLY : folder
            current = try Descriptor.open(part, in: current.number, flags: flags, path: path)
        }
        return current
    }

    /// Which path below the root each of `paths` is; those outside, or not there, are left out.
    ///
    /// Only directories are resolved: a link that is itself named like a signature file stays a
    /// link, and is refused by the walk.
    static func relative(
        _ paths: [String], to root: String
    ) throws(ArtifactError) -> Set<ResourcePath> {
        guard !paths.isEmpty else { return [] }
        let top = try canonicalPath(root)
        let prefix = top.hasSuffix("/") ? top : top + "/"
        var found: Set<ResourcePath> = []
        for path in paths {
            let slash = path.lastIndex(of: "/")
            let parent = slash.map { String(path[...$0]) } ?? "."
            let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
            guard let above = try? canonicalPath(parent) else { continue }
            let whole = above.hasSuffix("/") ? above + name : "\(above)/\(name)"
            guard whole.utf8.starts(with: prefix.utf8) else { continue }
            found.insert(
                ResourcePath(
                    String(decoding: whole.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)))
        }
        return found
    }

    static func canonicalPath(_ path: String) throws(ArtifactError) -> String {
        guard let resolved = realpath(path, nil) else { throw .system(errno, path, "resolve") }
        defer { free(resolved) }
        guard let text = String(validatingCString: resolved) else {
            throw ArtifactError(.nameUnacceptable, path: path, "The path is not UTF-8.")
        }
        return text
    }
}
