// Peers from PyPI, each set in an environment of its own, made once.

import Glibc

/// A Python environment with some packages.
struct PythonEnvironment: Sendable {
    let path: String

    /// Makes it when it is missing.
    init(_ name: String, packages: [String], _ options: Options) throws {
        path = options.peers + "/" + name
        guard access(path + "/complete", F_OK) != 0 else { return }
        say("installing \(packages.joined(separator: " ")) from PyPI")
        try Program.run(["mkdir", "-p", options.peers])
        try Program.run(["python3", "-m", "venv", path])
        try Program.run(
            [path + "/bin/pip", "install", "--quiet", "--disable-pip-version-check"] + packages)
        try Program.run(["touch", path + "/complete"])
    }
}
