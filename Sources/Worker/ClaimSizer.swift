/// Decides how many tasks to claim: so many that no thread waits for the database, but so few that no task waits in
/// this worker while another worker is idle.
///
/// It aims at about 50 ms of buffered work per thread, in addition to the running tasks. It learns the average duration
/// of each type (an exponentially weighted average), and estimates the types of the next tasks from the recent claims.
struct ClaimSizer {
    /// How much work is to be buffered per thread, in seconds.
    static let target = 0.05
    /// If the buffered work exceeds ``target`` by this factor, the worker gives tasks back. That happens if tasks take
    /// longer than estimated.
    static let tolerance = 4.0
    /// The maximum number of tasks of one claim, and of buffered tasks.
    static let maxTasks = 500
    /// While transactions overlap, a worker may hold this many times ``maxTasks``: the tasks of two transactions that
    /// are underway, and the tasks of the previous transaction, which are being computed.
    static let overlapFactor = 3
    /// The assumed duration, in seconds, of a type that has never run. It is so long that no task of it is buffered.
    static let unknownDuration = 0.1

    let concurrency: Int
    /// The average duration of each type, in seconds.
    private var durations: [String: Double] = [:]
    /// How many tasks of each type were claimed recently.
    private var mix: [String: Double] = [:]

    init(concurrency: Int) {
        self.concurrency = concurrency
    }

    /// Learns the duration of a task that was computed.
    mutating func finished(_ type: String, seconds duration: Double) {
        let known = durations[type] ?? duration
        durations[type] = known + 0.1 * (duration - known)
    }

    /// Learns how many tasks of each type a claim returned.
    mutating func claimed(_ types: [String: Int]) {
        mix = mix.mapValues { $0 / 2 }.filter { $0.value > 0.01 }
        for (type, count) in types { mix[type, default: 0] += Double(count) }
    }

    /// How many tasks to claim now.
    /// - Parameters:
    ///   - idle: the number of threads without a task.
    ///   - buffered: how many tasks of each type wait for a thread here.
    ///   - underway: how many tasks are being claimed.
    ///   - mayOverlap: whether two transactions may be underway at the same time. Then the worker may hold more tasks.
    func room(idle: Int, buffered: [String: Int], underway: Int = 0, mayOverlap: Bool = false) -> Int {
        let count = buffered.values.reduce(0, +) + underway
        let starving = max(0, idle - count)
        let budget = Self.target * Double(concurrency)
        let mean = meanDuration
        let full = min(Double(Self.maxTasks), budget / mean)
        let limit = Self.maxTasks * (mayOverlap ? Self.overlapFactor : 1)
        let ahead = min((budget - estimate(buffered)) / mean - Double(underway), Double(limit - count), full)
        // A claim of a few tasks costs as much as a large one, so wait until the buffer is half empty.
        let isWorthIt = starving > 0 || ahead >= full / 2
        return min(Self.maxTasks, starving + (isWorthIt ? max(0, Int(ahead)) : 0))
    }

    /// How many of the buffered tasks to keep while the others are given back; `nil` if none is to be given back.
    func toKeep(idle: Int, buffered: [String: Int]) -> Int? {
        let count = buffered.values.reduce(0, +)
        let work = estimate(buffered)
        let budget = Self.target * Double(concurrency)
        guard work > Self.tolerance * budget else { return nil }
        let kept = max(Int(budget / work * Double(count)), idle)
        return kept < count ? kept : nil
    }

    /// Seconds.
    private func estimate(_ types: [String: Int]) -> Double {
        types.reduce(0) { $0 + estimate($1.key) * Double($1.value) }
    }

    /// Seconds.
    private func estimate(_ type: String) -> Double {
        max(durations[type] ?? Self.unknownDuration, 0.000_001)
    }

    /// The expected duration of the next task, in seconds.
    private var meanDuration: Double {
        let count = mix.values.reduce(0, +)
        guard count > 0 else { return Self.unknownDuration }
        return mix.reduce(0) { $0 + estimate($1.key) * $1.value } / count
    }
}
