// The signed list of files beside the files that are there.

import Cryptography

/// What differs between a manifest and a model, what agrees, and what is outside both.
struct FileComparison {
    private(set) var findings: [AttestationFinding] = []
    private(set) var uncovered: [String] = []
    private(set) var covered: [FileRecord] = []
    private(set) var coveredInParts: [ListedFile] = []

    /// A file that is there; without a record when only parts of it have been hashed.
    private struct Present {
        let path: String
        let size: Int64
        let record: FileRecord?
    }

    init(manifest: ModelManifest, model: ObservedModel) {
        if manifest.isSingleFile != model.isSingleFile, manifest.isSingleFile {
            findings.append(
                AttestationFinding(
                    .fileMissing, path: ".", "Signed is a single file; this is a directory."))
        }
        var present: [ResourcePath: Present] = [:]
        for file in model.inParts {
            present[ResourcePath(file.path)] = Present(
                path: file.path, size: file.size, record: nil)
        }
        for file in model.files {
            present[ResourcePath(file.path)] = Present(
                path: file.path, size: file.size, record: file)
        }

        let named = compare(manifest, with: model, present: present)
        for (path, file) in present.sorted(by: { $0.key < $1.key }) where !named.contains(path) {
            let isHole = manifest.shardSize != nil && file.size == 0
            let isIgnored =
                !model.isSingleFile
                && (model.allowsUnsigned
                    || ModelSignature.ignores(
                        path.text, ignored: manifest.ignoredPaths + model.ignoredPaths))
            if isIgnored || isHole {
                uncovered.append(path.text)
            } else {
                findings.append(
                    AttestationFinding(.fileExtra, path: path.text, "The file is not signed."))
            }
        }
        findings.sort { ResourcePath($0.path ?? "") < ResourcePath($1.path ?? "") }
        covered.sort { ResourcePath($0.path) < ResourcePath($1.path) }
        coveredInParts.sort { ResourcePath($0.path) < ResourcePath($1.path) }
    }

    /// Compares what is signed; the answer is the set of files that the manifest names.
    private mutating func compare(
        _ manifest: ModelManifest, with model: ObservedModel,
        present: [ResourcePath: Present]
    ) -> Set<ResourcePath> {
        var named: Set<ResourcePath> = []
        var lastByte: [ResourcePath: Int64] = [:]
        if manifest.needed != nil, model.digests == nil {
            findings.append(
                AttestationFinding(
                    .shardsNeedDigests, "The signature is by shards; they have not been hashed."))
        }
        for resource in manifest.resources {
            switch resource.extent {
            case .file(let signedPath):
                let path = resolve(signedPath, model)
                named.insert(path)
                let whole = manifest.algorithm == .sha256
                let found =
                    whole ? present[path]?.record?.sha256.bytes : model.digests?[resource.part]
                if !whole, model.digests == nil { continue }
                compareFile(
                    present[path], named: path, isAsSigned: found == resource.digest)
            case .shard(let shard):
                let path = resolve(shard.path, model)
                lastByte[path] = max(lastByte[path] ?? 0, shard.end)
                let isFirst = named.insert(path).inserted
                guard present[path] != nil else {
                    if isFirst, path.text != "." { missing(path) }
                    continue
                }
                if let digests = model.digests, digests[shard] != resource.digest {
                    altered(path, "The bytes \(shard.start)..<\(shard.end) are not as signed.")
                }
            }
        }
        for (path, end) in lastByte.sorted(by: { $0.key < $1.key }) {
            guard let file = present[path] else { continue }
            if file.size != end {
                altered(path, "The file has \(file.size) bytes; signed are \(end).")
            } else {
                cover(file)
            }
        }
        return named
    }

    /// "." is the one file of a single-file model, whatever its name.
    private func resolve(_ path: String, _ model: ObservedModel) -> ResourcePath {
        guard path == ".", model.isSingleFile, model.files.count + model.inParts.count == 1,
            let only = model.files.first?.path ?? model.inParts.first?.path
        else { return ResourcePath(path) }
        return ResourcePath(only)
    }

    private mutating func cover(_ file: Present) {
        if let record = file.record {
            covered.append(record)
        } else {
            coveredInParts.append(ListedFile(path: file.path, size: file.size))
        }
    }

    private mutating func compareFile(
        _ file: Present?, named path: ResourcePath, isAsSigned: Bool
    ) {
        guard let file else {
            if path.text != "." { missing(path) }
            return
        }
        if isAsSigned {
            cover(file)
        } else {
            altered(path, "The contents are not as signed.")
        }
    }

    private mutating func missing(_ path: ResourcePath) {
        findings.append(
            AttestationFinding(.fileMissing, path: path.text, "The signed file is not there."))
    }

    private mutating func altered(_ path: ResourcePath, _ message: String) {
        findings.append(AttestationFinding(.fileAltered, path: path.text, message))
    }
}
