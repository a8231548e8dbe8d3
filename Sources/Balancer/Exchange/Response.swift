internal import Reactor

/// What is known of the response.
struct Response {
    /// 0: not known yet.
    var status = 0
    /// Its head is under way, or it is decided that there is none.
    var isBegun = false
    /// Everything is said and logged.
    var isComplete = false
    /// It is the connection's last: where the request ends is not known.
    var isLast = false
    /// `limit_rate`, or what the peer says of it, in bytes per second; 0: no limit.
    var limitRate = 0
    /// A slow client's share may be kept (`X-Accel-Buffering`).
    var mayBuffer = true

    /// Bytes that the client may have now. As from nginx, it gets those of the first second at once.
    /// - Parameters:
    ///   - start: `limit_rate_after`: bytes that the rate does not count.
    ///   - elapsed: Since the request began.
    ///   - sent: Bytes that it has.
    func budget(after start: Int, elapsed: Duration, sent: Int) -> Int {
        guard limitRate > 0 else { return .max }
        // Not in whole numbers: a rate may be so high that they overflow.
        let allowed = Double(start) + Double(limitRate) * (1 + Double(elapsed.wholeMilliseconds) / 1000)
        return max(0, (Int(exactly: allowed.rounded()) ?? .max) - sent)
    }
}

/// The response's headers, where a log or an added header refers to them.
struct KeptHeaders {
    private(set) var all: [(name: [UInt8], value: [UInt8])] = []

    mutating func append(_ name: [UInt8], _ value: [UInt8]) { all.append((name, value)) }

    mutating func reset() {
        if !all.isEmpty { all.removeAll(keepingCapacity: true) }
    }
}
