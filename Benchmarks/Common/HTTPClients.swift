internal import CLinux
internal import Glibc
internal import Reactor

/// Decides what HTTP clients request, and takes the responses. All calls are on one thread.
protocol LoadScript: AnyObject {
    /// The next request of a free client; nil if there is none at the moment.
    func next(_ client: Int) -> [UInt8]?
    /// - Parameters:
    ///   - sentAt: when the request was sent.
    ///   - now: when the response was complete.
    func answered(_ client: Int, _ reply: HTTPReply, sentAt: MonotonicTime, now: MonotonicTime) throws
}

/// A response in the receive buffer.
struct HTTPReply {
    let status: Int
    let body: UnsafeRawBufferPointer

    /// The text between `mark` and the next quote.
    /// - Parameter mark: a member's name with quotes and colon, and the value's first quote: `"name":"`.
    func text(after mark: StaticString) -> [UInt8]? {
        guard let start = body.baseAddress,
            let found = memmem(start, body.count, mark.utf8Start, mark.utf8CodeUnitCount)
        else { return nil }
        let value = UnsafeRawPointer(found) + mark.utf8CodeUnitCount
        let left = body.count - (value - start)
        guard let end = memchr(value, CInt(UInt8(ascii: "\"")), left) else { return nil }
        return Array(UnsafeRawBufferPointer(start: value, count: UnsafeRawPointer(end) - value))
    }

    func has(_ text: StaticString) -> Bool {
        memmem(body.baseAddress!, body.count, text.utf8Start, text.utf8CodeUnitCount) != nil
    }

    var string: String { String(decoding: body, as: UTF8.self) }
}

/// Clients on keep-alive connections, each with one request at a time, on one loop.
///
/// The load generator shares the cores with the measured system. A thread for each client would need more processor
/// time than the requests, so one thread runs all clients.
final class HTTPClients {
    let loop: EventLoop
    private let script: any LoadScript
    private var clients: [HTTPClient] = []
    fileprivate var failure: (any Error)?
    /// Requests without a response so far.
    fileprivate var busy = 0

    init(_ count: Int, target: SocketAddress, script: any LoadScript) throws {
        loop = try EventLoop()
        self.script = script
        for number in 0..<count {
            clients.append(try HTTPClient(number, target: target, loop: loop, script: script, owner: self))
        }
    }

    /// Runs the clients until `isOver` is true and each request has its response.
    /// - Parameter pause: the maximum waiting time of one turn of the loop.
    func run(pause: Duration = .milliseconds(1), until isOver: () -> Bool) throws {
        while true {
            for client in clients where client.isFree { client.sendNext() }
            if let failure { throw failure }
            if isOver(), busy == 0 { break }
            loop.turn(waitingAtMost: pause)
            if let failure { throw failure }
        }
    }

    func close() {
        for client in clients { client.close() }
        clients = []
    }
}

private final class HTTPClient: EventHandler {
    private let number: Int
    private let target: SocketAddress
    private var socket: Socket
    private let loop: EventLoop
    private let script: any LoadScript
    private unowned let owner: HTTPClients
    private var registration: EventLoop.Registration?
    private var received: [UInt8] = []
    private var sentAt = MonotonicTime(nanoseconds: 0)
    private(set) var isFree = true

