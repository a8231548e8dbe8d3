internal import FoundationEssentials
internal import Glibc
internal import Supervisor

/// The processor core of the main thread.
enum Core {
    /// Runs the main thread on this core only, from now on.
    static func pin(to core: Int) throws {
        let taskset = Command(
            "/usr/bin/taskset", ["-pc", "\(core)", "\(getpid())"], environment: ProcessInfo.processInfo.environment)
        _ = try ChildProcess(taskset, name: "taskset", output: .discarded).waitForExit()
    }
}
