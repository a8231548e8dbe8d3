package import Glibc

/// A user of this machine that a child process can run as.
package struct Account: Sendable, Equatable {
    package let name: String
    package let user: uid_t
    package let group: gid_t
    /// All groups, including the primary one.
    package let groups: [gid_t]

    package init?(named name: String) {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16384)
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        self.name = name
        user = entry.pw_uid
        group = entry.pw_gid
        var count: CInt = 256
        var list = [gid_t](repeating: 0, count: Int(count))
        // The groups are read here and not between vfork and exec, where it is not safe to read files and allocate
        // memory.
        guard getgrouplist(name, entry.pw_gid, &list, &count) >= 0 else { return nil }
        groups = Array(list.prefix(Int(count)))
    }

    /// The user that this process runs as; `nil` if it has no name.
    package static let current: Account? = {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16384)
        guard getpwuid_r(geteuid(), &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return Account(named: String(cString: entry.pw_name))
    }()

    package static var isRoot: Bool { geteuid() == 0 }

    /// The id of a group.
    package static func group(named name: String) -> gid_t? {
        var entry = Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        var buffer = [CChar](repeating: 0, count: 65536)
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return entry.gr_gid
    }

    /// Whether this account may pass through a folder with this owner, group and mode.
    package func canEnter(owner: uid_t, group: gid_t, mode: mode_t) -> Bool {
        if owner == user { return mode & S_IXUSR != 0 }
        if groups.contains(group) { return mode & S_IXGRP != 0 }
        return mode & S_IXOTH != 0
    }
}
