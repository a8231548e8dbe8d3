internal import Glibc
internal import Synchronization

/// A log file (or stderr) that can be reopened, for log rotation.
final class LogFile: Sendable {
    let path: String
    private let descriptor: Mutex<CInt>

    /// The error, described as nginx describes it: `open() "…" failed (2: No such file or directory)`.
    struct OpenError: Error, CustomStringConvertible {
        let description: String
    }

    init(path: String) throws(OpenError) {
        self.path = path
        descriptor = Mutex(try Self.open(path))
    }

    /// Standard error.
    init() {
        path = "stderr"
        descriptor = Mutex(2)
    }

    deinit { descriptor.withLock { if $0 > 2 { _ = Glibc.close($0) } } }

    private static func open(_ path: String) throws(OpenError) -> CInt {
        if path == "stderr" || path == "/dev/stderr" { return 2 }
        if path == "/dev/stdout" { return 1 }
        let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw OpenError(description: "open() \"\(path)\" failed (\(errno): \(String(cString: strerror(errno))))")
        }
        return descriptor
    }

    /// Opens the path again and writes to that file from now on. If the path cannot be opened, the old file stays in
    /// use.
    func reopen() throws(OpenError) {
        let new = try Self.open(path)
        guard new > 2 else { return }
        let old = descriptor.withLock { current in
            defer { current = new }
            return current
        }
        if old > 2 { _ = Glibc.close(old) }
    }

    /// Blocks until the system has taken all bytes. If writing fails, it drops the rest.
    func write(_ bytes: [UInt8]) {
        descriptor.withLock { descriptor in
            bytes.withUnsafeBytes { bytes in
                var rest = bytes[...]
                while !rest.isEmpty {
                    let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress!, rest.count)
                    if count < 0, errno == EINTR { continue }
                    // If the disk is full, drop the bytes: a log must not stop the balancer.
                    guard count > 0 else { return }
                    rest = rest.dropFirst(count)
                }
            }
        }
    }
}
