internal import JSON

/// Counts primes. It is an example of a task type that is not a hash.
enum Primes: TaskType {
    static let name = "primes"
    static let summary = "Counts the prime numbers below a bound."
    static let isHash = false
    static let below = Member.integer(
        "below", 0...1_000_000_000, "Primes smaller than this are counted.", example: 1_000_000)
    static let input = InputShape(below)
    static let resultMembers: [String: JSONValue] = [
        "below": ["type": "integer"],
        "count": ["type": "integer", "minimum": 0, "description": "How many primes are smaller than `below`."],
    ]

    static let timeLimit: Duration? = .seconds(60)

    static func run(_ input: Input) throws(TaskFailure) -> [String: JSONValue] { try run(input, within: .none) }

    static func run(_ input: Input, within limit: TimeLimit) throws(TaskFailure) -> [String: JSONValue] {
        let primes = try count(below: input[below], within: limit)
        return ["below": .integer(Int64(input[below])), "count": .integer(Int64(primes))]
    }

    /// The sieve of Eratosthenes over the odd numbers, in segments that fit into the CPU cache. It uses about 64 KiB of
    /// memory, and about one second for the largest bound.
    static func count(below bound: Int, within limit: TimeLimit = .none) throws(TaskFailure) -> Int {
        guard bound > 2 else { return 0 }
        let segment = 1 << 16  // odd numbers per segment
        let base = oddPrimes(upTo: Int(Double(bound).squareRoot()) + 1)
        var next = base.map { $0 * $0 }  // the first multiple that is not crossed out yet; always odd
        var count = 1  // the prime 2
        for low in stride(from: 1, to: bound, by: 2 * segment) {
            try limit.check()
            let size = min(segment, (bound - low + 1) / 2)  // how many of low, low + 2, … are below the bound
            count += countSegment(from: low, size: size, base: base, next: &next)
        }
        return count - 1  // 1 is odd and is never crossed out
    }

    private static func countSegment(from low: Int, size: Int, base: [Int], next: inout [Int]) -> Int {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: size) { candidates in
            candidates.initialize(repeating: 1)
            for (index, prime) in base.enumerated() {
                var position = (next[index] - low) / 2
                while position < size {
                    candidates[position] = 0
                    position += prime
                }
                next[index] = low + 2 * position
            }
            return candidates.reduce(0) { $0 + Int($1) }
        }
    }

    private static func oddPrimes(upTo bound: Int) -> [Int] {
        guard bound >= 3 else { return [] }
        var isPrime = [Bool](repeating: true, count: bound + 1)
        var primes: [Int] = []
        for number in stride(from: 3, through: bound, by: 2) where isPrime[number] {
            primes.append(number)
            for multiple in stride(from: number * number, through: bound, by: 2 * number) { isPrime[multiple] = false }
        }
        return primes
    }
}
