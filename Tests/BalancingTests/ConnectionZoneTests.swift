import Balancing
import TestSupport
import Testing

struct ConnectionZoneTests {
    @Test func `The limit applies to the active requests of each key`() {
        let zone = ConnectionZone(name: "z", size: 1 << 20)
        #expect(zone.enter([1], limit: 2))
        #expect(zone.enter([1], limit: 2))
        #expect(!zone.enter([1], limit: 2))
        #expect(zone.enter([1], limit: 3), "another location may allow more")
        #expect(zone.enter([2], limit: 1))
        zone.leave([1])
        zone.leave([1])
        #expect(zone.enter([1], limit: 2))
        #expect(!zone.enter([1], limit: 2))
    }

    @Test func `A full zone refuses new keys, and removes keys without a request`() {
        let zone = ConnectionZone(name: "z", size: 128)
        #expect(zone.enter([1], limit: 9))
        #expect(zone.enter([2], limit: 9))
        #expect(!zone.enter([3], limit: 9))
        #expect(zone.enter([2], limit: 9))
        zone.leave([1])
        #expect(zone.enter([3], limit: 9))
        for key in [2, 2, 3] as [UInt8] { zone.leave([key]) }
        #expect(zone.keyCount == 0)
    }

    @Test(arguments: 0..<10 as Range<UInt64>) func `Counting follows a simple model`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let zone = ConnectionZone(name: "z", size: 1 << 20)
        var model: [UInt8: Int] = [:]
        for _ in 0..<2000 {
            let key = UInt8.random(in: 0..<20, using: &random)
            let count = model[key, default: 0]
            if Bool.random(using: &random) {
                let limit = Int.random(in: 1...5, using: &random)
                #expect(zone.enter([key], limit: limit) == (count < limit))
                if count < limit { model[key] = count + 1 }
            } else if count > 0 {
                zone.leave([key])
                model[key] = count - 1
            }
        }
        #expect(zone.keyCount == model.values.count { $0 > 0 })
    }
}
