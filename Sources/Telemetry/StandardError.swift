internal import Glibc

enum StandardError {
    /// One write a line, so that lines of several threads and processes do not mix.
    static func write(_ line: [UInt8]) {
        var rest = line[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                // Nobody reads any more, or nobody reads fast enough: a log must not stop the work.
                return
            }
        }
    }
}
