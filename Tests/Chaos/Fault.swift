/// What can befall a part of a system.
struct Fault: Hashable, CustomStringConvertible {
    enum Deed: String, CaseIterable {
        case kill = "kill -9 of"
        case stop = "stopped for a while:"
        case cut = "cut off for a while:"
    }

    let deed: Deed
    let kind: ChaosSystem.Kind

    var description: String {
        "\(deed.rawValue) \(kind == .balancer ? "the balancer" : kind == .postgres ? "PostgreSQL" : "a \(kind.rawValue)")"
    }

    static let killsOfNodesAndWorkers = [Fault(deed: .kill, kind: .worker), Fault(deed: .kill, kind: .node)]

    static func all(withCuts: Bool) -> [Fault] {
        Deed.allCases.filter { $0 != .cut || withCuts }
            .flatMap { deed in ChaosSystem.Kind.allCases.map { Fault(deed: deed, kind: $0) } }
    }
}
