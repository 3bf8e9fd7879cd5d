// The service as its users have it: made by `imprimatur init`, run by `imprimatur serve`.

import Database
import Glibc
import Registry

/// A running service with a data directory of its own.
final class ServiceUnderTest {
    let directory: DataDirectory
    let port: UInt16
    private let child: Child
    private let log: String

    /// Makes a data directory and serves it.
    init(_ options: Options, in folder: String) throws {
        directory = DataDirectory(path: folder + "/data")
        log = folder + "/service.log"
        port = try Self.freePort()
        try Program.run(
            [options.binary, "init", "--data-dir", directory.path, "--development"], log: log)
        child = try Child(
            [
                options.binary, "serve", "--data-dir", directory.path, "--development",
                "--listen", "127.0.0.1:\(port)",
            ], log: log)
        do {
            try waitUntilReady()
        } catch {
            child.stop()
            throw error
        }
    }

    private func waitUntilReady() throws {
        let request = Wire.request("GET", "/readyz", token: "none")
        for _ in 0..<600 {
            guard child.isRunning else { break }
            if let status = try? Wire(port: port).status(of: request), status == 200 { return }
            usleep(100_000)
        }
        throw Failure(
            "the service is not ready: \((Processes.text(log) ?? "").suffix(2_000))")
    }

    /// A port that was free a moment ago.
    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard bound else { throw Failure("no free port: errno \(errno)") }
        return UInt16(bigEndian: address.sin_port)
    }

    /// The service's own process.
    var pid: Int32 { child.pid }

    /// CPU seconds of the service and of all its PostgreSQL processes since they started.
    func cpuSeconds() throws -> (service: Double, postgres: Double) {
        let postmaster = try Processes.postmaster(of: directory.postgres + "/data")
        return (Processes.cpuSeconds(ofTree: pid), Processes.cpuSeconds(ofTree: postmaster))
    }

    /// Largest resident memory of the service's own process.
    var peakBytes: Int64 { Processes.peakBytes(of: pid) }

    /// Its PostgreSQL; it stays the service's.
    func access() async throws -> DatabaseAccess {
        let settings = try StoredSettings.read(File.read(directory.settings, limit: 65_536))
        return try await DatabaseAccess(privateIn: directory, user: settings.postgresUser)
    }

    /// Lets the process stand still.
    func suspend() { kill(pid, SIGSTOP) }

    /// Lets it go on.
    func resume() { kill(pid, SIGCONT) }

    /// Stands still while the peer is measured: not even its polling disturbs.
    func paused<R>(_ body: () throws -> R) rethrows -> R {
        kill(pid, SIGSTOP)
        defer { kill(pid, SIGCONT) }
        return try body()
    }

    /// Stops it and its PostgreSQL.
    func stop() { child.stop() }
}

extension PrivateCluster {
    /// Options that lead PostgreSQL's own programs here.
    func address(as role: String) -> [String] {
        ["-h", layout.socketDirectory, "-p", "5432", "-U", role]
    }

    /// Options for the service's database.
    var writerAddress: [String] { address(as: DatabaseRole.writer.rawValue) }
    var superuserAddress: [String] { address(as: PrivateCluster.superuser) }
}
