/// `health_check` of nginx's commercial version: a location's nodes are asked now and then, and those that answer badly
/// get no requests.
package struct HealthCheck: Sendable, Hashable {
    package internal(set) var interval = Duration.seconds(5)
    /// Each check begins up to so much later, at random.
    package internal(set) var jitter = Duration.zero
    /// In a row, until a node is unhealthy; at least 1.
    package internal(set) var fails = 1
    /// In a row, until it is healthy again; at least 1.
    package internal(set) var passes = 1
    package internal(set) var uri = "/"
    /// A node gets no requests before its first check.
    package internal(set) var isMandatory = false
    /// nil: a status from 200 to 399.
    package internal(set) var match: ResponseMatch?
    package let location: SourceLocation
}

/// `match`: what a good answer is. All of it has to hold.
package struct ResponseMatch: Sendable, Hashable {
    package struct Status: Sendable, Hashable {
        package let ranges: [ClosedRange<Int>]
        /// `!`: none of them.
        package let isNegated: Bool

        package func holds(for status: Int) -> Bool { ranges.contains { $0.contains(status) } != isNegated }
    }

    package enum Test: Sendable, Hashable {
        /// It is there.
        case exists
        case equals(String)
        /// Index into `HTTPConfiguration.patterns`.
        case matches(Int)
    }

    package struct Header: Sendable, Hashable {
        /// In lower case.
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
