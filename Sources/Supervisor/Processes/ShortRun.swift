internal import Glibc
internal import Threading

/// Runs a program to its end and collects its output.
struct ShortRun {
    let exit: ExitReason
    /// Standard output and standard error together.
    let output: String

    /// - Parameter timeout: the program is killed after this time.
    init(_ command: Command, timeout: Duration) throws(SpawnError) {
        let collected = Monitor<[UInt8]>([])
        let child = try ChildProcess(
            command, name: Folder.name(of: command.program),
            output: .merged { piece in collected.withLock { $0 += piece } })
        exit = child.waitForExit(timeout) ?? child.stop(SIGKILL, timeout: .seconds(1))
        child.waitForOutput(.seconds(2))
        output = String(decoding: collected.withLock { $0 }, as: UTF8.self)
    }
}
