import Threading

/// Holds slow answers back while requests are sent that shall be under way at once. It is open at first.
final class Gate: Sendable {
    private struct Contents {
        var isOpen = true
        var held = 0
    }

    private let contents = Monitor(Contents())

    /// How many have found it closed, ever.
    var held: Int { contents.withLock { $0.held } }

    func close() { contents.withLock { $0.isOpen = false } }

    func open() { contents.broadcast { $0.isOpen = true } }

    /// Returns when it is open.
    func pass() {
        contents.withLock { $0.held += $0.isOpen ? 0 : 1 }
        contents.wait { $0.isOpen ? () : nil }
    }
}
