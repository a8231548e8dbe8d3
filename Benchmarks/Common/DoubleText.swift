extension Double {
    /// The number with `digits` digits after the point; a dash if it is not finite.
    func text(_ digits: Int) -> String {
        guard isFinite else { return "–" }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let whole = Int((self * scale).rounded())
        guard digits > 0 else { return "\(whole)" }
        let fraction = "\(abs(whole) % Int(scale))"
        let sign = whole < 0 ? "-" : ""
        return
            "\(sign)\(abs(whole) / Int(scale)).\(String(repeating: "0", count: digits - fraction.utf8.count))\(fraction)"
    }
}
