internal import CLinux
internal import Glibc

/// A descriptor that one thread makes readable in order to wake another thread from `poll` or `epoll_wait`
/// (eventfd(2)).
package final class EventFD: Sendable {
    package let descriptor: CInt

    package init() {
        descriptor = eventfd(0, CInt(EFD_NONBLOCK | EFD_CLOEXEC))
        precondition(descriptor >= 0, "eventfd: \(String(cString: strerror(errno)))")
    }

    deinit { close(descriptor) }

    /// Makes the descriptor readable.
    package func signal() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }

    /// Makes the descriptor unreadable again.
    package func drain() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
    }
}
