internal import Glibc

/// Files with the mode 0600 that belong to an account.
package enum OwnedFile {
    /// Replaces the file atomically.
    /// - Parameter owner: `nil` for the user of this process.
    package static func write(_ text: String, to path: String, owner: Account?) throws(SetupError) {
        let temporary = path + ".new"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw SetupError("cannot write \(path)", errno: errno) }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard Glibc.write(file, bytes, bytes.count) == bytes.count,
            owner.map({ fchown(file, $0.user, $0.group) == 0 }) ?? true,
            rename(temporary, path) == 0
        else { throw SetupError("cannot write \(path)", errno: errno) }
    }
}
