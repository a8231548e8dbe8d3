/// Splits an input into the pieces in which the parser receives it. The cuts depend only on the bytes of the input, so
/// that a finding can be reproduced.
struct Cuts {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    init(_ bytes: [UInt8]) {
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }

    private mutating func next(below bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
    }

    /// The ends of the pieces of an input with `count` bytes, in ascending order. Some short inputs are split at every
    /// byte, all others at one to four positions.
    mutating func ends(in count: Int) -> [Int] {
        if count < 48, next(below: 4) == 0 { return Array(0...count) }
        var ends = (0...next(below: 4)).map { _ in next(below: count + 1) }
        ends.sort()
        ends.append(count)
        return ends
    }
}

/// Traps if a property does not hold, so that libFuzzer reports the input.
func require(_ condition: Bool, _ message: @autoclosure () -> String) {
    if !condition { fatalError(message()) }
}
