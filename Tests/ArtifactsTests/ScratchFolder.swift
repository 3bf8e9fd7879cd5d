// A directory for one test, removed when the test is over.

import Glibc

@testable import Artifacts

final class ScratchFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/imprimatur-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw ArtifactError(.system, path: "/tmp", "mkdtemp")
        }
        let bytes = template.dropLast().map(UInt8.init(bitPattern:))
        path = String(decoding: bytes, as: UTF8.self)
    }

    deinit {
        DirectoryRemoval.remove(path, in: AT_FDCWD)
    }

    /// Writes files at paths below, with the directories they need; the answer is the folder's path.
    @discardableResult
    func write(_ files: [String: String], under folder: String = "model") throws -> String {
        try makeDirectory("\(path)/\(folder)")
        for (name, contents) in files {
            let parts = name.split(separator: "/").dropLast()
            for count in parts.indices.map({ $0 + 1 }) {
                try makeDirectory(
                    "\(path)/\(folder)/\(parts.prefix(count).joined(separator: "/"))")
            }
            try WholeFile.write(Array(contents.utf8), to: "\(path)/\(folder)/\(name)")
        }
        return "\(path)/\(folder)"
    }

    private func makeDirectory(_ path: String) throws {
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw ArtifactError(.system, path: path, "mkdir")
        }
    }
}
