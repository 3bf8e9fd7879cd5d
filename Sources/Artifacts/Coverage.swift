// Looking over an artifact for what a signature does not protect. Nothing is believed here.

package import Attestation
import Glibc

extension ArtifactCoverage {
    /// The same for an artifact that may hold links and special files, which are gaps too; and what is
    /// in its files. Without a bundle everything is unsigned, and no gap but those two is named.
    package static func survey(
        _ path: String, bundle: [UInt8]?, signatureFile: String?,
        limits: ArtifactLimits = .default
    ) throws -> (coverage: ArtifactCoverage, contents: ArtifactContents) {
        let root = try ArtifactRoot.open(path)
        var survey = Survey(
            signature: root.isSingleFile
                ? [] : try ArtifactRoot.relative(signatureFile.map { [$0] } ?? [], to: path),
            limits: limits)
        if root.isSingleFile {
            survey.files = [(path: root.name, size: try root.singleFile().identity.size)]
        } else {
            try survey.descend(into: root.directory.number, prefix: "", depth: 0)
        }
        var coverage = ArtifactCoverage(gaps: survey.gaps)
        if let bundle {
            coverage.gaps += try reasons(
                bundle: bundle, files: survey.files, isSingleFile: root.isSingleFile)
        }
        coverage.gaps.sort { ResourcePath($0.path) < ResourcePath($1.path) }
        let paths = survey.files.map(\.path).sorted { ResourcePath($0) < ResourcePath($1) }
        return (coverage, try ArtifactContents(files: paths, of: root))
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
