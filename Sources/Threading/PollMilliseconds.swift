extension Duration {
    /// The timeout for `poll` in milliseconds, rounded up so that `poll` does not return early.
    package var pollMilliseconds: CInt {
        let (seconds, attoseconds) = components
        return CInt(clamping: seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
