/// Decides how many tasks to claim: enough that no thread waits for the database, few enough that no task waits here
/// while another worker is idle.
///
/// What is buffered, beyond what runs, is about 50 ms of work for each thread. Durations are learned by type, as
/// exponentially weighted averages; what the next tasks will be is guessed from what was claimed lately.
struct ClaimSizer {
    /// Seconds of buffered work aimed at, for each thread.
    static let target = 0.05
    /// More than this many times ``target`` is given back: tasks turned out to be longer than guessed.
    static let tolerance = 4.0
    /// Tasks claimed at once, and buffered, at most.
    static let most = 500
    /// How many times ``most`` may be held that is not computed, while exchanges overlap: two are underway, and what the
    /// one before brought is computed meanwhile.
    static let overlap = 3
    /// What is assumed of a type never run: long enough that none of it is claimed ahead.
    static let unknown = 0.1

    let concurrency: Int
    private var seconds: [String: Double] = [:]
    private var mix: [String: Double] = [:]

    init(concurrency: Int) {
        self.concurrency = concurrency
    }

    /// Learns from a task that was computed.
    mutating func finished(_ type: String, seconds duration: Double) {
        let known = seconds[type] ?? duration
        seconds[type] = known + 0.1 * (duration - known)
    }

    /// Learns of what kinds of tasks there are.
    mutating func claimed(_ types: [String: Int]) {
        mix = mix.mapValues { $0 / 2 }.filter { $0.value > 0.01 }
        for (type, count) in types { mix[type, default: 0] += Double(count) }
    }

    /// How many tasks to claim now.
    /// - Parameters:
    ///   - idle: threads with nothing to do.
    ///   - buffered: how many tasks of each type wait for a thread here.
    ///   - underway: how many are being claimed.
    ///   - mayOverlap: exchanges may be begun while others are underway.
    func room(idle: Int, buffered: [String: Int], underway: Int = 0, mayOverlap: Bool = false) -> Int {
        let count = buffered.values.reduce(0, +) + underway
        let starving = max(0, idle - count)
        let budget = Self.target * Double(concurrency)
        let mean = mean
        let full = min(Double(Self.most), budget / mean)
        let limit = Self.most * (mayOverlap ? Self.overlap : 1)
        let ahead = min((budget - estimate(buffered)) / mean - Double(underway), Double(limit - count), full)
        // Claims of a few tasks cost as much as large ones: wait until the buffer is half empty.
        let isWorthIt = starving > 0 || ahead >= full / 2
        return min(Self.most, starving + (isWorthIt ? max(0, Int(ahead)) : 0))
    }

    /// How many of the buffered tasks to keep, the others being given back; `nil` when all is well.
    func toKeep(idle: Int, buffered: [String: Int]) -> Int? {
        let count = buffered.values.reduce(0, +)
        let work = estimate(buffered)
        let budget = Self.target * Double(concurrency)
        guard work > Self.tolerance * budget else { return nil }
        let kept = max(Int(budget / work * Double(count)), idle)
        return kept < count ? kept : nil
    }

    private func estimate(_ types: [String: Int]) -> Double {
        types.reduce(0) { $0 + estimate($1.key) * Double($1.value) }
    }

    private func estimate(_ type: String) -> Double {
        max(seconds[type] ?? Self.unknown, 0.000_001)
    }

    /// Of one of the tasks to come.
    private var mean: Double {
        let count = mix.values.reduce(0, +)
        guard count > 0 else { return Self.unknown }
        return mix.reduce(0) { $0 + estimate($1.key) * $1.value } / count
    }
}
