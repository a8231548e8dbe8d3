internal import Reactor

/// The state of the response.
struct Response {
    /// The status; 0 if it is not known yet.
    var status = 0
    /// Whether the response has begun, so that no other response can replace it.
    var isBegun = false
    /// Whether the response has ended and is logged.
    var isComplete = false
    /// Whether the connection must be closed after this response, because the end of the request is unknown.
    var isLast = false
    /// `limit_rate`, or the peer's `X-Accel-Limit-Rate`, in bytes per second; 0: no limit.
    var limitRate = 0
    /// Whether the response may be buffered in a file for a slow client (`X-Accel-Buffering`).
    var mayBuffer = true

    /// How many bytes may be sent to the client now. As in nginx, the bytes of the first second are sent at once.
    /// - Parameters:
    ///   - start: `limit_rate_after`: the number of bytes that are not limited.
    ///   - elapsed: The time since the request began.
    ///   - sent: The number of bytes sent already.
    func budget(after start: Int, elapsed: Duration, sent: Int) -> Int {
        guard limitRate > 0 else { return .max }
        // Floating-point numbers, because a high rate could overflow an integer.
        let allowed = Double(start) + Double(limitRate) * (1 + Double(elapsed.wholeMilliseconds) / 1000)
        return max(0, (Int(exactly: allowed.rounded()) ?? .max) - sent)
    }
}

/// The response's headers, kept if a log or an added header refers to them.
struct KeptHeaders {
    private(set) var all: [(name: [UInt8], value: [UInt8])] = []

    mutating func append(_ name: [UInt8], _ value: [UInt8]) { all.append((name, value)) }

    mutating func reset() {
        if !all.isEmpty { all.removeAll(keepingCapacity: true) }
    }
}
