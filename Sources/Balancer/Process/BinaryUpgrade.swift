internal import Glibc
internal import NginxConfig
internal import Reactor
internal import Synchronization
internal import Threading

/// Replaces the running executable as nginx does: at USR2, a new process starts and takes over the listening sockets.
/// Both processes serve until the old one gets QUIT. No connection is refused.
final class BinaryUpgrade: Sendable {
    private let pidFile: String?
    private let log: @Sendable (ErrorLog.Level, String) -> Void
    /// The new process; nil if none is running.
    private let successor = Mutex<pid_t?>(nil)

    init(pidFile: String?, log: @escaping @Sendable (ErrorLog.Level, String) -> Void) {
        self.pidFile = pidFile
        self.log = log
    }

    /// The file that holds the id of this process during an upgrade, as in nginx: the new process writes its own id to
    /// ``pidFile``.
    private var oldPIDFile: String? { pidFile.map { $0 + ".oldbin" } }

    var isUnderWay: Bool { successor.withLock { $0 != nil } }

    /// Starts the new process and hands it the sockets. Logs an error if the start fails. Logs also when the new
    /// process ends.
    func start(handing listeners: [ListeningSocket]) {
        // While the predecessor of this process runs, the predecessor's pid file has the name `.oldbin`, which this
        // process would need.
        guard !isUnderWay, !Successor.hasPredecessor else {
            return log(.crit, "the changing binary signal is ignored: an upgrade is under way")
        }
        if let pidFile, let oldPIDFile { rename(pidFile, oldPIDFile) }
        do throws(SystemError) {
            let child = try Successor.start(handing: listeners)
            successor.withLock { $0 = child }
            log(.notice, "start new binary process \(child)")
            _ = NamedThread("upgrade") { [self] in
                Successor.wait(for: child)
                successor.withLock { $0 = nil }
                log(.alert, "new binary process \(child) exited")
                restorePIDFile()
            }
        } catch {
            log(.alert, "\(error)")
            restorePIDFile()
        }
    }

    private func restorePIDFile() {
        if let pidFile, let oldPIDFile { rename(oldPIDFile, pidFile) }
    }

    /// Removes this process's pid file; called when the process ends.
    func removePIDFile() {
        guard let path = isUnderWay ? oldPIDFile : pidFile else { return }
        // A process that has changed its user may not remove a file from root's folder. But it owns the file, so it can
        // empty it. An empty pid file names no process.
        if unlink(path) != 0, errno == EACCES || errno == EPERM { truncate(path, 0) }
    }
}
