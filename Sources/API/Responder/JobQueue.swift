internal import DequeModule
internal import Synchronization
internal import Threading

/// Jobs for the pool's threads. The threads wait in epoll both for jobs and for connections.
///
/// The descriptor is registered edge-triggered: each write to it wakes one thread, and nobody has to read it. At most
/// one wake is pending at a time. The thread that takes a job wakes the next thread if there are more jobs.
final class JobQueue<Job: Sendable>: Sendable {
    private struct Contents {
        var jobs: Deque<Job> = []
        var isClosed = false
        /// A thread was woken and has not yet called ``acknowledgeWake()``.
        var isWakePending = false

        /// - Returns: whether the caller has to wake a thread.
        mutating func requestWake() -> Bool {
            guard !isWakePending else { return false }
            isWakePending = true
            return true
        }
    }

    private let contents = Mutex(Contents())
    private let wake = EventFD()

    enum Next {
        case job(Job)
        case nothing
        /// No more jobs will come.
        case closed
    }

    var descriptor: CInt { wake.descriptor }

    func append(_ job: Job) {
        let needsWake = contents.withLock { contents in
            guard !contents.isClosed else { return false }
            contents.jobs.append(job)
            return contents.requestWake()
        }
        if needsWake { wake.signal() }
    }

    /// A woken thread calls this, and then ``next()``.
    func acknowledgeWake() {
        contents.withLock { $0.isWakePending = false }
    }

    func next() -> Next {
        let (next, needsWake) = contents.withLock { contents -> (Next, Bool) in
            if let job = contents.jobs.popFirst() {
                return (.job(job), !contents.jobs.isEmpty && contents.requestWake())
            }
            return contents.isClosed ? (.closed, contents.requestWake()) : (.nothing, false)
        }
        if needsWake { wake.signal() }
        return next
    }

    /// Queued jobs still run. Then every thread gets ``Next/closed``.
    func close() {
        let needsWake = contents.withLock { contents in
            contents.isClosed = true
            return contents.requestWake()
        }
        if needsWake { wake.signal() }
    }
}
