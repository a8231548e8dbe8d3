internal import CLinux
internal import Glibc
internal import Reactor

/// An epoll set that many threads wait on. It tells one of them of a connection, which is armed again from whichever
/// thread is done with it (EPOLLONESHOT).
///
/// The balancer's loop is edge-triggered; here a connection goes back and forth between threads, and one that a
/// thread has must not wake another. Waiting in epoll itself, instead of being handed connections by a dispatcher,
/// saves a quarter to a third of a node's processor time for a short request.
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

    /// A descriptor that is told of once for each time it becomes readable, to one thread.
    func addEdge(_ descriptor: CInt, _ id: UInt64) -> Bool {
        control(EPOLL_CTL_ADD, descriptor, id, millrace_epoll_in() | millrace_epoll_edge())
    }

    /// A descriptor that is told of as long as it is readable.
    func addLevel(_ descriptor: CInt, _ id: UInt64) -> Bool {
        control(EPOLL_CTL_ADD, descriptor, id, millrace_epoll_in())
    }

    func watch(_ descriptor: CInt, _ id: UInt64, _ interest: Interest) {
        _ = control(EPOLL_CTL_MOD, descriptor, id, interest.mask)
    }

    func forget(_ descriptor: CInt) { epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil) }

    /// Waits until something is ready.
    /// - Returns: its id, or `nil` when the time has passed.
    func wait(timeout: Duration? = nil) -> UInt64? {
        var event = epoll_event()
        let milliseconds = timeout.map { CInt(clamping: $0.wholeMilliseconds + 1) } ?? -1
        return epoll_wait(epoll, &event, 1, milliseconds) == 1 ? event.data.u64 : nil
    }

    private func control(_ operation: CInt, _ descriptor: CInt, _ id: UInt64, _ mask: UInt32) -> Bool {
        var event = epoll_event(events: mask, data: epoll_data_t(u64: id))
        return epoll_ctl(epoll, operation, descriptor, &event) == 0
    }
}
