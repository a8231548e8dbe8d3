internal import FoundationEssentials
package import Glibc

/// Folders with exact owners and modes.
package enum Folder {
    /// Creates `path` and its parents. An existing folder is not changed.
    package static func make(_ path: String, mode: mode_t = 0o755) throws(SetupError) {
        var isMade = mkdir(path, mode) == 0
        if !isMade, errno == ENOENT, parent(of: path) != path {
            try make(parent(of: path))
            // If this fails with ENOENT too, no folders can be created in the parent, for example in /proc.
            isMade = mkdir(path, mode) == 0
        }
        guard isMade else {
            let code = errno
            guard code == EEXIST else { throw SetupError("cannot create the folder \(path)", errno: code) }
            guard isFolder(path) else { throw SetupError("\(path) is not a folder") }
            return
        }
        // mkdir reduces the mode by the umask, so set the mode again.
        guard chmod(path, mode) == 0 else { throw SetupError("cannot set the mode of \(path)", errno: errno) }
    }

    /// Creates `path` if it does not exist, and sets its owner and mode.
    /// - Parameter account: the owner; `nil` for the user of this process.
    package static func make(_ path: String, mode: mode_t, for account: Account?) throws(SetupError) {
        try make(path, mode: mode)
        if let account, chown(path, account.user, account.group) != 0 {
            throw SetupError("cannot give \(path) to the user \(account.name)", errno: errno)
        }
        guard chmod(path, mode) == 0 else { throw SetupError("cannot set the mode of \(path)", errno: errno) }
    }

    /// Removes `path` with its contents, if it exists.
    package static func remove(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)
    }

    package static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The last part of a path.
    static func name(of path: String) -> String { String(path.split(separator: "/").last ?? "") }

    /// The absolute path without `.`, `..` and double slashes. The path need not exist.
    package static func absolute(_ path: String) -> String {
        let whole = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        var parts: [Substring] = []
        for part in whole.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// The first folder on the path that `account` may not enter; `nil` if there is none.
    package static func barrier(to path: String, for account: Account) -> String? {
        var folder = ""
        for part in parent(of: path).split(separator: "/") {
            folder += "/" + part
            var status = stat()
            guard stat(folder, &status) == 0 else { return nil }
            if !account.canEnter(owner: status.st_uid, group: status.st_gid, mode: status.st_mode) { return folder }
        }
        return nil
    }
}
