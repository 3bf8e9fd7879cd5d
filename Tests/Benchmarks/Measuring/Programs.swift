// Other programs: run to their end with their output and their CPU time, or started and stopped.

import Glibc

/// A program that ran to its end.
struct Finished: Sendable {
    let status: Int32
    /// What it wrote to standard output.
    let output: String
    let wallSeconds: Double
    /// User and system time, of it and of the children it waited for.
    let cpuSeconds: Double
    /// Largest resident memory in bytes.
    let peakBytes: Int64
}

/// A program that runs.
struct Child: Sendable {
    let pid: Int32
    private let started = Clock.now

    /// Starts a program; standard error goes to `log` if given, else where ours goes.
    init(
        _ arguments: [String], output: Int32 = -1, log: String? = nil,
        environment: [String: String] = [:]
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        if output >= 0 { posix_spawn_file_actions_adddup2(&actions, output, 1) }
        if let log {
            let flags = O_WRONLY | O_CREAT | O_APPEND
            posix_spawn_file_actions_addopen(&actions, 2, log, flags, 0o644)
            if output < 0 { posix_spawn_file_actions_adddup2(&actions, 2, 1) }
        }
        // a thread of ours may block signals that the program needs (pgbench ends by SIGALRM), and
        // we ignore SIGPIPE: neither is for it to inherit
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] =
            Self.variables(environment).map { strdup($0) } + [nil]
        defer { for text in words + variables { free(text) } }
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, arguments[0], &actions, &attributes, &words, &variables)
        guard result == 0 else {
            throw Failure("cannot run \(arguments[0]): \(String(cString: strerror(result)))")
        }
        self.pid = pid
    }

    private static func variables(_ extra: [String: String]) -> [String] {
        var variables: [String] = []
        var next = environ
        while let text = next.pointee {
            variables.append(String(cString: text))
            next += 1
        }
        return variables.filter { variable in
            !extra.keys.contains { variable.hasPrefix($0 + "=") }
        } + extra.map { "\($0.key)=\($0.value)" }
    }

    /// Waits for its end.
    func wait(output: String = "") -> Finished {
        var status: Int32 = 0
        var usage = rusage()
        while wait4(pid, &status, 0, &usage) == -1, errno == EINTR {}
        return Finished(
            status: status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F),
            output: output, wallSeconds: Clock.now - started, cpuSeconds: usage.cpuSeconds,
            peakBytes: Int64(usage.ru_maxrss) << 10)
    }

    /// Whether it still runs.
    var isRunning: Bool {
        var info = siginfo_t()
        let result = waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT)
        return result == 0 && info.si_signo == 0
    }

    /// Asks it to end, and waits until it has.
    @discardableResult
    func stop() -> Finished {
        kill(pid, SIGCONT)
        kill(pid, SIGTERM)
        for _ in 0..<600 where isRunning { usleep(50_000) }
        if isRunning { kill(pid, SIGKILL) }
        return wait()
    }
}

/// Programs that run to their end.
enum Program {
    /// Runs a program; throws unless it ends with status 0, or one that is expected.
    @discardableResult
    static func run(
        _ arguments: [String], log: String? = nil, environment: [String: String] = [:],
        accepting statuses: Set<Int> = [0]
    ) throws -> Finished {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure("no pipe: errno \(errno)") }
        // a child that outlives its parent must not keep the other end from seeing the end
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let child: Child
        do {
            child = try Child(arguments, output: ends[1], log: log, environment: environment)
        } catch {
            for end in ends { close(end) }
            throw error
        }
        close(ends[1])
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(ends[0], &buffer, buffer.count)
            if count == -1, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes.append(contentsOf: buffer[..<count])
        }
        close(ends[0])
        let finished = child.wait(output: String(decoding: bytes, as: UTF8.self))
        guard statuses.contains(Int(finished.status)) else {
            let errors = log.flatMap(Processes.text) ?? ""
            let output = finished.output.suffix(1_000) + errors.suffix(1_000)
            let command = arguments.joined(separator: " ")
            throw Failure("\(command) ended with \(finished.status): \(output)")
        }
        return finished
    }
}

/// Monotonic time.
enum Clock {
    /// Seconds since some moment.
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Milliseconds since 1970.
    static var milliseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

extension rusage {
    /// User and system time.
    var cpuSeconds: Double {
        Double(ru_utime.tv_sec + ru_stime.tv_sec)
            + Double(ru_utime.tv_usec + ru_stime.tv_usec) / 1e6
    }

    /// That of this process.
    static var own: rusage {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage
    }
}
