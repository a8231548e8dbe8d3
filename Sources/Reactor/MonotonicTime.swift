// Both modules are needed: which one declares timespec depends on the order in which the compiler loads them.
internal import CLinux
internal import Glibc

/// A time on the monotonic clock, which is never set back (CLOCK_MONOTONIC).
package struct MonotonicTime: Sendable, Hashable, Comparable {
    /// Nanoseconds since the machine booted.
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Reads the clock. On a loop use ``EventLoop/now``, which is read once per turn.
    package static var current: MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    package var milliseconds: Int64 { nanoseconds / 1_000_000 }

    package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }

    package static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        MonotonicTime(nanoseconds: time.nanoseconds &+ duration.wholeNanoseconds)
    }

    package static func - (left: MonotonicTime, right: MonotonicTime) -> Duration {
        .nanoseconds(left.nanoseconds - right.nanoseconds)
    }
}

/// A time on the wall clock (CLOCK_REALTIME), for logs and headers.
package struct WallTime: Sendable, Hashable {
    /// Microseconds since 1970-01-01 00:00:00 UTC.
    package var microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }

    package static var current: WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    package var seconds: Int64 { microseconds / 1_000_000 }
}

extension Duration {
    package var wholeMicroseconds: Int64 { wholeNanoseconds / 1000 }

    package var wholeNanoseconds: Int64 {
        let attoseconds = attoseconds
        // 10⁹ = 2⁹ · 5⁹, and 5⁹ = 1,953,125. For durations up to an hour, a shift and a 64-bit division are enough. A
        // 128-bit division would be a function call.
        if attoseconds >= 0, attoseconds < 1 << 72 { return Int64(truncatingIfNeeded: attoseconds >> 9) / 1_953_125 }
        // This is one 128-bit division. `components` would need two.
        return Int64(truncatingIfNeeded: attoseconds / 1_000_000_000)
    }

    package var wholeMilliseconds: Int64 { wholeNanoseconds / 1_000_000 }
}
