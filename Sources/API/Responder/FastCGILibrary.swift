internal import CFastCGI
internal import Glibc

/// Set-up of libfcgi.
enum FastCGILibrary {
    /// Initializes the library. Further calls do nothing.
    static func start() { _ = isStarted }

    private static let isStarted: Bool = {
        // FCGX_Init installs its own handlers for these signals, and they make all later reads fail. So the previous
        // handlers are restored.
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
        // libfcgi uses write(2). If the web server has disconnected, the SIGPIPE of such a call would end the process.
        signal(SIGPIPE, SIG_IGN)
        return true
    }()

    /// Blocks all signals on the calling thread: libfcgi treats an interrupted read as a broken connection.
    static func blockSignals() {
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
    }
}
