internal import Reactor

/// A destination of `access_log` lines: its file, and how a loop buffers lines for it.
final class AccessLogOutput: Sendable {
    /// The position of this output's buffer in each loop's ``AccessLogBuffers``. It is unique among the outputs that
    /// exist.
    let index: Int
    let file: LogFile
    /// The size of a loop's buffer in bytes. When the buffer is full, the loop hands the lines to the writer.
    let bufferSize: Int
    /// How long a line may stay in a loop's buffer.
    let flushInterval: Duration

    init(index: Int, file: LogFile, bufferSize: Int, flushInterval: Duration) {
        self.index = index
        self.file = file
        self.bufferSize = bufferSize
        self.flushInterval = flushInterval
    }
}
