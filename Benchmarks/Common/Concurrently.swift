internal import Threading

/// Runs `body` on `count` threads at once and gives back what each returned, or the first error.
func concurrently<Outcome: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (_ index: Int) throws -> Outcome
) throws -> [Outcome] {
    let results = Monitor<[Result<Outcome, any Error>]>([])
    let threads = (0..<count).map { index in
        NamedThread("client-\(index)") {
            let result = Result { try body(index) }
            results.withLock { $0.append(result) }
        }
    }
    for thread in threads { thread.join() }
    return try results.withLock { $0 }.map { try $0.get() }
}

extension Duration {
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
