internal import Glibc

/// A condition that did not come true in time.
package struct NotInTime: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
}

/// Waits until `condition` holds, looking often.
/// - Throws: ``NotInTime`` after `timeout`, or what `condition` throws.
package func eventually(
    _ what: String, within timeout: Duration = .seconds(20), _ condition: () throws -> Bool
) throws {
    _ = try eventually(what, within: timeout) { try condition() ? true : nil }
}

/// Waits until `body` returns a value.
package func eventually<Value>(
    _ what: String, within timeout: Duration = .seconds(20), _ body: () throws -> Value?
) throws -> Value {
    let deadline = ContinuousClock.now + timeout
    while true {
        if let value = try body() { return value }
        if ContinuousClock.now >= deadline { throw NotInTime(description: "\(what): not within \(timeout)") }
        usleep(5_000)
    }
}
