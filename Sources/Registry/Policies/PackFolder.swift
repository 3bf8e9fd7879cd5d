// A pack as a folder on disk: every file, and the tests beside them that are no part of the pack.

internal import CanonicalJSON
package import Governance
internal import Glibc

/// Reads a pack's folder.
package enum PackFolder {
    /// A file that is not in the subset of YAML.
    package struct Unreadable: Error, Sendable, Hashable {
        /// The file's path in the folder.
        package let file: String
        package let error: YAMLError

        /// `gates/deploy.yaml:3:7: …`.
        package var description: String {
            "\(file):\(error.line):\(error.column): \(error.message)"
        }
    }

    /// Largest file in bytes.
    private static let largest = 1 << 20

    /// The files of a pack with what is wrong with their form; files that are not there are left out.
    package static func read(_ folder: String) throws(FileError) -> (
        files: [PackFile], unreadable: [Unreadable]
    ) {
        var files: [PackFile] = []
        var unreadable: [Unreadable] = []
        for path in PolicyPack.paths + PolicyPack.optionalPaths {
            guard let bytes = try File.readIfPresent("\(folder)/\(path)", limit: largest) else {
                continue
            }
            switch parse(path, bytes) {
            case .success(let file): files.append(file)
            case .failure(let error): unreadable.append(error)
            }
        }
        return (files, unreadable)
    }

    /// The files of tests, in the order of their names.
    package static func tests(_ folder: String) throws -> [PackFile] {
        try names(in: "\(folder)/tests").filter { $0.hasSuffix(".yaml") }.sorted().map { name in
            let path = "tests/\(name)"
            return try parse(path, File.read("\(folder)/\(path)", limit: largest)).get()
        }
    }

    private static func parse(
        _ path: String, _ bytes: [UInt8]
    ) -> Result<PackFile, Unreadable> {
        do {
            return .success(PackFile(path: path, bytes: bytes, tree: try StrictYAML.json(bytes)))
        } catch {
            return .failure(Unreadable(file: path, error: error))
        }
    }

    private static func names(in directory: String) throws(FileError) -> [String] {
        guard let handle = opendir(directory) else {
            throw FileError("read", directory, errno: errno)
        }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            names.append(
                withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return names
    }
}
