internal import CLinux
internal import Glibc
internal import Reactor

/// Requests that submit a task and wait for its result (`?wait=10`): as fast as the clients can, or at a steady rate.
final class WaitLoad: LoadScript {
    private let label: String
    /// The due times of requests that are not sent yet. nil: a client sends its next request when it has the response
    /// to the last one.
    private var arrivals: [MonotonicTime]?
    private var arrivedAt: [MonotonicTime]
    private var number = 0
    private var isOver = false
    private(set) var latencies = Latencies()

    private init(clients: Int, label: String, isOpen: Bool) {
        self.label = label
        arrivals = isOpen ? [] : nil
        arrivedAt = Array(repeating: MonotonicTime(nanoseconds: 0), count: clients)
    }

    func next(_ client: Int) -> [UInt8]? {
        guard !isOver else { return nil }
        if arrivals != nil {
            guard let arrival = arrivals?.first else { return nil }
            arrivals?.removeFirst()
            arrivedAt[client] = arrival
        }
        number += 1
        return Requests.post("/hash/sha256?wait=10", "{\"string\":\"\(label) \(number)\"}")
    }

    func answered(_ client: Int, _ reply: HTTPReply, sentAt: MonotonicTime, now: MonotonicTime) throws {
        guard reply.status == 200 else { throw BenchError("\(reply.status): \(reply.string)") }
        latencies.add(now - (arrivals == nil ? sentAt : arrivedAt[client]))
    }

    /// A client sends its next request when it has the response to the last one (a closed system).
    /// - Returns: results per second.
    static func closed(_ target: SocketAddress, clients: Int, _ duration: Duration, label: String) throws -> Double {
        let script = WaitLoad(clients: clients, label: label, isOpen: false)
        let connections = try HTTPClients(clients, target: target, script: script)
        defer { connections.close() }
        let start = MonotonicTime.current
        try connections.run {
            script.isOver = MonotonicTime.current - start >= duration
            return script.isOver
        }
        return Double(script.latencies.count) / (MonotonicTime.current - start).inSeconds
    }

    /// Requests are due at a steady rate, whether or not earlier ones are answered (an open system).
    /// - Returns: the latencies, from the moment when a request is due.
    static func open(
        _ target: SocketAddress, rate: Double, _ duration: Duration, label: String
    ) throws -> Latencies {
        let clients = 512
        let script = WaitLoad(clients: clients, label: label, isOpen: true)
        let connections = try HTTPClients(clients, target: target, script: script)
        defer { connections.close() }
        let ticker = try Ticker(every: 1 / rate, on: connections.loop) { missed in
            if !script.isOver { script.arrivals? += Array(repeating: .current, count: missed) }
        }
        defer { ticker.stop() }
        let start = MonotonicTime.current
        try connections.run(pause: .milliseconds(100)) {
            script.isOver = MonotonicTime.current - start >= duration
            return script.isOver
        }
        return script.latencies
    }
}

/// Calls a function at a steady interval, with a precision of microseconds.
private final class Ticker: EventHandler {
    private let descriptor: CInt
    private let loop: EventLoop
    private let tick: (Int) -> Void
    private var registration: EventLoop.Registration?

    /// - Parameter tick: gets the number of intervals that have passed since the last call.
    init(every seconds: Double, on loop: EventLoop, tick: @escaping (Int) -> Void) throws {
        self.loop = loop
        self.tick = tick
        descriptor = millrace_ticker(Int(seconds * 1e9))
        guard descriptor >= 0 else { throw BenchError("no timer: errno \(errno)") }
        registration = try loop.add(descriptor, self, awaitsWritable: false)
    }

    func handle(_ readiness: Readiness) {
        var count: UInt64 = 0
        if read(descriptor, &count, 8) == 8 { tick(Int(count)) }
    }

    func stop() {
        if let registration { loop.remove(registration) }
        close(descriptor)
    }
}
