internal import Reactor

/// The access-log lines that one loop has not yet passed to the log writer.
final class AccessLogBuffers: TimerHandler {
    private struct Buffer {
        let output: AccessLogOutput
        /// When to flush the buffer: one flush interval after its first line.
        let due: MonotonicTime
        var bytes: [UInt8] = []
    }

    private let events: EventLoop
    private let writer: LogWriter
    /// The buffer of each output, by ``AccessLogOutput/index``; nil if nothing is buffered.
    private var buffers: [Buffer?] = []
    private var timer: EventLoop.Timer?
    /// When the timer fires; nil if it is not set.
    private var timerDue: MonotonicTime?

    init(events: EventLoop, writer: LogWriter) {
        self.events = events
        self.writer = writer
    }

    /// Lets `line` append one line to the output's buffer, then flushes the buffer if it is full.
    func append(to output: AccessLogOutput, _ line: (inout [UInt8]) -> Void) {
        while buffers.count <= output.index { buffers.append(nil) }
        if buffers[output.index] == nil {
            let due = events.now + output.flushInterval
            buffers[output.index] = Buffer(output: output, due: due)
            setTimer(at: due)
        }
        line(&buffers[output.index]!.bytes)
        if buffers[output.index]!.bytes.count >= output.bufferSize { flush(output.index) }
    }

    private func setTimer(at due: MonotonicTime) {
        let timer = self.timer ?? events.makeTimer(self)
        self.timer = timer
        // One timer serves all outputs: it fires for the one that is due first.
        if let timerDue, timerDue <= due { return }
        timerDue = due
        events.set(timer, at: due)
    }

    func timerFired(_ timer: EventLoop.Timer) {
        timerDue = nil
        for index in buffers.indices {
            guard let due = buffers[index]?.due else { continue }
            if due <= events.now { flush(index) } else { setTimer(at: due) }
        }
    }

    func flushAll() {
        for index in buffers.indices { flush(index) }
    }

    private func flush(_ index: Int) {
        guard let buffer = buffers[index] else { return }
        buffers[index] = nil
        writer.write(buffer.bytes, to: buffer.output.file)
    }
}
