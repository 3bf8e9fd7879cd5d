// What runs on a host: a folder in which each folder is an artifact that runs, or a file that lists it.
//
// A snapshot is whole, so nothing in the folder is passed over in silence: a link and what cannot
// be looked at are errors, files are told of, and a folder counts whatever its name begins with.
//
// The file is JSON, {"items":[ITEM, …]}, where an ITEM is {"path":"models/scorer"}, relative to the file,
// whose bytes are hashed here, or {"artifact":"<hex>"}, a digest that somebody else computed. Beside that
// an ITEM may say name, state (running, present), target, version and deployment.

internal import Artifacts
internal import CanonicalJSON
internal import Cryptography
internal import Glibc
internal import Governance
internal import OfflineCommands

/// Reads inventories and hashes what they name.
enum HostInventory {
    /// The things of a snapshot.
    static func items(
        at path: String, _ state: EnvironmentSnapshot.State
    ) throws -> [EnvironmentSnapshot.Item] {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw CommandError("There is no \(path).", hint: "Give a folder or a JSON file.")
        }
        return status.st_mode & S_IFMT == S_IFDIR ? try folder(path, state) : try list(path)
    }

    private static func folder(
        _ path: String, _ state: EnvironmentSnapshot.State
    ) throws -> [EnvironmentSnapshot.Item] {
        guard let directory = opendir(path) else {
            throw CommandError("\(path) cannot be read: \(String(cString: strerror(errno))).")
        }
        defer { closedir(directory) }
        var names: [String] = []
        var others: [String] = []
        while let name = try next(in: directory, path) {
            switch try kind(of: "\(path)/\(name)") {
            case S_IFDIR: names.append(name)
            case S_IFLNK:
                // It would be counted beside what it leads to, or what it leads to not at all.
                throw CommandError(
                    "\(path)/\(name) is a link, and links are not followed.",
                    hint: "Name the folder that it leads to in a list, as JSON.")
            default: others.append(name)
            }
            guard names.count <= EnvironmentSnapshot.mostItems else {
                throw CommandError(
                    "\(path) has more than \(EnvironmentSnapshot.mostItems) folders.")
            }
        }
        tell(of: others.sorted(), in: path)
        return try names.sorted().map { name in
            try hashed("\(path)/\(name)", as: .init(name: printable(name), state: state))
        }
    }

    /// The next name but "." and ".."; nil at the end.
    private static func next(in directory: OpaquePointer, _ path: String) throws -> String? {
        while true {
            errno = 0
            guard let entry = readdir(directory) else {
                guard errno == 0 else {
                    throw CommandError(
                        "\(path) cannot be read to its end: \(String(cString: strerror(errno))).")
                }
                return nil
            }
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { return name }
        }
    }

    /// What sort of file it is.
    private static func kind(of path: String) throws -> mode_t {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            throw CommandError("\(path) cannot be looked at: \(String(cString: strerror(errno))).")
        }
        return status.st_mode & S_IFMT
    }

    /// What is no folder is no artifact here, and somebody may have meant it to be one.
    private static func tell(of files: [String], in path: String) {
        guard !files.isEmpty else { return }
        let shown = files.prefix(5).map(printable).joined(separator: ", ")
        let more = files.count > 5 ? " and \(files.count - 5) more" : ""
        Console.warning("not in the snapshot, for they are no folders of \(path): \(shown)\(more)")
    }

    private static func list(_ path: String) throws -> [EnvironmentSnapshot.Item] {
        let json = try Files.naming(path) {
            try JSON(
                parsing: Files.read(path, limit: 4 << 20),
                limits: JSON.Limits(bytes: 4 << 20, depth: 8, integersOnly: true))
        }
        let found = try Files.naming(path) {
            try JSONReader.decode(json) { reader -> [Listed] in
                reader.array("items", count: 0...EnvironmentSnapshot.mostItems) { item in
                    item.object(Self.listed)
                }
            }
        }
        let folder = path.utf8.lastIndex(of: 0x2F).map { String(path[..<$0]) + "/" } ?? ""
        return try found.map { listed in
            guard let place = listed.path else { return listed.item }
            let isAbsolute = place.utf8.first == 0x2F
            return try hashed(isAbsolute ? place : folder + place, as: listed.item)
        }
    }

    private struct Listed {
        let item: EnvironmentSnapshot.Item
        let path: String?
    }

    private static func listed(_ reader: JSONReader) -> Listed {
        let path = reader.optional("path") { $0.string(length: 1...4_096) }
        let name = reader.optional("name") { $0.string(length: 0...512) }
        let state = reader.optional("state") { state in
            state.choice(of: EnvironmentSnapshot.State.self)
        }
        let target = reader.optional("target") { $0.string(length: 0...512) }
        let version = reader.optional("version") { version in
            version.parsed(as: "namespace/name@number") { VersionReference($0) }
        }
        let deployment = reader.optional("deployment") { id in
            id.parsed(as: "d- and at most 62 letters or digits") {
                EnvironmentSnapshot.Item.isDeployment($0) ? $0 : nil
            }
        }
        let artifact = reader.optional("artifact") { digest in
            digest.parsed(as: "64 lowercase hex digits") { SHA256Digest(hex: $0) }
        }
        if path != nil, artifact != nil {
            reader.refuse(
                "artifact", JSONFinding.Code.value, "State a path or a digest, not both.")
        }
        return Listed(
            item: EnvironmentSnapshot.Item(
                name: name ?? printable(path ?? ""), state: state ?? .running,
                target: target ?? "", version: version, deployment: deployment,
                artifact: artifact),
            path: path)
    }

    private static func hashed(
        _ path: String, as item: EnvironmentSnapshot.Item
    ) throws -> EnvironmentSnapshot.Item {
        Console.progress("hashing \(path)")
        defer { Console.endProgress() }
        var item = item
        item.artifact = try ArtifactScan.scan(path).digest
        item.digest = .recomputed
        return item
    }

    /// The name as statements can hold it.
    private static func printable(_ name: String) -> String {
        let bytes = name.utf8.prefix(512).map { byte in
            (0x21...0x7E).contains(byte) && byte != 0x22 && byte != 0x5C ? byte : 0x3F
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
