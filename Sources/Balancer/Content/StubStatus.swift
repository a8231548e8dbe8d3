internal import HTTPWire
internal import Reactor
internal import Synchronization

/// ngx_http_stub_status_module. What the connections are doing is asked of each loop, so that no request has to count.
extension Exchange {
    /// What one loop's connections do, as nginx names it.
    struct ConnectionCounts: Sendable {
        var reading = 0
        var writing = 0
        var waiting = 0
    }

    func serveStubStatus() {
        guard parser.head.method == .get || parser.head.method == .head else { return refuse(.configured(405)) }
        if isAskingLoops { return }
        isAskingLoops = true
        ask(loop.siblings[...], ConnectionCounts())
    }

    private func ask(_ rest: ArraySlice<BalancerLoop>, _ counts: ConnectionCounts) {
        guard let next = rest.first else { return answerStatus(counts) }
        let others = rest.dropFirst()
        if next === loop { return ask(others, next.connectionCounts(addedTo: counts)) }
        if next.hasEnded { return ask(others, counts) }
        let (generation, index) = (generation, loop.index)
        nonisolated(unsafe) let exchange = self
        next.post { next in
            let counts = next.connectionCounts(addedTo: counts)
            next.siblings[index].post { _ in
                if exchange.generation == generation { exchange.ask(others, counts) }
            }
        }
    }

    private func answerStatus(_ counts: ConnectionCounts) {
        func sum(_ counter: (LoopCounters) -> Int) -> Int {
            loop.shared.counters.reduce(0) { $0 + counter($1) }
        }
        let accepted = sum { $0.accepted.load(ordering: .relaxed) }
        // The requests that are complete, and those that this answer is and others that are under way.
        let requests = sum { $0.requests.load(ordering: .relaxed) } + counts.writing
        let text = """
            Active connections: \(sum { $0.connections.load(ordering: .relaxed) }) 
            server accepts handled requests
             \(accepted) \(accepted) \(requests) 
            Reading: \(counts.reading) Writing: \(counts.writing) Waiting: \(counts.waiting) 

            """
        answer(200, contentType: "text/plain", Array(text.utf8))
    }
}
