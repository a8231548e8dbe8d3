/// A fault of one part of a system.
struct Fault: Hashable, CustomStringConvertible {
    enum Action: String, CaseIterable {
        case kill = "killed (-9):"
        case stop = "stopped for up to 3 s:"
        case cut = "cut off for up to 13 s:"
    }

    let action: Action
    let kind: ChaosSystem.Kind

    var description: String {
        "\(action.rawValue) \(kind == .balancer ? "the balancer" : kind == .postgres ? "PostgreSQL" : "a \(kind.rawValue)")"
    }

    static let killsOfNodesAndWorkers = [Fault(action: .kill, kind: .worker), Fault(action: .kill, kind: .node)]

    static func all(withCuts: Bool) -> [Fault] {
        Action.allCases.filter { $0 != .cut || withCuts }
            .flatMap { action in ChaosSystem.Kind.allCases.map { Fault(action: action, kind: $0) } }
    }
}
