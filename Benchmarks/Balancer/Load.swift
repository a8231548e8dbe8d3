internal import Reactor

/// One run of a scenario against one address: its clients, on the bench's one loop, and what they have seen.
final class Load {
    let loop: EventLoop
    let target: SocketAddress
    let scenario: Scenario
    let request: [UInt8]

    private(set) var latencies = Latencies()
    /// Replies other than 200, and connections that ended early: such a run measures nothing.
    private(set) var failures = 0
    private(set) var isOver = false
    private var clients: [LoadClient] = []
    private var unopened: Int
    private var settled = 0

    /// Idle connections on their way at once: a burst must fit the listeners' backlogs.
    private static let opening = 64

    init(_ scenario: Scenario, on loop: EventLoop, target: SocketAddress) {
        self.scenario = scenario
        self.loop = loop
        self.target = target
        request = scenario.request
        unopened = scenario.idle
    }

    /// Opens the connections. Returns when those that are to be idle are.
    func start() throws {
        for _ in 0..<min(Self.opening, scenario.idle) { openIdle() }
        let start = MonotonicTime.current
        while settled < scenario.idle {
            loop.turn(waitingAtMost: .milliseconds(100))
            if loop.now - start > .seconds(60) { throw BenchError("only \(settled) connections became idle") }
        }
        for _ in 0..<scenario.clients { clients.append(LoadClient(self, staysIdle: false)) }
    }

    /// Lets the clients go on for a while; forgets what they have seen before.
    func run(for duration: Duration) {
        latencies = Latencies()
        failures = 0
        let end = MonotonicTime.current + duration
        repeat { loop.turn(waitingAtMost: .milliseconds(1)) } while loop.now < end
    }

    /// Lets what is under way end, and closes.
    func stop() {
        isOver = true
        let start = MonotonicTime.current
        while clients.contains(where: \.isBusy), loop.now - start < .seconds(2) {
            loop.turn(waitingAtMost: .milliseconds(10))
        }
        for client in clients { client.close() }
        clients = []
        // The programs see the ends before the next run begins.
        loop.turn(waitingAtMost: .milliseconds(50))
    }

    func succeeded(after duration: Duration) { latencies.add(duration) }

    func failed() { failures += 1 }

    func becameIdle() {
        settled += 1
        openIdle()
    }

    private func openIdle() {
        guard unopened > 0 else { return }
        unopened -= 1
        clients.append(LoadClient(self, staysIdle: true))
    }
}
