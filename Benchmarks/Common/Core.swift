internal import FoundationEssentials
internal import Glibc
internal import Supervisor

/// A processor core for the main thread.
enum Core {
    /// From now on it runs on this core only.
    static func pin(to core: Int) throws {
        let taskset = Command(
            "/usr/bin/taskset", ["-pc", "\(core)", "\(getpid())"], environment: ProcessInfo.processInfo.environment)
        _ = try ChildProcess(taskset, name: "taskset", output: .discarded).waitForExit()
    }
}
