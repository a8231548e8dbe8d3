internal import CLinux
internal import Glibc
internal import Threading

/// Where a child's standard output and standard error go.
package enum ChildOutput: Sendable {
    /// The child uses the standard output and standard error of this process.
    case inherited
    case discarded
    /// Both go to one handler, in the order in which they were written.
    case merged(@Sendable ([UInt8]) -> Void)
    case separate(output: @Sendable ([UInt8]) -> Void, error: @Sendable ([UInt8]) -> Void)
}

/// A pipe from a child. A thread reads it and calls the handler until all writers have closed it.
final class Pipe: Sendable {
    /// The child's end of the pipe. This process closes its copy after the child has started.
    let writeEnd: CInt
    private let readEnd: CInt
    private let isAtEnd = Monitor(false)

    /// - Parameter handler: called on the pipe's thread with each piece, and with an empty array at the end.
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
