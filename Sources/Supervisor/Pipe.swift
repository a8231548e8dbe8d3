internal import CLinux
internal import Glibc
internal import Threading

/// What becomes of a child's standard output and error.
package enum Output: Sendable {
    /// They are this process's own.
    case inherited
    case discarded
    /// Both in one stream, in the order written.
    case merged(@Sendable ([UInt8]) -> Void)
    case separate(output: @Sendable ([UInt8]) -> Void, error: @Sendable ([UInt8]) -> Void)
}

/// The reading side of a pipe from a child: a thread that hands on what comes, until the last writer is gone.
final class Pipe: Sendable {
    /// The end the child gets; this process closes its copy after the start.
    let writeEnd: CInt
    private let readEnd: CInt
    private let isAtEnd = Monitor(false)

    /// - Parameter handler: gets every piece, and an empty one at the end. Called on a thread of the pipe's own.
    init?(name: String, handler: @escaping @Sendable ([UInt8]) -> Void) {
        var ends: [CInt] = [0, 0]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { return nil }
        readEnd = ends[0]
        writeEnd = ends[1]
        _ = NamedThread(name) { [readEnd, isAtEnd] in
            pthread_detach(pthread_self())
            var buffer = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = read(readEnd, &buffer, buffer.count)
                if count > 0 {
                    handler(Array(buffer[..<count]))
                } else if count == 0 || errno != EINTR {
                    break
                }
            }
            handler([])
            close(readEnd)
            isAtEnd.broadcast { $0 = true }
        }
    }

    func closeWriteEnd() { close(writeEnd) }

    func waitForEnd(_ timeout: Duration) {
        _ = isAtEnd.wait(for: timeout) { $0 ? true : nil }
    }
}
