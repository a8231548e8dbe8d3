internal import CLinux
internal import Glibc

/// How a process ended.
package enum ExitReason: Sendable, Hashable, CustomStringConvertible {
    case exited(code: CInt)
    case killed(signal: CInt)

    /// - Parameter status: the status from waitpid(2).
    init(status: CInt) {
        self =
            millrace_exited(status) != 0
            ? .exited(code: millrace_exit_code(status)) : .killed(signal: millrace_exit_signal(status))
    }

    package var isSuccess: Bool { self == .exited(code: 0) }

    package var description: String {
        switch self {
        case .exited(let code): "ended with code \(code)"
        case .killed(let signal): "was killed by signal \(signal) (\(String(cString: strsignal(signal))))"
        }
    }
}
