internal import FoundationEssentials
internal import Glibc
internal import Supervisor

/// Counts the system calls of some processes with `perf stat`, which slows them down far less than `strace` does.
struct SyscallCount {
    private let perf: ChildProcess
    private let file: String

    /// Starts to count. Returns nil if `perf` is not installed, or if the kernel does not allow `perf` to count.
    init?(of processes: [Int32], folder: String) {
        file = folder + "/syscalls"
        let list = processes.map { "\($0)" }.joined(separator: ",")
        let arguments = ["perf", "stat", "-x", ",", "-o", file, "-e", "raw_syscalls:sys_enter", "-p", list]
        let command = Command("/usr/bin/env", arguments, environment: ProcessInfo.processInfo.environment)
        guard let child = try? ChildProcess(command, name: "perf", output: .discarded) else { return nil }
        perf = child
        if perf.waitForExit(.milliseconds(500)) != nil { return nil }
    }

    /// - Returns: the calls since the start; nil if they could not be counted.
    func end() -> Int? {
        _ = perf.stop(SIGINT, timeout: .seconds(5))
        let lines = ((try? String(contentsOfFile: file, encoding: .utf8)) ?? "").split(separator: "\n")
        return lines.last.flatMap { Int($0.prefix { $0 != "," }) }
    }
}
