internal import Glibc
internal import Synchronization
internal import Threading

/// A log on disk (or stderr) that can be opened anew, for log rotation.
final class LogFile: Sendable {
    let path: String
    private let descriptor: Mutex<CInt>

    /// nginx's `open() "…" failed (2: No such file or directory)`.
    struct OpenError: Error, CustomStringConvertible {
        let description: String
    }

    init(path: String) throws(OpenError) {
        self.path = path
        descriptor = Mutex(try Self.open(path))
    }

    /// stderr.
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

    /// Goes on in a new file of the same path; in the old one when that cannot be opened.
    func reopen() throws(OpenError) {
        let new = try Self.open(path)
        guard new > 2 else { return }
        let old = descriptor.withLock { current in
            defer { current = new }
            return current
        }
        if old > 2 { _ = Glibc.close(old) }
    }

    /// Blocks for as long as the disk does.
    func write(_ bytes: [UInt8]) {
        descriptor.withLock { descriptor in
            bytes.withUnsafeBytes { bytes in
                var rest = bytes[...]
                while !rest.isEmpty {
                    let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress!, rest.count)
                    if count < 0, errno == EINTR { continue }
                    // A full disk loses lines; it does not stop the traffic.
                    guard count > 0 else { return }
                    rest = rest.dropFirst(count)
                }
            }
        }
    }
}

/// The thread that writes access logs, so that no loop waits for a disk.
final class LogWriter: Sendable {
    private struct Entry: Sendable {
        let file: LogFile
        let bytes: [UInt8]
    }

    private let queue = BlockingQueue<Entry>()
    /// More than this many blocks behind, lines are dropped rather than kept in memory without bound.
    private static let longestQueue = 4096

    private let thread = Mutex<NamedThread?>(nil)

    func start() {
        thread.withLock { thread in
            thread = NamedThread("log-writer") { [queue] in
                while let entry = queue.next() { entry.file.write(entry.bytes) }
            }
        }
    }

    func write(_ bytes: [UInt8], to file: LogFile) {
        guard queue.count < Self.longestQueue else { return }
        queue.append(Entry(file: file, bytes: bytes))
    }

    /// Writes what is there, then ends.
    func stop() {
        queue.close()
        let thread = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        thread?.join()
    }
}
