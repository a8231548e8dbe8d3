internal import CFastCGI
internal import Glibc

/// libfcgi as a whole.
enum FastCGILibrary {
    /// Initializes the library, once.
    static func start() { _ = isStarted }

    private static let isStarted: Bool = {
        // FCGX_Init replaces the handlers of these signals, ignored ones too, by its own, which make all later reads
        // fail: what was there before goes back into place.
        let signals = [SIGPIPE, SIGTERM, SIGUSR1]
        let before = signals.map { signal in
            var action = sigaction()
            sigaction(signal, nil, &action)
            return action
        }
        let code = FCGX_Init()
        precondition(code == 0, "FCGX_Init: \(String(cString: strerror(code)))")
        for (signal, action) in zip(signals, before) {
            var action = action
            sigaction(signal, &action, nil)
        }
        // libfcgi writes with write(2): without this a client that went away would end the process.
        signal(SIGPIPE, SIG_IGN)
        return true
    }()

    /// Keeps signals away from the calling thread: libfcgi takes an interrupted read for a broken connection.
    static func blockSignals() {
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
    }
}
