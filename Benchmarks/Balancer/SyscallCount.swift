internal import FoundationEssentials
internal import Glibc
internal import Supervisor

/// Counts the system calls of some processes with `perf stat`, which costs them far less than `strace` would.
struct SyscallCount {
    private let perf: ChildProcess
    private let file: String

    /// nil: there is no `perf` here, or the kernel does not let it count.
    init?(of processes: [Int32], folder: String) {
        file = folder + "/syscalls"
        let list = processes.map { "\($0)" }.joined(separator: ",")
        let arguments = ["perf", "stat", "-x", ",", "-o", file, "-e", "raw_syscalls:sys_enter", "-p", list]
        let command = Command("/usr/bin/env", arguments, environment: ProcessInfo.processInfo.environment)
        guard let child = try? ChildProcess(command, name: "perf", output: .discarded) else { return nil }
        perf = child
        if perf.waitForExit(.milliseconds(500)) != nil { return nil }
    }

    /// - Returns: the calls since the start; nil: they could not be counted
    func end() -> Int? {
        _ = perf.stop(SIGINT, limit: .seconds(5))
        let lines = (ProcessTable.text(file) ?? "").split(separator: "\n")
        return lines.last.flatMap { Int($0.prefix { $0 != "," }) }
    }
}
