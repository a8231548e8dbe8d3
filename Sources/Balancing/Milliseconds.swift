/// A point on the monotonic clock, or a span of it, in milliseconds.
///
/// The event loop reads the clock once a turn and hands the reading down: nothing in this module asks for the time.
/// Readings of different loops may be some milliseconds apart, so a later call may carry an earlier time.
package typealias Milliseconds = Int64
