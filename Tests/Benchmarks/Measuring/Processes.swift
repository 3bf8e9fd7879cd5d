// What the kernel knows of running processes: CPU time and memory, from /proc.

import Glibc

/// Looks at processes.
enum Processes {
    /// User and system seconds of a process and its children, those that ended among them.
    ///
    /// Every server process of PostgreSQL is a child of its postmaster, which waits for it.
    static func cpuSeconds(ofTree pid: Int32) -> Double {
        let own = ticks(pid)
        let children = (text("/proc/\(pid)/task/\(pid)/children") ?? "").split(separator: " ")
        return Double(own) / Double(sysconf(Int32(_SC_CLK_TCK)))
            + children.compactMap { Int32($0) }.reduce(0) { $0 + cpuSeconds(ofTree: $1) }
    }

    /// Fields 14 to 17 of /proc/PID/stat: utime, stime, cutime, cstime.
    private static func ticks(_ pid: Int32) -> Int {
        // the name, in parentheses, may hold anything
        guard let stat = text("/proc/\(pid)/stat"), let name = stat.lastIndex(of: ")") else {
            return 0
        }
        let fields = stat[stat.index(after: name)...].split(separator: " ")
        guard fields.count > 14 else { return 0 }
        return fields[11...14].reduce(0) { $0 + (Int($1) ?? 0) }
    }

    /// Largest resident memory of a process so far, in bytes.
    static func peakBytes(of pid: Int32) -> Int64 {
        let line = (text("/proc/\(pid)/status") ?? "").split(separator: "\n").first {
            $0.hasPrefix("VmHWM:")
        }
        let kilobytes = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first
        return (kilobytes.flatMap { Int64($0) } ?? 0) << 10
    }

    /// The postmaster of a data directory.
    static func postmaster(of dataDirectory: String) throws -> Int32 {
        let line = text(dataDirectory + "/postmaster.pid")?.split(separator: "\n").first
        guard let pid = line.flatMap({ Int32($0) }) else {
            throw Failure("no PostgreSQL runs in \(dataDirectory)")
        }
        return pid
    }

    /// A small file; nil when it cannot be read.
    static func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes.append(contentsOf: buffer[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
