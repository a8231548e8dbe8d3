internal import DequeModule
internal import Synchronization
internal import Threading

/// Work for the pool's threads, which wait for it in epoll together with their connections.
///
/// The descriptor is registered edge-triggered: a write to it takes one thread out of epoll, and nobody has to read it.
/// One such call is under way at a time; the thread that takes a job calls for the next one while there is more.
final class JobQueue<Job: Sendable>: Sendable {
    private struct Contents {
        var jobs: Deque<Job> = []
        var isClosed = false
        /// A thread is called for, and has not come yet.
        var isCalling = false

        mutating func call() -> Bool {
            guard !isCalling else { return false }
            isCalling = true
            return true
        }
    }

    private let contents = Mutex(Contents())
    private let wake = EventFD()

    enum Next {
        case job(Job)
        case nothing
        /// There will be no more.
        case closed
    }

    var descriptor: CInt { wake.descriptor }

    func append(_ job: Job) {
        let calls = contents.withLock { contents in
            guard !contents.isClosed else { return false }
            contents.jobs.append(job)
            return contents.call()
        }
        if calls { wake.signal() }
    }

    /// A thread that was called has come. It goes on with ``next()``.
    func answerCall() {
        contents.withLock { $0.isCalling = false }
    }

    func next() -> Next {
        let (next, calls) = contents.withLock { contents -> (Next, Bool) in
            if let job = contents.jobs.popFirst() {
                return (.job(job), !contents.jobs.isEmpty && contents.call())
            }
            return contents.isClosed ? (.closed, contents.call()) : (.nothing, false)
        }
        if calls { wake.signal() }
        return next
    }

    /// What is in the queue is still done; then every thread is told.
    func close() {
        let calls = contents.withLock { contents in
            contents.isClosed = true
            return contents.call()
        }
        if calls { wake.signal() }
    }
}
