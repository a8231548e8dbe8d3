/// A time of the monotonic clock, or a duration, in milliseconds.
///
/// This target never reads the clock: the event loop reads it once per iteration and passes the time as an argument.
/// The times of two loops can differ by some milliseconds, so a later call can pass an earlier time.
package typealias Milliseconds = Int64
