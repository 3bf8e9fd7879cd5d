// A folder for one run, which PostgreSQL's user can pass through, and which is gone afterwards.

import Database
import Glibc

/// The run's own folder.
struct Scratch: Sendable {
    let path: String

    init(in folder: String) throws {
        var name = Array("\(folder)/imprimatur-bench-XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil else {
            throw Failure("no folder can be made in \(folder): choose another with --scratch")
        }
        path = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        // the private PostgreSQL may run as another user
        chmod(path, 0o711)
        try ClusterGuardian.watch(path)
    }

    /// A folder in it.
    func folder(_ name: String) throws -> String {
        let folder = path + "/" + name
        guard mkdir(folder, 0o711) == 0 || errno == EEXIST else {
            throw Failure("cannot make \(folder): errno \(errno)")
        }
        return folder
    }

    /// Removes something in it.
    func remove(_ name: String) { _ = try? Program.run(["rm", "-rf", "--", path + "/" + name]) }

    func remove() { _ = try? Program.run(["rm", "-rf", "--", path]) }
}
