internal import CLinux
internal import Glibc
internal import Synchronization

/// Starts a second process of this program. The new process takes over the listening sockets (nginx's binary upgrade).
package enum Successor {
    /// The environment variable with the descriptors of the sockets, like nginx's variable `NGINX`.
    private static let variable = "MILLRACE_LISTENERS"

    /// The id of the process that has handed its sockets over to this process; 0 if there is none.
    private static let predecessor = Atomic<pid_t>(0)

    /// Whether the predecessor still runs: the process that has handed its sockets over to this process.
    package static var hasPredecessor: Bool {
        let process = predecessor.load(ordering: .relaxed)
        return process > 0 && getppid() == process
    }

    /// The sockets that another process has handed over to this one. Call it before other threads are started.
    package static func inheritedListeners() -> [ListeningSocket] {
        guard let value = getenv(variable) else { return [] }
        predecessor.store(getppid(), ordering: .relaxed)
        let descriptors = String(cString: value).split(separator: ";").compactMap { CInt($0) }
        unsetenv(variable)
        return descriptors.compactMap { descriptor in
            guard descriptor > 2, fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else { return nil }
            return ListeningSocket(descriptor: descriptor)
        }
    }

    /// Starts the file of this program again, with the same arguments. A newer version may have replaced the file.
    /// - Returns: the process id of the new process
    package static func start(handing listeners: [ListeningSocket]) throws(SystemError) -> CInt {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Duplicating a descriptor to itself keeps it open over exec.
        for listener in listeners {
            posix_spawn_file_actions_adddup2(&actions, listener.descriptor, listener.descriptor)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var standard = sigset_t()
        sigemptyset(&standard)
        sigaddset(&standard, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &standard)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        setenv(variable, listeners.map { "\($0.descriptor)" }.joined(separator: ";"), 1)
        defer { unsetenv(variable) }
        var child = pid_t()
        let code = posix_spawn(&child, program, &actions, &attributes, CommandLine.unsafeArgv, millrace_environment())
        guard code == 0 else { throw SystemError("execve", code: code, subject: program) }
        return child
    }

    /// Blocks until the process ends.
    package static func wait(for child: CInt) {
        var status: CInt = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
    }

    /// The path of this program's file.
    private static let program: String = {
        var path = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &path, path.count - 1)
        guard count > 0 else { return CommandLine.arguments[0] }
        let text = String(decoding: path[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let mark = " (deleted)"
        return text.hasSuffix(mark) ? String(text.dropLast(mark.count)) : text
    }()
}
