internal import CLinux
internal import Glibc
internal import Reactor

/// An epoll set in which every descriptor is told of once and then armed again, from any thread (EPOLLONESHOT).
///
/// The balancer's loop is edge-triggered; here a connection goes back and forth between threads, and one that a
/// thread has must not wake the dispatcher.
final class Poller: Sendable {
    private let epoll: CInt

    enum Interest {
        /// Bytes, or the end of the connection.
        case nextRequest
        /// The end of the connection only.
        case hangUp

        fileprivate var mask: UInt32 {
            let base = millrace_epoll_oneshot() | millrace_epoll_hangup()
            return self == .nextRequest ? base | millrace_epoll_in() : base
        }
    }

    init() throws(SystemError) {
        epoll = epoll_create1(CInt(bitPattern: millrace_epoll_cloexec()))
        guard epoll >= 0 else { throw SystemError("epoll_create1") }
    }

    deinit { close(epoll) }

    /// - Parameter id: what ``wait(timeout:_:)`` calls it.
    /// - Returns: `false` when the kernel has no memory for it.
    func add(_ descriptor: CInt, _ id: UInt64, _ interest: Interest = .nextRequest) -> Bool {
        control(EPOLL_CTL_ADD, descriptor, id, interest.mask)
    }

    /// A descriptor that is told of as long as it is readable.
    func addLevel(_ descriptor: CInt, _ id: UInt64) -> Bool {
        control(EPOLL_CTL_ADD, descriptor, id, millrace_epoll_in())
    }

    func watch(_ descriptor: CInt, _ id: UInt64, _ interest: Interest) {
        _ = control(EPOLL_CTL_MOD, descriptor, id, interest.mask)
    }

    func forget(_ descriptor: CInt) { epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil) }

    /// Waits until something is ready, and tells its id.
    func wait(timeout: Duration?, _ ready: (UInt64) -> Void) {
        withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 256) { events in
            let milliseconds = timeout.map { CInt(clamping: $0.wholeMilliseconds + 1) } ?? -1
            let count = epoll_wait(epoll, events.baseAddress, CInt(events.count), milliseconds)
            for index in 0..<max(0, Int(count)) { ready(events[index].data.u64) }
        }
    }

    private func control(_ operation: CInt, _ descriptor: CInt, _ id: UInt64, _ mask: UInt32) -> Bool {
        var event = epoll_event(events: mask, data: epoll_data_t(u64: id))
        return epoll_ctl(epoll, operation, descriptor, &event) == 0
    }
}
