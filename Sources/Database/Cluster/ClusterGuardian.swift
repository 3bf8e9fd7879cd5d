// Clearing up after a throw-away cluster however its process ends: for tests and demonstrations.
internal import CLibPQ
internal import Glibc
internal import Synchronization

/// A small shell process that waits for our end and then clears up. It holds the reading end of a
/// pipe of which we hold the other: whatever ends us closes it, `kill -9` included.
package enum ClusterGuardian {
    private static let pipes = Mutex<[Int32]>([])

    /// Stops the server of the private cluster in this directory (or in one named `pg` in it) and
    /// removes the directory once this process is gone.
    package static func watch(_ directory: String) throws(ClusterError) {
        var ends: [Int32] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC) == 0 else {
            throw FileSystem.unusable(directory, "cannot be watched")
        }
        // immediate stop: nothing here is worth a checkpoint
        let script = """
            trap '' HUP INT TERM QUIT
            cat >/dev/null
            for file in "$1"/data/postmaster.pid "$1"/pg/data/postmaster.pid; do
                pid=$(head -n 1 "$file" 2>/dev/null)
                [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd")" = "${file%/*}" ] || continue
                kill -QUIT "$pid"
                n=0
                while kill -0 "$pid" 2>/dev/null && [ $n -lt 100 ]; do sleep 0.05; n=$((n+1)); done
            done
            rm -rf -- "$1"
            """
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // pipes of whoever runs us, held open, would keep him waiting for the guardian
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        posix_spawn_file_actions_addchdir_np(&actions, "/")
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // a session of its own: Ctrl-C and a killed process group do not reach it
        posix_spawnattr_setflags(&attributes, Int16(PosixSpawnNewSession))
        let arguments = ["sh", "-c", script, "sh", directory]
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, "sh", &actions, &attributes, &words, environ)
        close(ends[0])
        guard result == 0 else {
            close(ends[1])
            throw FileSystem.unusable(directory, "cannot be watched")
        }
        pipes.withLock { $0.append(ends[1]) }
    }
}
