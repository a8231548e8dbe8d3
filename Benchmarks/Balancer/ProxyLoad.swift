internal import Reactor

/// One run of a scenario against one address: its clients, which share one loop, and their figures.
final class ProxyLoad {
    let loop: EventLoop
    let target: SocketAddress
    let scenario: Scenario
    let request: [UInt8]

    private(set) var latencies = Latencies()
    /// Responses with a status other than 200, and connections that ended early. A run with failures is worthless.
    private(set) var failures = 0
    private(set) var isOver = false
    private var clients: [ProxyClient] = []
    private var unopened: Int
    private var idleCount = 0

    /// Maximum number of idle connections that are being opened at the same time. A larger burst would not fit the
    /// listeners' backlogs.
    private static let maxOpening = 64

    init(_ scenario: Scenario, on loop: EventLoop, target: SocketAddress) {
        self.scenario = scenario
        self.loop = loop
        self.target = target
        request = scenario.request
        unopened = scenario.idle
    }

    /// Opens the idle connections of the scenario. When each of them has its response, opens the other connections.
    func start() throws {
        for _ in 0..<min(Self.maxOpening, scenario.idle) { openIdle() }
        let start = MonotonicTime.current
        while idleCount < scenario.idle {
            loop.turn(waitingAtMost: .milliseconds(100))
            if loop.now - start > .seconds(60) {
                throw BenchError("only \(idleCount) connections became idle within 60 s")
            }
        }
        for _ in 0..<scenario.clients { clients.append(ProxyClient(self, staysIdle: false)) }
    }

    /// Clears the figures, and runs the clients for `duration`.
    func run(for duration: Duration) {
        latencies = Latencies()
        failures = 0
        let end = MonotonicTime.current + duration
        repeat { loop.turn(waitingAtMost: .milliseconds(1)) } while loop.now < end
    }

    /// Waits for the responses that are still missing, and closes all connections.
    func stop() {
        isOver = true
        let start = MonotonicTime.current
        while clients.contains(where: \.isBusy), loop.now - start < .seconds(2) {
            loop.turn(waitingAtMost: .milliseconds(10))
        }
        for client in clients { client.close() }
        clients = []
        // Give the programs time to notice the closed connections before the next run begins.
        loop.turn(waitingAtMost: .milliseconds(50))
    }

    func succeeded(after duration: Duration) { latencies.add(duration) }

    func failed() { failures += 1 }

    func becameIdle() {
        idleCount += 1
        openIdle()
    }

    private func openIdle() {
        guard unopened > 0 else { return }
        unopened -= 1
        clients.append(ProxyClient(self, staysIdle: true))
    }
}
