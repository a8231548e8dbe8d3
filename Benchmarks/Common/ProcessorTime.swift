internal import Glibc

/// Processor time that the parts of a system have used, read from `/proc`.
///
/// What a part costs per unit of work drifts far less on a shared machine than what it does per second.
struct ProcessorTime: Sendable {
    /// What is counted together under a name.
    struct Part: Sendable {
        let name: String
        /// The processes; what they started is counted, too.
        let roots: [Int32]
    }

    /// In the order of the parts; the load generator, which is this process alone, comes first.
    private(set) var seconds: [(name: String, seconds: Double)] = []

    static func used(by parts: [Part]) -> ProcessorTime {
        let table = ProcessTable.now
        var time = ProcessorTime()
        let own = table.processes[getpid()]
        time.seconds.append(("load generator", (own?.user ?? 0) + (own?.system ?? 0)))
        for part in parts {
            let family = Set(part.roots.flatMap { table.family(of: $0) })
            let sum = family.compactMap { table.processes[$0] }.reduce(0) { $0 + $1.user + $1.system + $1.ended }
            time.seconds.append((part.name, sum))
        }
        return time
    }

    /// Of the same parts.
    func since(_ earlier: ProcessorTime) -> ProcessorTime {
        var difference = self
        for index in difference.seconds.indices { difference.seconds[index].seconds -= earlier.seconds[index].seconds }
        return difference
    }

    /// Microseconds for each of so many units of work.
    func microseconds(per units: Int) -> [(name: String, value: Double)] {
        seconds.map { ($0.name, $0.seconds * 1e6 / Double(max(1, units))) }
    }
}
