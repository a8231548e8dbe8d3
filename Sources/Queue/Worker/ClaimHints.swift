/// What the last claims have shown about the queue. It decides how the next claim is made.
struct ClaimHints {
    /// Whether there may be suspects, which have to run alone. If so, the worker claims nothing else, and claims as
    /// soon as it holds no tasks.
    private(set) var mayHaveSuspects = false
    /// Whether a type of the last claim is bounded. When a task of the type ends, another one may be allowed to run,
    /// and no notification says so.
    private(set) var hasBounds = false
    /// Whether the next claim should lock the bounded types: there are some, or it is unknown. It is unknown after a
    /// claim that found nothing, because a claim without these locks takes no tasks of bounded types.
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
