internal import CLinux
internal import Glibc
internal import Threading

/// The thread that starts all child processes.
///
/// A child gets its death signal when the *thread* that started it ends (prctl(2), PR_SET_PDEATHSIG). Therefore this
/// thread must live as long as the process.
enum Spawner {
    private static let work = BlockingQueue<@Sendable () -> Void>()
    private static let thread = NamedThread("spawner") {
        while let next = work.next() { next() }
    }

    static func spawn(
        _ command: Command, input: CInt, output: CInt, error: CInt
    ) -> Result<pid_t, SpawnError> {
        _ = thread
        let answer = Monitor<Result<pid_t, SpawnError>?>(nil)
        work.append {
            let result = start(command, input: input, output: output, error: error)
            answer.broadcast { $0 = result }
        }
        return answer.wait { $0 }
    }

    private static func start(
        _ command: Command, input: CInt, output: CInt, error: CInt
    ) -> Result<pid_t, SpawnError> {
        var arguments = ([command.name ?? command.program] + command.arguments).map { strdup($0) } + [nil]
        var environment = command.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        let program = strdup(command.program)
        let folder = command.folder.map { strdup($0) } ?? nil
        defer {
            for string in arguments + environment + [program, folder] { free(string) }
        }
        let groups = command.account?.groups ?? []
        let pid = groups.withUnsafeBufferPointer { groups in
            var child = millrace_child()
            child.program = UnsafePointer(program)
            child.folder = UnsafePointer(folder)
            child.input = input
            child.output = output
            child.error = error
            child.death_signal = command.deathSignal
            if let account = command.account {
                child.has_account = 1
                child.user = account.user
                child.group = account.group
                child.groups = groups.baseAddress
                child.group_count = groups.count
            }
            return arguments.withUnsafeMutableBufferPointer { arguments in
                environment.withUnsafeMutableBufferPointer { environment in
                    child.arguments = UnsafePointer(arguments.baseAddress!)
                    child.environment = UnsafePointer(environment.baseAddress!)
                    return millrace_spawn(&child)
                }
            }
        }
        return pid < 0 ? .failure(SpawnError(program: command.program, code: errno)) : .success(pid)
    }
}
