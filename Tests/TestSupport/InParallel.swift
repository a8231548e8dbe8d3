internal import Threading

/// Runs `body` on `count` threads at the same time.
/// - Returns: what each call of `body` returned, in the order of the threads' numbers.
/// - Throws: the error of the failed thread with the lowest number.
package func inParallel<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) throws -> Value
) throws -> [Value] {
    let results = Monitor<[Int: Result<Value, any Error>]>([:])
    let threads = (0..<count).map { number in
        NamedThread("parallel-\(number)") {
            let result = Result { try body(number) }
            results.withLock { $0[number] = result }
        }
    }
    for thread in threads { thread.join() }
    return try (0..<count).map { number in try results.withLock { $0[number]! }.get() }
}
