import TestSupport
import Threading

/// Holds the answers of a node until the test opens the gate.
final class Gate: Sendable {
    private struct Contents {
        var isOpen: Bool
        var held = 0
    }

    private let contents: Monitor<Contents>

    init(isOpen: Bool = true) { contents = Monitor(Contents(isOpen: isOpen)) }

    /// The number of answers that had to wait because the gate was closed.
    var held: Int { contents.withLock { $0.held } }

    func close() { contents.withLock { $0.isOpen = false } }

    func open() { contents.broadcast { $0.isOpen = true } }

    /// Returns when the gate is open. A test that fails may leave the gate closed, so this waits for at most 60 s.
    func pass() {
        contents.broadcast { $0.held += $0.isOpen ? 0 : 1 }
        _ = contents.wait(for: .seconds(60)) { $0.isOpen ? () : nil }
    }

    /// Waits until `count` answers have had to wait because the gate was closed.
    func waitUntilHeld(_ count: Int) throws {
        guard contents.wait(for: .seconds(20), { $0.held >= count ? () : nil }) != nil else {
            throw TestFailure("\(held) instead of \(count) answers are held")
        }
    }
}
