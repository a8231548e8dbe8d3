internal import Glibc

enum StandardError {
    /// Writes a line with one system call, so that the lines of several threads and processes do not mix.
    static func write(_ line: [UInt8]) {
        var rest = line[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                // The reader is gone or too slow. The line is lost, because logging must not stop the work.
                return
            }
        }
    }
}
