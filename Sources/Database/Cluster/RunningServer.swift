// Finding, starting and stopping the server process of one data directory, and no other.
internal import CLibPQ
internal import Glibc

/// The postmaster of a data directory.
struct RunningServer {
    let processID: Int32
    /// Seconds since 1970, as postmaster.pid has it: tells a process id used again from ours.
    let startedAt: String

    /// The live postmaster of this directory, if there is one.
    ///
    /// `postmaster.pid` holds, a line each: process id, data directory, start time, port, socket
    /// directory, listen address, shared memory, status. It survives crashes, so the process must
    /// exist, be a PostgreSQL, and have this directory as its working directory.
    static func find(_ layout: ClusterLayout) -> RunningServer? {
        guard let text = FileSystem.read(layout.dataDirectory + "/postmaster.pid") else {
            return nil
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 3, let pid = Int32(lines[0]), pid > 1,
            String(lines[1]) == layout.dataDirectory,
            kill(pid, 0) == 0 || errno == EPERM
        else { return nil }
        guard let name = FileSystem.read("/proc/\(pid)/comm"), name.hasPrefix("postgres") else {
            return nil
        }
        // readable for root and for the server's own user: all who come here
        if let own = realpath("/proc/\(pid)/cwd", nil) {
            defer { free(own) }
            guard String(cString: own) == layout.dataDirectory else { return nil }
        }
        let found = RunningServer(processID: pid, startedAt: String(lines[2]))
        return found.hasEnded ? nil : found
    }

    /// Whether the process that `postmaster.pid` names has ended and still has its process id: the next
    /// server takes it for alive and refuses to start.
    static func isUnreaped(_ layout: ClusterLayout) -> Bool {
        guard let text = FileSystem.read(layout.dataDirectory + "/postmaster.pid"),
            let first = text.split(separator: "\n").first, let pid = Int32(first), pid > 1,
            kill(pid, 0) == 0 || errno == EPERM
        else { return false }
        return RunningServer(processID: pid, startedAt: "").hasEnded
    }

    /// Starts the server and waits until it answers.
    static func launch(
        _ settings: PrivateCluster.Settings, _ layout: ClusterLayout, _ user: SystemUser,
        _ binaries: PostgresBinaries
    ) throws(ClusterError) -> RunningServer {
        // the server's process group is not ours (pg_ctl calls setsid): Ctrl-C does not reach it
        let result = try Subprocess.run(
            [
                binaries.directory + "/pg_ctl", "start", "--pgdata=\(layout.dataDirectory)",
                "--log=\(layout.logFile)", "--silent", "--no-wait",
            ], as: user, detached: true)
        guard result.status == 0 else { throw startFailure(layout) }
        let deadline = ContinuousClock.now + .seconds(settings.startTimeoutSeconds)
        // postmaster.pid appears only after the configuration was read
        let grace = ContinuousClock.now + .seconds(10)
        var seen: RunningServer?
        while ContinuousClock.now < deadline {
            if let running = find(layout) {
                seen = running
                if running.isReady(layout) {
                    try running.record(layout, user)
                    try running.checkIdentity(layout)
                    return running
                }
            } else if seen != nil || ContinuousClock.now > grace {
                throw startFailure(layout)
            }
            usleep(20_000)
        }
        throw ClusterError(
            .notReady,
            "PostgreSQL did not answer within \(settings.startTimeoutSeconds) seconds",
            advice: "It may be recovering from a crash: wait, or look at \(layout.logFile).",
            output: (FileSystem.read(layout.logFile) ?? "").lastLines(8))
    }

    private static func startFailure(_ layout: ClusterLayout) -> ClusterError {
        ClusterError(
            .startFailed, "PostgreSQL did not start in \(layout.dataDirectory)",
            advice: "Read the end of \(layout.logFile), below.",
            output: (FileSystem.read(layout.logFile) ?? "").lastLines(8))
    }

    /// Waits for a server that already runs (it may be recovering).
    func waitUntilReady(_ layout: ClusterLayout, seconds: Int) throws(ClusterError) {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while !isReady(layout) {
            guard ContinuousClock.now < deadline, !hasEnded else {
                throw ClusterError(
                    .notReady,
                    "PostgreSQL (process \(processID)) does not answer at"
                        + " \(layout.socketPath)",
                    advice: "Look at \(layout.logFile).",
                    output: (FileSystem.read(layout.logFile) ?? "").lastLines(8))
            }
            usleep(20_000)
        }
    }

    private func isReady(_ layout: ClusterLayout) -> Bool {
        (try? Link(address(layout), ConnectionSettings(), Canceller())) != nil
    }

    /// Asks the server itself which directory it serves.
    func checkIdentity(_ layout: ClusterLayout) throws(ClusterError) {
        var served = ""
        do throws(DatabaseError) {
            let link = try Link(address(layout), ConnectionSettings(), Canceller())
            served = try link.run("SELECT current_setting('data_directory')").one(
                String.read(from:))
        } catch {
            throw ClusterError(
                .foreignServer, "the server at \(layout.socketPath) does not let us in",
                advice: "Check pg_hba.conf and pg_ident.conf in \(layout.dataDirectory).",
                output: error.message)
        }
        guard FileSystem.resolve(served) == layout.dataDirectory else {
            throw ClusterError(
                .foreignServer,
                "the server at \(layout.socketPath) serves \(served), not \(layout.dataDirectory)",
                advice: "Stop it, or choose another directory for the socket.")
        }
    }

    private func address(_ layout: ClusterLayout) -> DatabaseURL {
        DatabaseURL(
            socketDirectory: layout.socketDirectory, port: PrivateCluster.port,
            user: PrivateCluster.superuser, database: "postgres")
    }

    private func record(_ layout: ClusterLayout, _ user: SystemUser) throws(ClusterError) {
        try FileSystem.write(
            "\(processID) \(startedAt)\n", to: layout.startedFile, owner: user)
    }

    /// Whether a service of ours started this very process.
    func isRecorded(_ layout: ClusterLayout) -> Bool {
        FileSystem.read(layout.startedFile) == "\(processID) \(startedAt)\n"
    }

    /// Fast shutdown (SIGINT to the postmaster), waiting for its end.
    func stop(_ layout: ClusterLayout, seconds: Int = 60) throws(ClusterError) {
        guard kill(processID, SIGINT) == 0 || errno == ESRCH else {
            throw FileSystem.unusable(layout.dataDirectory, "'s server cannot be stopped")
        }
        let deadline = ContinuousClock.now + .seconds(seconds)
        // postmaster.pid goes before the process does: a start in between would meet its shadow
        while !hasEnded {
            guard ContinuousClock.now < deadline else {
                throw ClusterError(
                    .stopFailed, "PostgreSQL (process \(processID)) did not stop in \(seconds) s",
                    advice: "Look at \(layout.logFile); it is still shutting down.")
            }
            usleep(10_000)
        }
        unlink(layout.startedFile)
    }

    /// Whether the process is gone; one that only waits to be reaped by its parent is.
    var hasEnded: Bool {
        guard kill(processID, 0) == 0 || errno == EPERM,
            let status = FileSystem.read("/proc/\(processID)/stat")
        else { return true }
        // "pid (name) state …": the name may hold anything, so look behind the last parenthesis
        return status.split(separator: ")").last?.hasPrefix(" Z") ?? true
    }
}
