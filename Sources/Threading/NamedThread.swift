internal import CLinux
internal import Glibc

/// A POSIX thread with a name, for code that blocks in C (libpq, libfcgi, argon2, epoll).
///
/// Blocking calls must not run on Swift's cooperative pool: it has one thread per core, and a thread that blocks is not
/// available for the `async` code of the process.
package final class NamedThread: @unchecked Sendable {
    private let handle: pthread_t

    /// Starts the thread.
    /// - Parameters:
    ///   - name: shown by `ps -L` and `perf`; Linux keeps the first 15 bytes
    ///   - body: runs once; the thread ends when it returns
    package init(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var handle = pthread_t()
        let code = pthread_create(
            &handle, nil,
            { argument in
                let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
                _ = String(start.name.prefix(15)).withCString(millrace_name_thread)
                start.body()
                return nil
            },
            start.toOpaque())
        // Only EAGAIN is possible here: the system cannot create more threads. The process cannot continue then.
        precondition(code == 0, "cannot start thread \(name): \(String(cString: strerror(code)))")
        self.handle = handle
    }

    /// Waits until the thread ends. Call it exactly once.
    package func join() {
        pthread_join(handle, nil)
    }

    private final class Start {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
}
