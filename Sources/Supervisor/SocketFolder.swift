internal import CLinux
internal import Glibc

/// Where the unix sockets of one data folder are.
///
/// A socket's path holds 107 bytes (unix(7)), and a data folder may be anywhere. If `<data>/run` is short enough, it is
/// that; if not, a folder in `$XDG_RUNTIME_DIR` or `/tmp` whose name follows from the data folder's path, so that the
/// next start finds and clears what a killed one left.
package enum SocketFolder {
    static let longestPath = 107
    /// The longest name that is put into it: `postgres/.s.PGSQL.5432.lock`, and room for `api-1000.sock`.
    static let longestName = 40

    /// The folder, made, empty but for what PostgreSQL keeps there, and closed to other users where it is not in `data`.
    package static func make(data: String, runtime: String?) throws(SetupError) -> String {
        // Root's has to be passed through by the user that PostgreSQL runs as.
        let mode: mode_t = Account.isRoot ? 0o711 : 0o700
        let inData = data + "/run"
        if inData.utf8.count + 1 + longestName <= longestPath {
            try Folder.make(inData, mode: mode)
            return inData
        }
        let name = "millrace-\(geteuid())-\(fingerprint(data))"
        let base = runtime.flatMap { $0.utf8.count <= 48 && Folder.isFolder($0) ? $0 : nil } ?? "/tmp"
        let path = base + "/" + name
        try Folder.make(path, mode: mode)
        // Anyone can make a folder of that name in /tmp before us: what we use has to be our own and no link.
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid() else {
            throw SetupError("\(path) belongs to someone else; remove it or choose a shorter data folder")
        }
        guard chmod(path, mode) == 0 else { throw SetupError("cannot set the mode of \(path)", errno: errno) }
        return path
    }

    /// FNV-1a, 64 bits: a short name that follows from a path.
    static func fingerprint(_ path: String) -> String {
        let hash = path.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
