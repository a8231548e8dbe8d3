internal import Synchronization
internal import Threading

/// The thread that writes access logs, so that no loop waits for a disk.
final class LogWriter: Sendable {
    private struct Entry: Sendable {
        let file: LogFile
        let bytes: [UInt8]
    }

    private let queue = BlockingQueue<Entry>()
    /// Maximum number of buffers in the queue. If the disk is so slow that the queue is full, new lines are dropped:
    /// memory stays bounded, and no loop waits.
    private static let maxQueued = 4096

    private let thread = Mutex<NamedThread?>(nil)

    func start() {
        thread.withLock { thread in
            thread = NamedThread("log-writer") { [queue] in
                while let entry = queue.next() { entry.file.write(entry.bytes) }
            }
        }
    }

    /// Queues the bytes for the thread; drops them if the queue is full. Does not wait for the disk.
    func write(_ bytes: [UInt8], to file: LogFile) {
        guard queue.count < Self.maxQueued else { return }
        queue.append(Entry(file: file, bytes: bytes))
    }

    /// Returns when all queued lines are written and the thread has ended.
    func stop() {
        queue.close()
        let thread = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        thread?.join()
    }
}
