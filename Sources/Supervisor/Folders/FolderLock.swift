internal import CLinux
internal import Glibc

/// Reserves a folder for one process, with flock(2) on the file `lock` in it.
///
/// The kernel releases the lock when the process ends for any reason.
package final class FolderLock: Sendable {
    private let descriptor: CInt

    /// - Throws: if a system call fails, or if another process holds the lock. The error names the process that holds
    ///   it.
    package init(_ folder: String) throws(SetupError) {
        let path = folder + "/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SetupError("cannot open \(path)", errno: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            defer { close(descriptor) }
            guard code == EWOULDBLOCK else { throw SetupError("cannot lock \(path)", errno: code) }
            var text = [UInt8](repeating: 0, count: 32)
            let count = max(0, read(descriptor, &text, text.count))
            let owner = String(decoding: text[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            throw SetupError("the folder \(folder) is in use\(owner.isEmpty ? "" : " by process \(owner)")")
        }
        let owner = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, write(descriptor, owner, owner.count) == owner.count else {
            let code = errno
            close(descriptor)
            throw SetupError("cannot write \(path)", errno: code)
        }
    }

    deinit { close(descriptor) }
}
