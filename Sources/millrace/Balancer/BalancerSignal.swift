import Glibc

/// nginx's `-s`: a word that is translated to a signal for the process in the pid file.
enum BalancerSignal: String, CaseIterable {
    case stop, quit, reload, reopen

    init(_ word: String) throws {
        guard let signal = Self(rawValue: word) else {
            throw CommandFailure(description: "invalid option: \"-s \(word)\" (stop, quit, reload or reopen)", code: 64)
        }
        self = signal
    }

    private var number: CInt {
        switch self {
        case .stop: SIGTERM
        case .quit: SIGQUIT
        case .reload: SIGHUP
        case .reopen: SIGUSR1
        }
    }

    func send(pidFile path: String) throws {
        guard let file = fopen(path, "r") else {
            throw CommandFailure(description: "[error] open() \"\(path)\" failed (\(Self.reason(errno)))")
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = fread(&bytes, 1, bytes.count, file)
        let text = String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        guard let pid = pid_t(text), pid > 1 else {
            throw CommandFailure(description: "[error] invalid PID number \"\(text)\" in \"\(path)\"")
        }
        guard kill(pid, number) == 0 else {
            throw CommandFailure(
                description: "[alert] kill(\(pid), \(number)) failed (\(Self.reason(errno)))")
        }
    }

    private static func reason(_ code: CInt) -> String {
        "\(code): \(String(cString: strerror(code)))"
    }
}
