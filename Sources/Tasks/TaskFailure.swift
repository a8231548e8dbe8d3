/// Why a task could not be computed.
package struct TaskFailure: Error, Hashable, CustomStringConvertible {
    /// The reason. It is safe to show to the client, because it never contains the input.
    package let message: String
    /// Whether another attempt can succeed: `true` if memory was short, `false` if the input is invalid.
    package let isRetryable: Bool

    package init(_ message: String, isRetryable: Bool) {
        self.message = message
        self.isRetryable = isRetryable
    }

    package var description: String { message }
}
