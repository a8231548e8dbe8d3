internal import Glibc
internal import Threading

/// Merges the output of all services into one log. Each line begins with the service's name: `api-1    | …`.
package final class ServiceLog: Sendable {
    private let descriptor: CInt
    private let width: Int
    /// Locked while a line is written, so that lines do not mix.
    private let writing = Monitor(())

    /// - Parameter names: the names of all services. The `|` of all lines are aligned after the longest name.
    package init(descriptor: CInt = 2, names: [String]) {
        self.descriptor = descriptor
        width = names.map(\.count).max() ?? 0
    }

    package func write(_ line: String, from name: String) { write(Array(line.utf8), from: name) }

    func write(_ line: [UInt8], from name: String) {
        let padding = String(repeating: " ", count: max(0, width - name.count))
        let bytes = Array("\(name)\(padding) | ".utf8) + line + [UInt8(ascii: "\n")]
        writing.withLock { _ in
            var start = 0
            while start < bytes.count {
                let count = bytes.withUnsafeBytes {
                    Glibc.write(descriptor, $0.baseAddress! + start, bytes.count - start)
                }
                // If nobody reads the log any more, drop the line and go on.
                guard count > 0 || errno == EINTR else { return }
                start += max(0, count)
            }
        }
    }

    /// An output that writes everything to the log, with the service's name.
    package func output(of name: String) -> ChildOutput {
        let splitter = Monitor(LineSplitter())
        return .merged { [self] piece in
            let lines = splitter.withLock { splitter in
                piece.isEmpty ? splitter.finish().map { [$0] } ?? [] : splitter.append(piece)
            }
            for line in lines { write(line, from: name) }
        }
    }
}
