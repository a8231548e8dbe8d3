extension Duration {
    /// For `poll`: rounded up, so that it does not return before the time and is called again for nothing.
    package var pollMilliseconds: CInt {
        let (seconds, attoseconds) = components
        return CInt(clamping: seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
