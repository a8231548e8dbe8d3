internal import CLinux
internal import Glibc

/// Delivers signals as events of a loop (signalfd(2)), so that no code runs in a signal handler.
package final class SignalWatch: EventHandler {
    private let descriptor: CInt
    private let received: (CInt) -> Void

    /// Blocks the normal delivery of the signals. Call it before any other thread starts, because new threads inherit
    /// the signal mask.
    package static func block(_ signals: [CInt]) {
        var set = signalSet(signals)
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Calls `received` with each signal, on the thread of the loop.
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
