internal import Glibc
internal import TestSupport

/// The processor time of the parts of a system, from `/proc`.
///
/// On a shared machine the processor time per unit of work changes far less than the work per second.
struct ProcessorTime: Sendable {
    /// Processes that are counted together.
    struct Part: Sendable {
        let name: String
        /// The processes. Their descendants are counted too.
        let roots: [Int32]
    }

    /// The load generator (this process without its children), then the parts in order.
    private(set) var seconds: [(name: String, seconds: Double)] = []

    static func used(by parts: [Part]) -> ProcessorTime {
        let all = RunningProcess.all
        var time = ProcessorTime()
        let own = all.first { $0.pid == getpid() }
        time.seconds.append(("load generator", (own?.userTime ?? 0) + (own?.systemTime ?? 0)))
        for part in parts {
            let descendants = part.roots.flatMap { RunningProcess.descendants(of: $0, among: all).map(\.pid) }
            let family = Set(part.roots + descendants)
            let sum = all.filter { family.contains($0.pid) }
                .reduce(0) { $0 + $1.userTime + $1.systemTime + $1.endedChildrenTime }
            time.seconds.append((part.name, sum))
        }
        return time
    }

    /// The difference to an earlier value of the same parts.
    func since(_ earlier: ProcessorTime) -> ProcessorTime {
        var difference = self
        for index in difference.seconds.indices { difference.seconds[index].seconds -= earlier.seconds[index].seconds }
        return difference
    }

    /// Microseconds per unit of work.
    func microseconds(per units: Int) -> [(name: String, value: Double)] {
        seconds.map { ($0.name, $0.seconds * 1e6 / Double(max(1, units))) }
    }
}
