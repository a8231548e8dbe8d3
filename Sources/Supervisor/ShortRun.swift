internal import Glibc
internal import Threading

/// A program run to its end, and what it said.
struct ShortRun {
    let exit: ExitReason
    /// Standard output and error together.
    let output: String

    init(_ command: Command, limit: Duration) throws(SpawnError) {
        let collected = Monitor<[UInt8]>([])
        let child = try ChildProcess(
            command, name: Folder.name(of: command.program),
            output: .merged { piece in collected.withLock { $0 += piece } })
        exit = child.waitForExit(limit) ?? child.stop(SIGKILL, limit: .seconds(1))
        child.waitForOutput(.seconds(2))
        output = String(decoding: collected.withLock { $0 }, as: UTF8.self)
    }
}

extension Folder {
    /// The last part of a path.
    static func name(of path: String) -> String { String(path.split(separator: "/").last ?? "") }
}
