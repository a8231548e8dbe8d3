internal import Threading

/// Why a test cannot go on: a condition that did not become true in time, or a program that failed.
package struct TestFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Waits until `condition` is true.
/// - Parameters:
///   - what: the condition in words, for the error.
///   - interval: the pause between two evaluations of `condition`.
/// - Throws: ``TestFailure`` after `timeout`, or what `condition` throws.
package func eventually(
    _ what: String, within timeout: Duration = .seconds(20), every interval: Duration = .milliseconds(2),
    _ condition: () throws -> Bool
) throws {
    _ = try eventually(what, within: timeout, every: interval) { try condition() ? true : nil }
}

/// Waits until `body` returns a value, and returns it.
/// - Throws: ``TestFailure`` after `timeout`, or what `body` throws.
package func eventually<Value>(
    _ what: String, within timeout: Duration = .seconds(20), every interval: Duration = .milliseconds(2),
    _ body: () throws -> Value?
) throws -> Value {
    let deadline = ContinuousClock.now + timeout
    while true {
        if let value = try body() { return value }
        if ContinuousClock.now >= deadline { throw TestFailure("not within \(timeout): \(what)") }
        sleepCurrentThread(for: interval)
    }
}

/// Checks that `condition` stays false for `time`.
///
/// Only waiting can show that something does not happen. Keep `time` short. If there is an event to wait for, use
/// `eventually` instead.
/// - Throws: ``TestFailure`` when `condition` becomes true, or what `condition` throws.
package func never(_ what: String, for time: Duration, _ condition: () throws -> Bool) throws {
    let end = ContinuousClock.now + time
    repeat {
        if try condition() { throw TestFailure("must not happen within \(time): \(what)") }
        sleepCurrentThread(for: .milliseconds(2))
    } while ContinuousClock.now < end
}
