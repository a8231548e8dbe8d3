internal import Glibc
internal import Reactor

/// Runs nginx, HAProxy and the balancer with the same number of workers, and measures scenarios on each of them in
/// turn.
final class ProxyComparison {
    /// The figures of one run, or the medians of several runs.
    struct Figures {
        /// Requests per second.
        var requests = 0.0
        /// Processor time per request, in microseconds.
        var user = 0.0
        var system = 0.0
        /// Latencies in milliseconds.
        var p50 = 0.0
        var p99 = 0.0
        var p999 = 0.0
        /// Resident memory in megabytes.
        var memory = 0.0
        /// System calls and allocations per request; nil if they were not counted.
        var syscalls: Double?
        var allocations: Double?
        var failures = 0

        var processor: Double { user + system }
    }

    typealias Result = (kind: Proxy.Kind, runs: [Figures], medians: Figures)

    private let loop: EventLoop
    private let responder: StaticResponder
    private let proxies: [Proxy]
    /// The same programs with the allocation counter, which makes them slower.
    private let counted: [Proxy]
    private let folder: String
    private let duration: Duration

    private static let warmUp = Duration.milliseconds(300)

    init(millrace: String, counter: String, workers: Int, folder: String, duration: Duration) throws {
        self.folder = folder
        self.duration = duration
        let loop = try EventLoop()
        self.loop = loop
        let responder = try StaticResponder(on: loop, at: folder + "/responder-\(workers)")
        self.responder = responder
        func start(counts: String?) throws -> [Proxy] {
            try Proxy.Kind.allCases.map { kind in
                try Proxy(
                    kind, millrace: millrace, responder: responder.address, workers: workers, folder: folder,
                    counts: counts)
            }
        }
        proxies = try start(counts: nil)
        counted = try start(counts: counter)
        // The programs run on the first cores, and this process runs on the next one.
        try Core.pin(to: min(workers, sysconf(CInt(_SC_NPROCESSORS_ONLN)) - 1))
    }

    func stop() { for proxy in proxies + counted { proxy.stop() } }

    func measure(_ scenario: Scenario, rounds: Int) throws -> [Result] {
        responder.answer(withBodyOf: scenario.replySize)
        var runs = [[Figures]](repeating: [], count: proxies.count)
        for _ in 0..<rounds {
            for (index, proxy) in proxies.enumerated() { runs[index].append(try run(scenario, proxy)) }
        }
        return try zip(counted, runs).map { proxy, runs in
            var medians = Figures(medianOf: runs)
            try count(scenario, proxy, into: &medians)
            return (proxy.kind, runs, medians)
        }
    }

    private func run(_ scenario: Scenario, _ proxy: Proxy) throws -> Figures {
        let load = ProxyLoad(scenario, on: loop, target: proxy.target)
        try load.start()
        load.run(for: Self.warmUp)
        let before = proxy.figures
        let start = MonotonicTime.current
        load.run(for: duration)
        let after = proxy.figures
        let elapsed = MonotonicTime.current - start
        load.stop()
        let count = load.latencies.count
        guard count > 0 else { throw BenchError("\(proxy.kind.rawValue), \(scenario.name): no response") }
        let quantiles = load.latencies.percentiles([0.5, 0.99, 0.999])
        return Figures(
            requests: Double(count) / elapsed.inSeconds, user: (after.user - before.user) * 1e6 / Double(count),
            system: (after.system - before.system) * 1e6 / Double(count), p50: quantiles[0], p99: quantiles[1],
            p999: quantiles[2], memory: Double(after.memory) / 1e6, failures: load.failures)
    }

    private func count(_ scenario: Scenario, _ proxy: Proxy, into figures: inout Figures) throws {
        let load = ProxyLoad(scenario, on: loop, target: proxy.target)
        try load.start()
        load.run(for: Self.warmUp)
        let syscalls = SyscallCount(of: proxy.figures.processes, folder: folder)
        let before = proxy.allocations
        load.run(for: .seconds(1))
        figures.allocations = Double(proxy.allocations - before) / Double(max(1, load.latencies.count))
        figures.syscalls = syscalls?.end().map { Double($0) / Double(max(1, load.latencies.count)) }
        load.stop()
    }
}

extension ProxyComparison.Figures {
    init(medianOf runs: [ProxyComparison.Figures]) {
        func middle(_ value: (ProxyComparison.Figures) -> Double) -> Double { median(runs.map(value)) }
        self.init(
            requests: middle(\.requests), user: middle(\.user), system: middle(\.system), p50: middle(\.p50),
            p99: middle(\.p99), p999: middle(\.p999), memory: middle(\.memory),
            failures: runs.reduce(0) { $0 + $1.failures })
    }
}
