internal import FoundationEssentials
internal import TestSupport

/// The processor time that a program and its child processes have used so far, and the memory that they use now.
struct ProcessFigures {
    /// Processor time in seconds.
    private(set) var user = 0.0
    private(set) var system = 0.0
    /// Resident memory in bytes; a page that the processes share counts once.
    private(set) var memory = 0
    let processes: [Int32]

    init(root: Int32) {
        let all = RunningProcess.all
        let family = all.filter { $0.pid == root } + RunningProcess.descendants(of: root, among: all)
        processes = family.map(\.pid)
        for process in family {
            user += process.userTime
            system += process.systemTime
            memory += Self.proportionalSize(process.pid)
        }
    }

    /// Pss of `/proc/PID/smaps_rollup`: each page divided by the number of processes that map it. See proc(5).
    private static func proportionalSize(_ id: Int32) -> Int {
        let lines = ((try? String(contentsOfFile: "/proc/\(id)/smaps_rollup", encoding: .utf8)) ?? "").split(
            separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("Pss:") }) else { return 0 }
        return (Int(line.split(separator: " ")[1]) ?? 0) * 1024
    }
}
