// The one place where the program reads the clock.

internal import Glibc
package import Governance

/// The computer's clock.
package enum SystemClock {
    /// The time now, with milliseconds.
    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
