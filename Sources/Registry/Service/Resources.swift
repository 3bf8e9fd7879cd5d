// The files that travel inside the binary.

internal import CResources
internal import Database

/// Embedded migrations, policies and schemas.
package enum Resources {
    /// Every embedded file by its path in the repository.
    package static let files: [String: [UInt8]] = {
        var count = 0
        guard let list = imprimatur_resources(&count) else { return [:] }
        var files: [String: [UInt8]] = [:]
        for resource in UnsafeBufferPointer(start: list, count: count) {
            files[String(cString: resource.path)] = Array(
                UnsafeBufferPointer(start: resource.bytes, count: resource.length))
        }
        return files
    }()

    /// One embedded file; asking for one that is not embedded is a mistake of the build.
    package static func file(_ path: String) -> [UInt8] {
        guard let bytes = files[path] else { preconditionFailure("\(path) is not embedded") }
        return bytes
    }

    /// Embedded files below a folder, by path relative to it, in order.
    package static func folder(_ path: String) -> [(path: String, bytes: [UInt8])] {
        let prefix = path + "/"
        return files.filter { $0.key.hasPrefix(prefix) }
            .map { (String($0.key.dropFirst(prefix.count)), $0.value) }
            .sorted { $0.0 < $1.0 }
    }
}
