internal import Glibc

/// Why a process could not be started.
package struct SpawnError: Error, CustomStringConvertible {
    package let program: String
    /// The value of `errno`.
    package let code: CInt

    package var description: String { "cannot start \(program): \(String(cString: strerror(code)))" }
}
