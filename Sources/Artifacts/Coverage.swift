// Looking over an artifact for what a signature does not protect. Nothing is believed here.

package import Attestation
import Glibc

extension ArtifactScan {
    /// What the bundle leaves open of the files of this scan; empty when the bundle cannot be read.
    package func coverage(of bundle: [UInt8]) throws(ArtifactError) -> ArtifactCoverage {
        let files = manifest.files.map { (path: $0.path, size: $0.size) }
        let gaps =
            (try? ArtifactCoverage.reasons(
                bundle: bundle, files: files, isSingleFile: isSingleFile)) ?? []
        let root = try ArtifactRoot.open(path)
        var coverage = ArtifactCoverage(
            gaps: gaps + signatureFiles.map { .init(path: $0, reason: .signature) })
        for file in files {
            if let kind = ArtifactCoverage.code(
                in: firstBytes(of: file.path, in: root.directory.number), name: file.path)
            {
                coverage.code.append(.init(path: file.path, kind: kind))
            }
        }
        return coverage
    }
}

extension ArtifactCoverage {
    /// The same for an artifact that may hold links and special files, which are gaps too.
    package static func survey(
        _ path: String, bundle: [UInt8], signatureFile: String,
        limits: ArtifactLimits = .default
    ) throws -> ArtifactCoverage {
        let root = try ArtifactRoot.open(path)
        var survey = Survey(
            signature: root.isSingleFile
                ? [] : try ArtifactRoot.relative([signatureFile], to: path),
            limits: limits)
        if root.isSingleFile {
            survey.files = [(path: root.name, size: try root.singleFile().identity.size)]
        } else {
            try survey.descend(into: root.directory.number, prefix: "", depth: 0)
        }
        var coverage = ArtifactCoverage(
            gaps: survey.gaps
                + (try reasons(
                    bundle: bundle, files: survey.files, isSingleFile: root.isSingleFile)))
        for file in survey.files {
            let first = firstBytes(of: file.path, in: root.directory.number)
            if let kind = code(in: first, name: file.path) {
                coverage.code.append(.init(path: file.path, kind: kind))
            }
        }
        coverage.gaps.sort { ResourcePath($0.path) < ResourcePath($1.path) }
        coverage.code.sort { ResourcePath($0.path) < ResourcePath($1.path) }
        return coverage
    }
}

/// A walk that notes what ends other walks.
private struct Survey {
    let signature: Set<ResourcePath>
    let limits: ArtifactLimits
    var files: [(path: String, size: Int64)] = []
    var gaps: [ArtifactCoverage.Gap] = []

    init(signature: Set<ResourcePath>, limits: ArtifactLimits) {
        self.signature = signature
        self.limits = limits
    }

    mutating func descend(
        into directory: Int32, prefix: String, depth: Int
    ) throws(ArtifactError) {
        guard depth <= limits.depth else {
            throw ArtifactError(
                .tooLarge, path: prefix, "Directories are nested deeper than \(limits.depth).")
        }
        for name in try ArtifactWalk.names(in: directory, path: prefix.isEmpty ? "." : prefix) {
            let path = prefix.isEmpty ? name : "\(prefix)/\(name)"
            var status = stat()
            guard fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                throw .vanishing(errno, path)
            }
            let identity = FileIdentity(status)
            if identity.isDirectory {
                let child = try Descriptor.open(
                    name, in: directory, flags: O_RDONLY | O_DIRECTORY, path: path)
                try descend(into: child.number, prefix: path, depth: depth + 1)
            } else if identity.isSymbolicLink {
                gaps.append(.init(path: path, reason: .symbolicLink))
            } else if !identity.isRegularFile {
                gaps.append(.init(path: path, reason: .specialFile))
            } else if signature.contains(ResourcePath(path)) {
                gaps.append(.init(path: path, reason: .signature))
            } else {
                guard files.count < limits.files else {
                    throw ArtifactError(.tooLarge, path: path, "More than \(limits.files) files.")
                }
                files.append((path: path, size: identity.size))
            }
        }
    }
}

/// The first bytes of a file; none when it cannot be read, which verification has said already.
private func firstBytes(of path: String, in directory: Int32) -> [UInt8] {
    let number = openat(directory, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    guard number >= 0 else { return [] }
    defer { _ = close(number) }
    var bytes = [UInt8](repeating: 0, count: ArtifactCoverage.sniffedBytes)
    let count = pread(number, &bytes, bytes.count, 0)
    return Array(bytes.prefix(max(0, count)))
}
