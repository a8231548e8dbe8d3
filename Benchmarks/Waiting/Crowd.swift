internal import CLinux
internal import Glibc
internal import Queue
internal import Reactor

/// Clients that each send one request and wait for its answer: a connection each, and one thread for all.
final class Crowd {
    struct Answer {
        /// Microseconds since 1970.
        let receivedAt: Int64
        let taskID: String
    }

    private let loop: EventLoop
    private(set) var answers: [Answer] = []
    /// Answers without a result, and connections that ended before theirs.
    private(set) var failures: [String] = []
    private var members: [Member] = []
    private var sent = 0

    /// Connections on their way at once: a burst must fit the listeners' backlogs.
    private static let opening = 64

    init(on loop: EventLoop) { self.loop = loop }

    /// Connects them all. Returns when every request is sent.
    func enter(_ requests: [[UInt8]], at target: SocketAddress) throws {
        let start = MonotonicTime.current
        while sent < requests.count {
            while members.count < requests.count, members.count - sent < Self.opening {
                members.append(try Member(self, on: loop, target, requests[members.count]))
            }
            loop.turn(waitingAtMost: .milliseconds(100))
            guard failures.isEmpty else { throw BenchError(failures[0]) }
            if loop.now - start > .seconds(60) { throw BenchError("only \(sent) clients have come in") }
        }
    }

    /// Lets them wait.
    func wait(for duration: Duration) {
        let end = MonotonicTime.current + duration
        repeat { loop.turn(waitingAtMost: .milliseconds(50)) } while loop.now < end
    }

    /// Returns when all are answered.
    func waitForAnswers(within limit: Duration) throws {
        let end = MonotonicTime.current + limit
        while answers.count < members.count {
            loop.turn(waitingAtMost: .milliseconds(50))
            guard failures.isEmpty else { throw BenchError(failures[0]) }
            if loop.now > end { throw BenchError("only \(answers.count) of \(members.count) clients were answered") }
        }
    }

    func leave() {
        for member in members { member.close() }
        members = []
    }

    fileprivate func hasSent() { sent += 1 }
    fileprivate func got(_ answer: Answer) { answers.append(answer) }
    fileprivate func failed(_ reason: String) { failures.append(reason) }
}

private final class Member: EventHandler {
    private unowned let crowd: Crowd
    private let loop: EventLoop
    private let request: [UInt8]
    private let socket: Socket
    private var registration: EventLoop.Registration?
    private var isSent = false
    private var isDone = false
    private var received: [UInt8] = []

    init(_ crowd: Crowd, on loop: EventLoop, _ target: SocketAddress, _ request: [UInt8]) throws {
        self.crowd = crowd
        self.loop = loop
        self.request = request
        let (socket, state) = try Socket.connect(to: target)
        self.socket = socket
        registration = try loop.add(socket.descriptor, self)
        if state == .connected { send() }
    }

    func close() {
        guard let registration else { return }
        loop.remove(registration)
        self.registration = nil
        socket.close()
    }

    func handle(_ readiness: Readiness) {
        if !isSent, readiness.contains(.writable), !readiness.contains(.failed) { send() }
        if !readiness.isDisjoint(with: [.readable, .peerClosed, .failed, .hungUp]) { receive() }
    }

    private func send() {
        let count = request.withUnsafeBytes {
            Glibc.send(socket.descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
        }
        guard count == request.count else { return fail("a request was not sent") }
        isSent = true
        crowd.hasSent()
    }

    private func receive() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !isDone {
            let count = recv(socket.descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            guard count > 0 else { return fail("a connection ended without an answer") }
            received += buffer[..<count]
            takeAnswer()
        }
    }

    /// The answers are JSON objects without another in front of their end.
    private func takeAnswer() {
        guard let last = received.last, last == UInt8(ascii: "}") else { return }
        let text = ReplyText(bytes: received)
        guard received.starts(with: "HTTP/1.1 200".utf8), text.text(of: "status") == "completed",
            let id = text.text(of: "task_id") ?? text.text(of: "id")
        else {
            return fail("a client was answered: \(String(decoding: received, as: UTF8.self))")
        }
        isDone = true
        crowd.got(.init(receivedAt: Timestamp.now.microseconds, taskID: id))
    }

    private func fail(_ reason: String) {
        isDone = true
        crowd.failed(reason)
    }
}
