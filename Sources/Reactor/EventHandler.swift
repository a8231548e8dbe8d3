internal import CLinux

/// What a descriptor is ready for. Edge-triggered: told once for each change, so read or write until the call
/// would block (or comes back short).
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let readable = Readiness(rawValue: 0x001)  // EPOLLIN
    package static let writable = Readiness(rawValue: 0x004)  // EPOLLOUT
    package static let failed = Readiness(rawValue: 0x008)  // EPOLLERR
    package static let hungUp = Readiness(rawValue: 0x010)  // EPOLLHUP
    /// The peer will send no more (EPOLLRDHUP); what it sent before may still be unread.
    package static let peerClosed = Readiness(rawValue: 0x2000)

    /// There is something to read: bytes, an end or an error.
    package var hasInput: Bool { rawValue & 0x2019 != 0 }
    /// The peer has ended the connection, or it broke.
    package var hasEnded: Bool { rawValue & 0x2018 != 0 }
    /// A connection attempt is decided.
    package var hasConnected: Bool { rawValue & 0x001C != 0 }
}

/// Something with a descriptor in an event loop. Called on the loop's thread only.
package protocol EventHandler: AnyObject {
    func handle(_ readiness: Readiness)
}

/// Something with timers in an event loop. Called on the loop's thread only.
package protocol TimerHandler: AnyObject {
    func timerFired(_ timer: EventLoop.Timer)
}
