/// An ejection of a peer by outlier detection.
package struct Ejection: Sendable, Hashable {
    package enum Reason: String, Sendable, Hashable, CaseIterable {
        case consecutiveErrors = "consecutive_errors"
        case errorPercent = "error_percent"
        case latency
    }

    package let address: String
    package let reason: Reason
    package let duration: Milliseconds

    package init(address: String, reason: Reason, duration: Milliseconds) {
        self.address = address
        self.reason = reason
        self.duration = duration
    }
}

/// How often a peer was ejected for each reason.
package struct EjectionCounts: Sendable, Hashable {
    // These are plain numbers, because each choice of a peer copies the state of all peers, and a dictionary costs more
    // to copy.
    private var byConsecutiveErrors = 0
    private var byErrorPercent = 0
    private var byLatency = 0

    package private(set) subscript(_ reason: Ejection.Reason) -> Int {
        get {
            switch reason {
            case .consecutiveErrors: byConsecutiveErrors
            case .errorPercent: byErrorPercent
            case .latency: byLatency
            }
        }
        set {
            switch reason {
            case .consecutiveErrors: byConsecutiveErrors = newValue
            case .errorPercent: byErrorPercent = newValue
            case .latency: byLatency = newValue
            }
        }
    }

    mutating func add(_ reason: Ejection.Reason) { self[reason] += 1 }
}
