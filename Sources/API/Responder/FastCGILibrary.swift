internal import CFastCGI
internal import CLinux
internal import FastCGIWire
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
        precondition(readsThroughFilter(), "libfcgi does not call the program's OS_Read; see docs/decisions/libfcgi.md")
        return true
    }()

    /// Whether the bytes that libfcgi reads pass the filter of their connection. If they do, libfcgi does not receive a
    /// management record, so it does not answer it.
    private static func readsThroughFilter() -> Bool {
        var sockets: [CInt] = [-1, -1]
        guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &sockets) == 0, let poller = try? Poller(),
            let connection = FastCGIConnection(id: 0, descriptor: sockets[0], poller: poller)
        else { return false }
        defer { close(sockets[1]) }
        var record: [UInt8] = []
        RecordHeader(.getValues, requestID: 0, contentLength: 0).append(to: &record)
        _ = write(sockets[1], record, record.count)
        shutdown(sockets[1], CInt(SHUT_WR))
        let isRequest = connection.receive() != nil
        connection.close()
        var answer: UInt8 = 0
        return !isRequest && read(sockets[1], &answer, 1) == 0
    }

    /// Blocks all signals on the calling thread: libfcgi treats an interrupted read as a broken connection.
    static func blockSignals() {
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
    }
}
