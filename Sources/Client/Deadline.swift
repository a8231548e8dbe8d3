/// A point in time by which something has to be done.
struct Deadline {
    private let instant: ContinuousClock.Instant

    init(after duration: Duration) { instant = .now + duration }

    /// For poll(2): 0 when it has passed.
    var milliseconds: CInt {
        let (seconds, attoseconds) = (instant - .now).components
        // Upwards, so that the last millisecond is waited for and not spun through.
        let milliseconds = seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return CInt(clamping: max(0, milliseconds))
    }
}
