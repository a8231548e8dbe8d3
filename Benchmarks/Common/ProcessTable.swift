internal import FoundationEssentials
internal import Glibc

/// The processes of the machine at one moment, read from `/proc`.
struct ProcessTable {
    struct Process {
        let parent: Int32
        /// Processor seconds so far, in the program and in the kernel for it.
        let user: Double
        let system: Double
        /// The same of children that have ended.
        let ended: Double
        let arguments: [String]
    }

    let processes: [Int32: Process]

    static var now: ProcessTable {
        var processes: [Int32: Process] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let id = Int32(name), let process = process(id) else { continue }
            processes[id] = process
        }
        return ProcessTable(processes: processes)
    }

    /// `root`, and all that it and those it started have started.
    func family(of root: Int32) -> [Int32] {
        var family = [root]
        var position = 0
        while position < family.count {
            family += processes.filter { $0.value.parent == family[position] }.keys.sorted()
            position += 1
        }
        return family
    }

    /// proc(5): the fields of `stat` after the name in parentheses start with the third, the state.
    private static func process(_ id: Int32) -> Process? {
        guard let stat = text("/proc/\(id)/stat"), let end = stat.lastIndex(of: ")"),
            let arguments = text("/proc/\(id)/cmdline")
        else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 14, let parent = Int32(fields[1]), let user = Double(fields[11]),
            let system = Double(fields[12]), let endedUser = Double(fields[13]), let endedSystem = Double(fields[14])
        else { return nil }
        let tick = Double(sysconf(CInt(_SC_CLK_TCK)))
        let words = arguments.split(separator: "\0").map(String.init)
        return Process(
            parent: parent, user: user / tick, system: system / tick, ended: (endedUser + endedSystem) / tick,
            arguments: words)
    }

    static func text(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<count], as: UTF8.self)
    }
}
