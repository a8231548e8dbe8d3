internal import Glibc
internal import NginxConfig

/// `user`: the balancer binds its ports, opens its logs and writes its pid file as root, then changes to this user.
///
/// Unlike nginx, the balancer has no master process that stays root. A reload or a log rotation opens its files and
/// ports as this user.
enum ProcessUser {
    /// Changes the process's user and group.
    /// - Returns: nginx's warning if the process is not root and so cannot change its user; else nil
    static func take(_ main: MainSettings) throws(BalancerError) -> String? {
        guard let name = main.user else { return nil }
        guard geteuid() == 0 else {
            return "the \"user\" directive makes sense only if the process starts with super-user privileges, ignored"
        }
        let (user, group) = try lookUp(name, group: main.group)
        guard setgid(group) == 0 else { throw failure("setgid(\(group))") }
        guard initgroups(name, group) == 0 else { throw failure("initgroups(\(name), \(group))") }
        guard setuid(user) == 0 else { throw failure("setuid(\(user))") }
        return nil
    }

    /// Throws if the user or the group does not exist. If the process is not root, `user` is ignored and not checked.
    static func check(_ main: MainSettings) throws(BalancerError) {
        if let name = main.user, geteuid() == 0 { _ = try lookUp(name, group: main.group) }
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
