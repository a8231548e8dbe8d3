/// What the last claims said about the queue. It decides how the next claim is made.
struct ClaimHints {
    /// There may be suspects, which have to run alone: claim nothing else, and claim as soon as the worker holds
    /// nothing.
    private(set) var mayHaveSuspects = false
    /// A type of the last claim is bounded: with each task that ends, another one of the type may have become free, and
    /// no notification says so.
    private(set) var hasBounds = false
    /// The next claim is to ask for the bounded types, because there are some, or that is unknown. A claim that did not
    /// ask takes nothing of them, so after a claim that took nothing it is unknown.
    private(set) var mayHaveBounds = true

    mutating func suspectsSeen() { mayHaveSuspects = true }

    /// - Parameter isAlone: the worker held nothing, so the claim would have taken a suspect.
    mutating func claimed(_ rows: ClaimRows, isAlone: Bool) {
        if let hasBounds = rows.hasBounds { self.hasBounds = hasBounds }
        mayHaveBounds = rows.count == 0 || hasBounds
        if isAlone {
            mayHaveSuspects = rows.tasks.first?.isSuspect ?? false
        } else if rows.isSuspectLeft {
            mayHaveSuspects = true
        }
    }
}
