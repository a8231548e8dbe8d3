internal import Glibc
internal import NginxConfig
internal import Reactor
internal import Synchronization
internal import Threading

/// USR2: a new process takes the listening sockets over, as nginx upgrades its executable. Both serve until this one is
/// told to end (QUIT), and no connection is refused.
final class BinaryUpgrade: Sendable {
    private let pidFile: String?
    private let log: @Sendable (ErrorLog.Level, String) -> Void
    private let successor = Mutex<pid_t?>(nil)

    init(pidFile: String?, log: @escaping @Sendable (ErrorLog.Level, String) -> Void) {
        self.pidFile = pidFile
        self.log = log
    }

    /// The new process writes its id where ours was; ours is in nginx's `.oldbin` meanwhile.
    private var oldPIDFile: String? { pidFile.map { $0 + ".oldbin" } }

    var isUnderWay: Bool { successor.withLock { $0 != nil } }

    func start(handing listeners: [Reactor.Listener]) {
        // The process before this one has its pid file where this one's would go.
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

    /// This process ends.
    func removePIDFile() {
        guard let path = isUnderWay ? oldPIDFile : pidFile else { return }
        unlink(path)
    }
}
