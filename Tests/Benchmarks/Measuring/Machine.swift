// What the numbers depend on besides the programs: processors, memory, disk, versions.

import Database
import Glibc

/// The machine at the start of a run.
struct Machine: Sendable {
    let text: String

    static func look(at folder: String) throws -> Machine {
        let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let bytes = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        let model =
            (Processes.text("/proc/cpuinfo") ?? "").split(separator: "\n")
            .first { $0.hasPrefix("model name") }?.split(separator: ":").last ?? " unknown"
        let load = (Processes.text("/proc/loadavg") ?? "").split(separator: " ").prefix(3)
        let flush = try FlushProbe.run(in: folder)
        let postgres = try PostgresBinaries.find().directory + "/postgres"
        let fileSystem = try Program.run(["stat", "--file-system", "--format=%T", folder]).output
        func line(_ program: [String]) throws -> String {
            try Program.run(program).output.split(separator: "\n").first.map(String.init) ?? ""
        }
        return Machine(
            text: """
                machine     \(cores) processors,\(model), \(Double(bytes >> 20).fixed(0)) MiB
                load        \(load.joined(separator: " ")) (1, 5, 15 minutes) before this run
                flush       \(flush.description) on \(fileSystem.filter { $0 != "\n" })
                kernel      \(try line(["uname", "-sr"]))
                postgresql  \(try line([postgres, "--version"]))
                openssl     \(try line(["openssl", "version"]))
                """)
    }
}

/// How long the disk takes to promise that something is kept: what pg_test_fsync measures for
/// `fdatasync`, PostgreSQL's way on Linux, with blocks of 8 KiB at one place.
struct FlushProbe: Sendable {
    let medianSeconds: Double
    let p99Seconds: Double
    let count: Int

    static func run(in folder: String) throws -> FlushProbe {
        let path = folder + "/flush"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure("cannot write in \(folder): errno \(errno)") }
        defer {
            close(descriptor)
            unlink(path)
        }
        let block = [UInt8](repeating: 0x5A, count: 8192)
        // as with a WAL segment, the file has its length before it is written
        let segment = [UInt8](repeating: 0, count: 1 << 20)
        for _ in 0..<16 { _ = write(descriptor, segment, segment.count) }
        fsync(descriptor)
        var times: [Double] = []
        let end = Clock.now + 2
        while Clock.now < end, times.count < 2_000 {
            let start = Clock.now
            guard pwrite(descriptor, block, block.count, 0) == block.count,
                fdatasync(descriptor) == 0
            else { throw Failure("cannot flush in \(folder): errno \(errno)") }
            times.append(Clock.now - start)
        }
        let sorted = times.sorted()
        return FlushProbe(
            medianSeconds: sorted.median, p99Seconds: sorted.percentile(0.99), count: sorted.count)
    }

    var description: String {
        "\((medianSeconds * 1e3).short) ms median, \((p99Seconds * 1e3).short) ms p99"
            + " (8 KiB fdatasync, \(count) times)"
    }
}
