import Balancing
import Testing

struct ConcurrencyTests {
    @Test func `Concurrent picks keep the shares, the counts and max_conns`() async throws {
        let group = PeerGroup(
            [.init(address: "a", weight: 3, maxConns: 3), .init(address: "b", maxConns: 3)], loops: 4)
        await withTaskGroup(of: Void.self) { tasks in
            for loop in 0..<4 {
                tasks.addTask {
                    for _ in 0..<5_000 {
                        guard let lease = group.lease(loop: loop) else { continue }
                        if case .reclaim = lease.connection {
                            _ = group.finish(lease, .unknown, connection: .none, now: 0)
                        } else {
                            _ = group.finish(lease, .success, connection: .closed, now: 0)
                        }
                    }
                }
            }
        }
        let statistics = group.statistics(now: 0).peers
        #expect(statistics.reduce(0) { $0 + $1.requests } == 20_000)
        #expect(statistics.allSatisfy { $0.active == 0 && $0.idle == 0 && $0.failures == 0 })
        #expect((14_900...15_100).contains(statistics[0].requests))
    }

    @Test func `Concurrent requests are admitted exactly up to the burst`() async throws {
        let rate = requestRate("1r/s")
        let zones = [
            RequestZone(name: "x", rate: rate, size: 1 << 20), RequestZone(name: "y", rate: rate, size: 1 << 20),
        ]
        let forward = RequestLimiter(zones.map { RequestLimit(zone: $0, burst: 999, delay: .never) })
        let backward = RequestLimiter(zones.reversed().map { RequestLimit(zone: $0, burst: 999, delay: .never) })
        let admitted = await withTaskGroup(of: Int.self) { tasks in
            for task in 0..<4 {
                tasks.addTask {
                    let limiter = task.isMultiple(of: 2) ? forward : backward
                    let keys: [[UInt8]] = [[1, 2, 3, 4], [1, 2, 3, 4]]
                    return (0..<2_000).count { _ in limiter.admit(keys: keys, now: 0) == .admitted(delay: 0) }
                }
            }
            return await tasks.reduce(0, +)
        }
        #expect(admitted == 1_000)
        #expect(zones.map { $0.clients(burst: 999, now: 0, limit: 1)[0].budget.remaining } == [0, 0])
    }
}
