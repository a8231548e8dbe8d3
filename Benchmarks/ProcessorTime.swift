internal import FoundationEssentials
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
        let processes = allProcesses()
        for (id, process) in processes {
            guard let part = part(of: id, root: root, in: processes) else { continue }
            time.seconds[part, default: 0] += process.seconds
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

    private struct Process {
        let parent: Int32
        let seconds: Double
        let arguments: [String]
    }

    private static func part(of id: Int32, root: Int32, in processes: [Int32: Process]) -> String? {
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

    private static func allProcesses() -> [Int32: Process] {
        var processes: [Int32: Process] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let id = Int32(name), let process = process(id) else { continue }
            processes[id] = process
        }
        return processes
    }

    /// proc(5): the fields of `stat` after the name in parentheses start with the third, the state.
    private static func process(_ id: Int32) -> Process? {
        guard let stat = text("/proc/\(id)/stat"), let end = stat.lastIndex(of: ")"),
            let arguments = text("/proc/\(id)/cmdline")
        else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let parent = Int32(fields[1]), let user = Double(fields[11]),
            let system = Double(fields[12])
        else { return nil }
        let words = arguments.split(separator: "\0").map(String.init)
        return Process(parent: parent, seconds: (user + system) / Double(sysconf(CInt(_SC_CLK_TCK))), arguments: words)
    }

    private static func text(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<count], as: UTF8.self)
    }
}
