internal import Glibc

/// What a program with its worker processes has used so far, and holds now.
struct ProcessFigures {
    /// Processor seconds.
    private(set) var user = 0.0
    private(set) var system = 0.0
    /// Resident bytes; pages that its processes share count once.
    private(set) var memory = 0
    let processes: [Int32]

    init(root: Int32) {
        let table = ProcessTable.now
        processes = table.family(of: root)
        for id in processes {
            user += table.processes[id]?.user ?? 0
            system += table.processes[id]?.system ?? 0
            memory += Self.proportionalSize(id)
        }
    }

    /// proc(5), `smaps_rollup`: a page counts by one share for each process that maps it.
    private static func proportionalSize(_ id: Int32) -> Int {
        let lines = (ProcessTable.text("/proc/\(id)/smaps_rollup") ?? "").split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("Pss:") }) else { return 0 }
        return (Int(line.split(separator: " ")[1]) ?? 0) * 1024
    }
}
