/// A task that could not be computed.
package struct TaskFailure: Error, Hashable, CustomStringConvertible {
    /// Safe to show to the client: it never quotes the input.
    package let message: String
    /// Whether another attempt may go better (memory was short) or never will (the input is wrong).
    package let isRetryable: Bool

    package init(_ message: String, isRetryable: Bool) {
        self.message = message
        self.isRetryable = isRetryable
    }

    package var description: String { message }
}
