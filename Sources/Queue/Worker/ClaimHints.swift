/// What the last claims have shown about the queue. It decides how the next claim is made.
struct ClaimHints {
    /// Whether there may be suspects, which have to run alone. If so, the worker claims nothing while it holds tasks,
    /// and claims as soon as it holds none.
    private(set) var mayHaveSuspects = false
    /// Whether one of the worker's types was bounded at the last claim. When a task of such a type ends, another task
    /// of the type may be allowed to run, and no notification says so.
    private(set) var hasBounds = false
    /// Whether the next claim should lock the bounded types: the last claim saw a bounded type, or found nothing. If it
    /// found nothing, all queued tasks may be of bounded types, because a claim without these locks takes no such
    /// tasks.
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
