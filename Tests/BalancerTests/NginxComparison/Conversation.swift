import Glibc
import Reactor

/// One connection of a ``Case`` to nginx or to the balancer.
final class Conversation {
    /// If the server sends no byte for this time, the test assumes that the server waits for more input.
    static let timeout = Duration.seconds(2)

    private let descriptor: CInt
    private(set) var received: [UInt8] = []
    /// Whether the server waited for more input, so that the client had to end its input.
    private(set) var wasWaiting = false
    /// Whether the server left the connection open after the client had ended its input.
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

    /// Reads what arrives. Waits up to 300 ms for the first bytes, and then up to 20 ms for more.
    func listen() {
        let before = received.count
        while receive(within: .milliseconds(received.count > before ? 20 : 300)) == true {}
    }

    /// Reads until the server closes the connection, `isEnough` is true, or ``timeout`` is over.
    func listen(orUntil isEnough: () -> Bool) {
        let start = ContinuousClock.now
        while !isEnough(), start.duration(to: .now) < Self.timeout {
            if receive(within: .milliseconds(2)) == false { return }
        }
    }

    /// Reads until the server closes the connection. If the server waits for more input, the client ends its input.
    func finish() {
        while let more = receive(within: Self.timeout) {
            if !more { return }
        }
        wasWaiting = true
        shutdown(descriptor, CInt(SHUT_WR))
        while let more = receive(within: Self.timeout) {
            if !more { return }
        }
        isOpen = true
    }

    /// - Returns: true if bytes arrived; false if the server has closed the connection; nil after `timeout`.
    private func receive(within timeout: Duration) -> Bool? {
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&poller, 1, CInt(timeout.wholeMilliseconds)) > 0 else { return nil }
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        received += chunk[..<count]
        return true
    }
}
