internal import CLinux
internal import Glibc

/// The folder for the unix sockets of a data folder.
///
/// The path of a socket has at most 107 bytes (unix(7)), but the path of a data folder may be longer. If `<data>/run`
/// is short enough, the sockets are there. Otherwise they are in a folder in `$XDG_RUNTIME_DIR` or `/tmp`. The name of
/// that folder is derived from the data folder's path, so that the next start finds and removes the sockets that a
/// killed process has left.
package enum SocketFolder {
    static let maxPathLength = 107
    /// Maximum length of a name in the folder. The longest is `postgres/.s.PGSQL.5432.lock`.
    static let maxNameLength = 40

    /// Creates the folder if it does not exist.
    /// - Returns: its path. Outside `data`, the folder belongs to this user and other users cannot list it.
    package static func make(data: String, runtime: String?) throws(SetupError) -> String {
        // If root starts Millrace, PostgreSQL runs as another user. That user must be able to enter the folder.
        let mode: mode_t = Account.isRoot ? 0o711 : 0o700
        let inData = data + "/run"
        if inData.utf8.count + 1 + maxNameLength <= maxPathLength {
            try Folder.make(inData, mode: mode)
            return inData
        }
        let name = "millrace-\(geteuid())-\(fingerprint(data))"
        let base = runtime.flatMap { $0.utf8.count <= 48 && Folder.isFolder($0) ? $0 : nil } ?? "/tmp"
        let path = base + "/" + name
        try Folder.make(path, mode: mode)
        // Another user could have created a folder or link with this name in /tmp.
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid() else {
            throw SetupError("\(path) belongs to another user; remove it or choose a shorter data folder")
        }
        guard chmod(path, mode) == 0 else { throw SetupError("cannot set the mode of \(path)", errno: errno) }
        return path
    }

    /// A short name that is derived from a path: FNV-1a with 64 bits.
    static func fingerprint(_ path: String) -> String {
        let hash = path.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
