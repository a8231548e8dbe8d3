internal import Reactor

/// A client's connection, whatever protocol it speaks, as its loop keeps it.
protocol ClientConnection: AnyObject {
    /// Where its loop's ``ClientConnectionTable`` has it.
    var placeInLoop: Int { get set }
    /// May be closed without harm to a request that is known.
    var isIdle: Bool { get }
    /// When it last became idle.
    var idleSince: MonotonicTime { get }
    /// What `stub_status` shows of it.
    var activity: HTTP1Machine.Activity { get }
    /// The loop is to end: so does this connection, as soon as no request is under way.
    func drain()
    /// Gives up whatever is under way, and closes.
    func abort()
    func close()
}
