internal import Glibc

/// The file of the node's unix socket. It is removed at shutdown, unless another process has replaced it with its own.
struct UnixSocketFile: Sendable {
    private let path: String
    private let device: dev_t
    private let number: ino_t

    init?(_ path: String) {
        var information = stat()
        guard stat(path, &information) == 0 else { return nil }
        self.path = path
        device = information.st_dev
        number = information.st_ino
    }

    func remove() {
        var information = stat()
        guard stat(path, &information) == 0, information.st_dev == device, information.st_ino == number else { return }
        unlink(path)
    }
}
