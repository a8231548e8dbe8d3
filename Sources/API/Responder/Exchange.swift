internal import Reactor

/// One request on its way to its reply, apart from the connection it is on.
struct Exchange: Sendable {
    let requestID: String
    /// Only the head of the reply is sent.
    let isHead: Bool
    /// Its place in the route table.
    let route: Int?
    let start: MonotonicTime
}
