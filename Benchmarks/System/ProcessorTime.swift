internal import Glibc

/// Processor time that the parts of a system have used, read from `/proc`.
///
/// What a part costs per unit of work drifts far less on a shared machine than what it does per second.
struct ProcessorTime: Sendable {
    /// In the order of a request's way.
    static let parts = ["load generator", "balancer", "nodes", "PostgreSQL", "workers"]

    /// Seconds, by part.
    private var seconds: [String: Double] = [:]

    /// - Parameter root: the process of `millrace up`; what it started, and what those did, is counted.
    static func used(below root: Int32) -> ProcessorTime {
        var time = ProcessorTime()
        let processes = ProcessTable.now.processes
        for (id, process) in processes {
            guard let part = part(of: id, root: root, in: processes) else { continue }
            time.seconds[part, default: 0] += process.user + process.system
        }
        return time
    }

    func since(_ earlier: ProcessorTime) -> ProcessorTime {
        var difference = self
        for (part, value) in earlier.seconds { difference.seconds[part, default: 0] -= value }
        return difference
    }

    /// Microseconds for each of so many units of work.
    func microseconds(_ part: String, per units: Int) -> Double { (seconds[part] ?? 0) * 1e6 / Double(max(1, units)) }

    private static func part(of id: Int32, root: Int32, in processes: [Int32: ProcessTable.Process]) -> String? {
        if id == getpid() { return "load generator" }
        // The child of `up` that it descends from tells what it is.
        var id = id
        while let process = processes[id] {
            if process.parent == root {
                let words = process.arguments.prefix(2).joined(separator: " ")
                if words.contains("postgres") { return "PostgreSQL" }
                switch process.arguments.dropFirst().first {
                case "balancer": return "balancer"
                case "api": return "nodes"
                case "worker": return "workers"
                default: return nil
                }
            }
            id = process.parent
        }
        return nil
    }
}
