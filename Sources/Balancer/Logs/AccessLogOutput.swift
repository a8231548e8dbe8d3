internal import Reactor

/// A file that access-log lines go to.
final class AccessLogOutput: Sendable {
    /// Where loops keep the lines they have gathered for it: its own for as long as one has any.
    let index: Int
    let file: LogFile
    /// Bytes that a loop gathers before it hands them to the writer.
    let size: Int
    /// The longest that a line stays in a loop.
    let delay: Duration

    init(index: Int, file: LogFile, size: Int, delay: Duration) {
        self.index = index
        self.file = file
        self.size = size
        self.delay = delay
    }
}

/// One loop's lines on their way to the log writer.
final class AccessLogBuffers: TimerHandler {
    private struct Pending {
        let output: AccessLogOutput
        /// When its first line has been here for as long as it may.
        let due: MonotonicTime
        var bytes: [UInt8] = []
    }

    private let events: EventLoop
    private let writer: LogWriter
    private var pending: [Pending?] = []
    private var timer: EventLoop.Timer?
    /// When it fires.
    private var next: MonotonicTime?

    init(events: EventLoop, writer: LogWriter) {
        self.events = events
        self.writer = writer
    }

    /// Lets `line` append one line.
    func append(to output: AccessLogOutput, _ line: (inout [UInt8]) -> Void) {
        while pending.count <= output.index { pending.append(nil) }
        if pending[output.index] == nil {
            let due = events.now + output.delay
            pending[output.index] = Pending(output: output, due: due)
            setTimer(at: due)
        }
        line(&pending[output.index]!.bytes)
        if pending[output.index]!.bytes.count >= output.size { flush(output.index) }
    }

    private func setTimer(at due: MonotonicTime) {
        let timer = self.timer ?? events.makeTimer(self)
        self.timer = timer
        // Of several logs the first whose time comes.
        if let next, next <= due { return }
        next = due
        events.set(timer, at: due)
    }

    func timerFired(_ timer: EventLoop.Timer) {
        next = nil
        for index in pending.indices {
            guard let due = pending[index]?.due else { continue }
            if due <= events.now { flush(index) } else { setTimer(at: due) }
        }
    }

    func flushAll() {
        for index in pending.indices { flush(index) }
    }

    private func flush(_ index: Int) {
        guard let entry = pending[index] else { return }
        pending[index] = nil
        writer.write(entry.bytes, to: entry.output.file)
    }
}
