internal import CLinux

/// What a descriptor is ready for. Events are edge-triggered: each change is reported once. So read or write until the
/// call would block or handles fewer bytes than requested.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let readable = Readiness(rawValue: 0x001)  // EPOLLIN
    package static let writable = Readiness(rawValue: 0x004)  // EPOLLOUT
    package static let failed = Readiness(rawValue: 0x008)  // EPOLLERR
    package static let hungUp = Readiness(rawValue: 0x010)  // EPOLLHUP
    /// The peer will not send more (EPOLLRDHUP). Bytes that it sent before may still be unread.
    package static let peerClosed = Readiness(rawValue: 0x2000)

    /// There is something to read: bytes, the end of the connection, or an error.
    package var hasInput: Bool { rawValue & 0x2019 != 0 }
    /// The peer has closed the connection, or it failed.
    package var hasEnded: Bool { rawValue & 0x2018 != 0 }
    /// A connection attempt has succeeded or failed.
    package var hasConnected: Bool { rawValue & 0x001C != 0 }
}

/// Handles the events of a descriptor. It is called only on the thread of the loop.
package protocol EventHandler: AnyObject {
    func handle(_ readiness: Readiness)
}

/// Handles timers that fire. It is called only on the thread of the loop.
package protocol TimerHandler: AnyObject {
    func timerFired(_ timer: EventLoop.Timer)
}
