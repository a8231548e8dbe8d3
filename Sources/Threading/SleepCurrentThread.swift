internal import Glibc

/// Blocks the calling thread, which must be a ``NamedThread`` or the main thread.
package func sleepCurrentThread(for duration: Duration) {
    let (seconds, attoseconds) = duration.components
    var left = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    var rest = timespec()
    while nanosleep(&left, &rest) == -1, errno == EINTR { left = rest }
}
