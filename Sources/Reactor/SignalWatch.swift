internal import CLinux
internal import Glibc

/// Signals as events of a loop (signalfd(2)): no code runs in a signal handler.
package final class SignalWatch: EventHandler {
    private let descriptor: CInt
    private let received: (CInt) -> Void

    /// Keeps the signals from being delivered in the ordinary way. To be called before any other thread starts: the
    /// threads inherit it.
    package static func block(_ signals: [CInt]) {
        var set = signalSet(signals)
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Tells `received` of each of `signals`, on the loop's thread.
    package init(_ signals: [CInt], on loop: EventLoop, received: @escaping (CInt) -> Void) throws(SystemError) {
        var set = signalSet(signals)
        descriptor = signalfd(-1, &set, CInt(SFD_NONBLOCK | SFD_CLOEXEC))
        self.received = received
        guard descriptor >= 0 else { throw SystemError("signalfd") }
        _ = try loop.add(descriptor, self)
    }

    deinit { close(descriptor) }

    package func handle(_ readiness: Readiness) {
        var information = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        while read(descriptor, &information, size) == size { received(CInt(information.ssi_signo)) }
    }
}

private func signalSet(_ signals: [CInt]) -> sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    return set
}
