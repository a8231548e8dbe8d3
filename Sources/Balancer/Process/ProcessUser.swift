internal import CLinux
internal import Glibc
internal import NginxConfig

/// `user`: the balancer binds its ports, opens its logs and writes its pid file as root, then changes to this user.
///
/// Unlike nginx, the balancer has no master process that stays root. A reload or a log rotation opens its files and
/// ports as this user.
enum ProcessUser {
    /// Changes the process's user and group, if it runs as root.
    /// - Parameters:
    ///   - standard: the user if the configuration names none; nil: keep the current one
    ///   - owned: files and folders that the user has to be able to write later; they then belong to it
    /// - Returns: nginx's warning if the process is not root and so cannot change its user; else nil
    static func take(
        _ main: MainSettings, standard: String?, owned: [String]
    ) throws(BalancerError) -> String? {
        guard geteuid() == 0 else {
            guard main.user != nil else { return nil }
            return "the \"user\" directive makes sense only if the process starts with super-user privileges, ignored"
        }
        guard let name = main.user ?? standard else { return nil }
        let (user, group) = try lookUp(name, group: main.group)
        for path in owned where isOwnable(path) && chown(path, user, gid_t.max) != 0 {
            throw failure("chown(\"\(path)\")")
        }
        // When the user changes, the kernel clears the process's parent-death signal (prctl(2)). So keep the signal,
        // and set it again below.
        let (deathSignal, parent) = (millrace_death_signal(), getppid())
        guard setgid(group) == 0 else { throw failure("setgid(\(group))") }
        guard initgroups(name, group) == 0 else { throw failure("initgroups(\(name), \(group))") }
        guard setuid(user) == 0 else { throw failure("setuid(\(user))") }
        if deathSignal != 0 {
            _ = millrace_set_death_signal(deathSignal)
            guard getppid() == parent else { throw .system("the process that started the balancer has ended") }
        }
        return nil
    }

    /// Throws if the user or the group does not exist. If the process is not root, `user` is ignored and not checked.
    static func check(_ main: MainSettings) throws(BalancerError) {
        if let name = main.user, geteuid() == 0 { _ = try lookUp(name, group: main.group) }
    }

    /// True for a regular file or a folder; false for a device such as /dev/null, or for a link.
    private static func isOwnable(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
    }

    private static func lookUp(
        _ name: String, group groupName: String?
    ) throws(BalancerError) -> (user: uid_t, group: gid_t) {
        errno = 0
        guard let account = getpwnam(name) else { throw failure("getpwnam(\"\(name)\")") }
        let (user, group) = (account.pointee.pw_uid, account.pointee.pw_gid)
        guard let groupName, groupName != name || getgrnam(groupName) != nil else { return (user, group) }
        errno = 0
        guard let entry = getgrnam(groupName) else { throw failure("getgrnam(\"\(groupName)\")") }
        return (user, entry.pointee.gr_gid)
    }

    private static func failure(_ call: String) -> BalancerError {
        .system(errno == 0 ? "\(call) failed" : "\(call) failed (\(errno): \(String(cString: strerror(errno))))")
    }
}
