internal import HTTPWire
internal import Reactor
internal import Synchronization

/// Answers as ngx_http_stub_status_module does. It asks each loop for the states of its connections, because counters
/// of these states would cost time in every request.
struct StubStatus {
    /// The number of connections in each of nginx's states.
    struct ConnectionCounts: Sendable {
        var reading = 0
        var writing = 0
        var waiting = 0
    }

    private let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    func serve() {
        let method = exchange.request.head.method
        guard method == .get || method == .head else { return exchange.refuse(.configured(405)) }
        ask(exchange.loop.siblings[...], ConnectionCounts())
    }

    /// Lets each loop in `rest` add its counts, one after the other, and then answers.
    private func ask(_ rest: ArraySlice<BalancerLoop>, _ counts: ConnectionCounts) {
        guard let next = rest.first else { return answer(counts) }
        let others = rest.dropFirst()
        if next === exchange.loop { return ask(others, next.connections.counts(addedTo: counts)) }
        if next.hasEnded { return ask(others, counts) }
        let (generation, index) = (exchange.generation, exchange.loop.index)
        nonisolated(unsafe) let exchange = exchange
        next.post { next in
            let counts = next.connections.counts(addedTo: counts)
            next.siblings[index].post { _ in
                if exchange.generation == generation { StubStatus(exchange).ask(others, counts) }
            }
        }
    }

    private func answer(_ counts: ConnectionCounts) {
        let counters = exchange.loop.shared.counters
        func sum(_ counter: (LoopCounters) -> Int) -> Int { counters.reduce(0) { $0 + counter($1) } }
        let accepted = sum { $0.accepted.load(ordering: .relaxed) }
        // The complete requests and the requests in progress, including this one.
        let requests = sum { $0.requests.load(ordering: .relaxed) } + counts.writing
        let text = """
            Active connections: \(sum { $0.connections.load(ordering: .relaxed) }) 
            server accepts handled requests
             \(accepted) \(accepted) \(requests) 
            Reading: \(counts.reading) Writing: \(counts.writing) Waiting: \(counts.waiting) 

            """
        exchange.answer(200, contentType: "text/plain", Array(text.utf8))
    }
}
