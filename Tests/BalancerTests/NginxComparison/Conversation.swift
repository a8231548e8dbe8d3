import Glibc
import Reactor

/// One connection of a case, in bytes.
final class Conversation {
    /// So long without a byte, and the server is taken to wait for more.
    static let patience = Duration.seconds(2)

    private let descriptor: CInt
    private(set) var received: [UInt8] = []
    /// The server was waiting for more when the client ended its side.
    private(set) var wasWaiting = false
    /// It did not close even then.
    private(set) var isOpen = false

    init(port: UInt16) throws {
        let (socket, _) = try Socket.connect(to: .ipv4(0x7F00_0001, port: port))
        descriptor = socket.descriptor
        setBlocking(descriptor)
    }

    deinit { close(descriptor) }

    func send(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            if count <= 0 { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Takes what comes within a short time of the first byte, or of now.
    func listen() {
        let before = received.count
        while receive(within: .milliseconds(received.count > before ? 20 : 300)) == true {}
    }

    /// Takes what comes until the server closes, or there is no need any more.
    func listen(orUntil isEnough: () -> Bool) {
        let start = ContinuousClock.now
        while !isEnough(), start.duration(to: .now) < Self.patience {
            if receive(within: .milliseconds(2)) == false { return }
        }
    }

    /// Takes everything until the server closes.
    func finish() {
        while let more = receive(within: Self.patience) {
            if !more { return }
        }
        wasWaiting = true
        shutdown(descriptor, CInt(SHUT_WR))
        while let more = receive(within: Self.patience) {
            if !more { return }
        }
        isOpen = true
    }

    /// nil: nothing came; false: the end.
    private func receive(within limit: Duration) -> Bool? {
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&poller, 1, CInt(limit.wholeMilliseconds)) > 0 else { return nil }
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        received += chunk[..<count]
        return true
    }
}
