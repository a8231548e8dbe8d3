import JSON
import Testing

@testable import Tasks

@Suite struct `Counting primes` {
    /// π(n). OEIS A006880 has the values for powers of ten.
    @Test(arguments: [
        (0, 0), (1, 0), (2, 0), (3, 1), (4, 2), (5, 2), (6, 3), (9, 4), (10, 4), (25, 9), (26, 9), (100, 25),
        (1_000, 168), (10_000, 1_229), (100_000, 9_592), (131_072, 12_251), (131_073, 12_251), (1_000_000, 78_498),
        (10_000_000, 664_579),
    ])
    func `the counts are the known values`(bound: Int, count: Int) throws {
        let result = try compute("primes", ["below": .integer(Int64(bound))])
        #expect(result["count"] == .integer(Int64(count)))
        #expect(result["below"] == .integer(Int64(bound)))
        #expect(result["execution_time_seconds"]?.numberValue != nil)
    }

    @Test func `the sieve agrees with trial division for every small bound`() throws {
        var count = 0
        for bound in 0...3_000 {
            #expect(try Primes.count(below: bound) == count)
            if bound >= 2, (2..<bound).prefix(while: { $0 * $0 <= bound }).allSatisfy({ bound % $0 != 0 }) {
                count += 1
            }
        }
    }
}
