/// A deadline for calls of poll(2).
struct PollDeadline {
    private let instant: ContinuousClock.Instant

    init(after duration: Duration) { instant = .now + duration }

    /// The remaining time as the timeout of poll(2); 0 if the deadline has passed.
    var milliseconds: CInt {
        let (seconds, attoseconds) = (instant - .now).components
        // Round up, so that poll(2) does not end before the deadline.
        let milliseconds = seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return CInt(clamping: max(0, milliseconds))
    }
}
