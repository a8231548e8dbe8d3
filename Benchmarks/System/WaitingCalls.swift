internal import TestSupport

/// Requests that submit a task and wait for its result (`?wait`).
enum WaitingCalls {
    struct Outcome {
        let perSecond: Double
        let latencies: Latencies
    }

    static func measure(on system: BenchSystem, clients: Int, duration: Duration, label: String) throws -> Outcome {
        let start = ContinuousClock.now
        let outcomes = try inParallel(clients) { client in
            let connection = try system.connect()
            var latencies = Latencies()
            while start.duration(to: .now) < duration {
                let body = "{\"string\":\"\(label) \(client) \(latencies.count) \(start)\"}"
                let before = ContinuousClock.now
                _ = try connection.exchange("POST", "/hash/sha256?wait=10", body: body, expecting: 200)
                latencies.add(before.duration(to: .now))
            }
            return latencies
        }
        let elapsed = start.duration(to: .now).inSeconds
        var all = Latencies()
        for outcome in outcomes { all.merge(outcome) }
        return Outcome(perSecond: Double(all.count) / elapsed, latencies: all)
    }
}

/// The same submission again and again: each result comes from the cache.
enum CachedReplies {
    static func measure(on system: BenchSystem, clients: Int, duration: Duration) throws -> WaitingCalls.Outcome {
        let body = "{\"string\":\"cached\"}"
        _ = try system.connect().exchange("POST", "/hash/sha256?wait=10", body: body, expecting: 200)
        let start = ContinuousClock.now
        let outcomes = try inParallel(clients) { _ in
            let connection = try system.connect()
            var latencies = Latencies()
            while start.duration(to: .now) < duration {
                let before = ContinuousClock.now
                let reply = try connection.exchange("POST", "/hash/sha256", body: body, expecting: 200)
                latencies.add(before.duration(to: .now))
                guard reply.text(of: "source") == "cache" else {
                    throw BenchError("a response that is not from the cache")
                }
            }
            return latencies
        }
        let elapsed = start.duration(to: .now).inSeconds
        var all = Latencies()
        for outcome in outcomes { all.merge(outcome) }
        return .init(perSecond: Double(all.count) / elapsed, latencies: all)
    }
}
