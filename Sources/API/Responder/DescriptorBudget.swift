internal import Glibc

/// How many connections the limit of open files allows.
enum DescriptorBudget {
    /// Descriptors for everything that is not a connection: logs, the database, the runtime.
    private static let reserve = 128

    /// Raises the process's limit of open files to what `connections` need, or as far as the system allows.
    /// - Returns: how many of `connections` fit; each uses two descriptors.
    static func makeRoom(connections: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return connections }
        let wanted = rlim_t(2 * connections + reserve)
        if limit.rlim_cur < wanted {
            limit.rlim_cur = min(wanted, limit.rlim_max)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        guard limit.rlim_cur < wanted else { return connections }
        return max(1, (Int(limit.rlim_cur) - reserve) / 2)
    }
}
