/// nginx Plus's `health_check`: the balancer checks the peers of a location at intervals, and sends no requests to
/// unhealthy ones.
package struct HealthCheck: Sendable, Hashable {
    package internal(set) var interval = Duration.seconds(5)
    /// The maximum of the random delay that is added to each interval.
    package internal(set) var jitter = Duration.zero
    /// A peer is unhealthy after this many failed checks in a row; at least 1.
    package internal(set) var fails = 1
    /// A peer is healthy again after this many passed checks in a row; at least 1.
    package internal(set) var passes = 1
    package internal(set) var uri = "/"
    /// If true, a new peer gets no requests until it has passed its first check.
    package internal(set) var isMandatory = false
    /// `match`: the conditions that a response must meet; nil: its status must be from 200 to 399.
    package internal(set) var match: ResponseMatch?
    package let location: SourceLocation
}

/// `match`: the conditions for a response to pass the check. All of them must hold.
package struct ResponseMatch: Sendable, Hashable {
    package struct Status: Sendable, Hashable {
        package let ranges: [ClosedRange<Int>]
        /// `!`: the status must be in none of the ranges.
        package let isNegated: Bool

        package func holds(for status: Int) -> Bool { ranges.contains { $0.contains(status) } != isNegated }
    }

    package enum Test: Sendable, Hashable {
        /// The header is present.
        case exists
        case equals(String)
        /// Index into `HTTPConfiguration.patterns`.
        case matches(Int)
    }

    package struct Header: Sendable, Hashable {
        /// The header's name in lower case.
        package let name: String
        package let test: Test
        package let isNegated: Bool
    }

    package struct Body: Sendable, Hashable {
        /// Index into `HTTPConfiguration.patterns`.
        package let pattern: Int
        package let isNegated: Bool
    }

    package let name: String
    package internal(set) var status: Status?
    package internal(set) var headers: [Header] = []
    package internal(set) var bodies: [Body] = []
}
