/// Where an input is cut into the pieces that come in one after the other. It follows from the input's bytes, so that
/// a finding stays one when it is run again.
struct Cuts {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    init(_ bytes: [UInt8]) {
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }

    private mutating func next(below bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
    }

    /// The ends of the pieces in `count` bytes, in order, the last one included: every byte of a short input, else one
    /// to four places.
    mutating func ends(in count: Int) -> [Int] {
        if count < 48, next(below: 4) == 0 { return Array(0...count) }
        var ends = (0...next(below: 4)).map { _ in next(below: count + 1) }
        ends.sort()
        ends.append(count)
        return ends
    }
}

/// A property that has to hold; the input that breaks it is a finding.
func require(_ condition: Bool, _ what: @autoclosure () -> String) {
    if !condition { fatalError(what()) }
}
