internal import Glibc
internal import NginxConfig

/// `user`: the balancer binds its ports, opens its logs and writes its pid file as root, and goes on as somebody else.
///
/// There is no master process that stays root: what is opened later, by a reload or for new logs, is opened as that
/// user.
enum ProcessUser {
    /// - Returns: what nginx would warn of
    static func take(_ main: MainSettings) throws(BalancerError) -> String? {
        guard let name = main.user else { return nil }
        guard geteuid() == 0 else {
            return "the \"user\" directive makes sense only if the process starts with super-user privileges, ignored"
        }
        errno = 0
        guard let account = getpwnam(name) else { throw failure("getpwnam(\"\(name)\")") }
        let user = account.pointee.pw_uid
        var group = account.pointee.pw_gid
        if let groupName = main.group, groupName != name || getgrnam(groupName) != nil {
            errno = 0
            guard let entry = getgrnam(groupName) else { throw failure("getgrnam(\"\(groupName)\")") }
            group = entry.pointee.gr_gid
        }
        guard setgid(group) == 0 else { throw failure("setgid(\(group))") }
        guard initgroups(name, group) == 0 else { throw failure("initgroups(\(name), \(group))") }
        guard setuid(user) == 0 else { throw failure("setuid(\(user))") }
        return nil
    }

    private static func failure(_ call: String) -> BalancerError {
        .system(errno == 0 ? "\(call) failed" : "\(call) failed (\(errno): \(String(cString: strerror(errno))))")
    }
}
