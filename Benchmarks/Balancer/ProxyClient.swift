internal import Glibc
internal import Reactor

/// A client that has one request at a time.
///
/// It must need less processor time than the measured program. So a request with a small response takes one send and
/// one receive, and the kernel drops the bytes of a large body.
final class ProxyClient: EventHandler {
    private let load: ProxyLoad
    private let staysIdle: Bool
    private var socket: Socket?
    private var registration: EventLoop.Registration?
    private var isConnected = false
    private var sentAt = MonotonicTime(nanoseconds: 0)
    /// The bytes of an incomplete head.
    private var head: [UInt8] = []
    /// How many bytes of the body are missing; nil while the head is incomplete.
    private var missing: Int?
    private(set) var isBusy = false

    private static let size = 64 * 1024
    /// The receive buffer. All clients share it, because they run on one thread.
    nonisolated(unsafe) private static let scratch = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)

    init(_ load: ProxyLoad, staysIdle: Bool) {
        self.load = load
        self.staysIdle = staysIdle
        connect()
    }

    func close() {
        if let registration { load.loop.remove(registration) }
        registration = nil
        socket?.close()
        socket = nil
    }

    private func connect() {
        sentAt = .current
        isBusy = true
        do {
            let (socket, state) = try Socket.connect(to: load.target)
            self.socket = socket
            isConnected = state == .connected
            registration = try load.loop.add(socket.descriptor, self)
            if isConnected { send() }
        } catch {
            fail()
        }
    }

    private func send() {
        guard let socket else { return }
        isBusy = true
        missing = nil
        let count = load.request.withUnsafeBytes {
            Glibc.send(socket.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        if count != load.request.count { fail() }
    }

    func handle(_ readiness: Readiness) {
        if !isConnected, readiness.contains(.writable), !readiness.contains(.failed) {
            isConnected = true
            send()
        }
        if !readiness.isDisjoint(with: [.readable, .peerClosed, .failed, .hungUp]) { receive() }
    }

    private func receive() {
        while let socket {
            let isBody = missing != nil
            // With MSG_TRUNC, TCP removes the bytes from the queue without copying them.
            let count = recv(
                socket.descriptor, Self.scratch, isBody ? 1 << 20 : Self.size, isBody ? Int32(MSG_TRUNC) : 0)
            guard count > 0 else {
                if count < 0, errno == EAGAIN || errno == EINTR { return }
                return ended()
            }
            take(count)
            if !isBusy, !load.scenario.closes || staysIdle { return }
        }
    }

    private func take(_ count: Int) {
        guard isBusy else { return fail() }
        if let missing {
            self.missing = missing - count
        } else {
            takeHead(UnsafeRawBufferPointer(start: Self.scratch, count: count))
        }
        guard let missing, missing <= 0 else { return }
        guard missing == 0 else { return fail() }
        isBusy = false
        if staysIdle { return load.becameIdle() }
        let now = MonotonicTime.current
        load.succeeded(after: now - sentAt)
        guard !load.isOver, !load.scenario.closes else { return }
        sentAt = now
        send()
    }

    private func takeHead(_ bytes: UnsafeRawBufferPointer) {
        if head.isEmpty, parse(bytes) { return }
        head.append(contentsOf: bytes)
        if head.withUnsafeBytes(parse) { head = [] }
    }

    /// - Returns: whether the head is complete.
    private func parse(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let end = Self.endOfHead(bytes) else { return false }
        let isOK = memcmp(bytes.baseAddress!, "HTTP/1.1 200", 12) == 0
        missing = isOK ? end + load.scenario.replySize - bytes.count : -1
        return true
    }

    private static func endOfHead(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var start = 0
        while let lineFeed = memchr(bytes.baseAddress! + start, 0x0A, bytes.count - start) {
            let end = UnsafeRawPointer(lineFeed) - bytes.baseAddress! + 1
            if end + 2 <= bytes.count, bytes[end] == 0x0D, bytes[end + 1] == 0x0A { return end + 2 }
            start = end
        }
        return nil
    }

    /// The proxy has closed the connection.
    private func ended() {
        guard !isBusy, load.scenario.closes else { return fail() }
        close()
        if !load.isOver { connect() }
    }

    private func fail() {
        load.failed()
        isBusy = false
        close()
        if staysIdle { load.becameIdle() }
    }
}