    private static let size = 256 * 1024
    /// The receive buffer. All clients share it, because they run on one thread.
    nonisolated(unsafe) private static let scratch = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)

    init(
        _ number: Int, target: SocketAddress, loop: EventLoop, script: any LoadScript, owner: HTTPClients
    ) throws {
        self.number = number
        self.loop = loop
        self.script = script
        self.owner = owner
        self.target = target
        socket = try Socket.connect(to: target).0
        try open()
    }

    private func open() throws {
        registration = try loop.add(socket.descriptor, self, awaitsWritable: false)
        var writable = pollfd(fd: socket.descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&writable, 1, 5000) == 1, socket.pendingError == 0 else { throw BenchError("cannot connect") }
    }

    func close() {
        if let registration { loop.remove(registration) }
        registration = nil
        socket.close()
    }

    /// Opens a new connection after the server has closed the old one (`keepalive_requests`).
    private func reopen() throws {
        close()
        socket = try Socket.connect(to: target).0
        try open()
    }

    /// Sends the next request of the script, if there is one.
    func sendNext() {
        guard isFree, owner.failure == nil, let request = script.next(number) else { return }
        isFree = false
        owner.busy += 1
        sentAt = .current
        request.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = send(
                    socket.descriptor, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
                if count > 0 {
                    sent += count
                } else if errno == EAGAIN {
                    // The body is larger than the socket's buffer. Wait until the server has read more of it.
                    var writable = pollfd(fd: socket.descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&writable, 1, 1000)
                } else {
                    owner.failure = BenchError("a request could not be sent: errno \(errno)")
                    return
                }
            }
        }
    }

    func handle(_ readiness: Readiness) {
        guard readiness.hasInput else { return }
        while true {
            let count = recv(socket.descriptor, Self.scratch, Self.size, 0)
            if count <= 0 {
                if count < 0, errno == EAGAIN || errno == EINTR { return }
                if owner.failure == nil { owner.failure = BenchError("the server closed a connection") }
                return
            }
            let bytes = UnsafeRawBufferPointer(start: Self.scratch, count: count)
            do {
                if received.isEmpty, try take(bytes) {
                    if count < Self.size { return }
                    continue
                }
                received.append(contentsOf: bytes)
                if try received.withUnsafeBytes(take) { received.removeAll(keepingCapacity: true) }
            } catch {
                owner.failure = error
                return
            }
            if count < Self.size { return }
        }
    }

    /// Takes a response, and sends the next request.
    /// - Returns: false if the response is incomplete.
    private func take(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
        guard !isFree else { throw BenchError("a response without a request") }
        guard let end = memmem(bytes.baseAddress!, bytes.count, "\r\n\r\n", 4) else { return false }
        let head = UnsafeRawBufferPointer(start: bytes.baseAddress!, count: UnsafeRawPointer(end) - bytes.baseAddress!)
        guard head.count > 12 else { throw BenchError("a malformed response") }
        let status = head[9..<12].reduce(0) { $0 * 10 + Int($1) - 48 }
        guard let length = Self.number(in: head, "\ncontent-length:") else {
            throw BenchError("a response without Content-Length")
        }
        let start = head.count + 4
        guard bytes.count >= start + length else { return false }
        let body = UnsafeRawBufferPointer(rebasing: bytes[start..<(start + length)])
        isFree = true
        owner.busy -= 1
        try script.answered(number, HTTPReply(status: status, body: body), sentAt: sentAt, now: .current)
        if Self.value(in: head, "\nconnection:")?.first == UInt8(ascii: "c") { try reopen() }
        sendNext()
        return true
    }

    private static func number(in head: UnsafeRawBufferPointer, _ name: StaticString) -> Int? {
        guard let digits = value(in: head, name)?.prefix(while: { $0 >= 48 && $0 <= 57 }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    /// The value of a header field, and the rest of the head after it.
    /// - Parameter name: a line feed, the name in lower case, and a colon.
    private static func value(
        in head: UnsafeRawBufferPointer, _ name: StaticString
    ) -> Slice<UnsafeRawBufferPointer>? {
        var position = 0
        while let feed = memchr(head.baseAddress! + position, 0x0A, head.count - position) {
            position = UnsafeRawPointer(feed) - head.baseAddress!
            if head.count - position > name.utf8CodeUnitCount,
                strncasecmp(
                    (head.baseAddress! + position).assumingMemoryBound(to: CChar.self),
                    UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self), name.utf8CodeUnitCount) == 0
            {
                return head[(position + name.utf8CodeUnitCount)...].drop { $0 == 0x20 }
            }
            position += 1
        }
        return nil
    }
}
