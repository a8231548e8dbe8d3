internal import CLinux
internal import Glibc
internal import Queue
internal import Reactor

/// Clients that send one request each, and wait for the response. Each has its own connection, and one thread serves
/// all.
final class Crowd {
    struct Answer {
        /// The time of the response, in microseconds since 1970.
        let receivedAt: Int64
        let taskID: String
    }

    private let loop: EventLoop
    private(set) var answers: [Answer] = []
    /// Responses without a result, and connections that ended without a response.
    private(set) var failures: [String] = []
    private var members: [CrowdMember] = []
    private var sent = 0

    /// Maximum number of clients whose request is not sent yet. A larger burst would not fit the listeners' backlogs.
    private static let maxOpening = 64

    init(on loop: EventLoop) { self.loop = loop }

    /// Connects all clients. Returns when every request is sent.
    func connect(_ requests: [[UInt8]], at target: SocketAddress) throws {
        let start = MonotonicTime.current
        while sent < requests.count {
            while members.count < requests.count, members.count - sent < Self.maxOpening {
                members.append(try CrowdMember(self, on: loop, target, requests[members.count]))
            }
            loop.turn(waitingAtMost: .milliseconds(100))
            guard failures.isEmpty else { throw BenchError(failures[0]) }
            if loop.now - start > .seconds(60) { throw BenchError("only \(sent) clients have connected within 60 s") }
        }
    }

    /// Runs the loop while the clients wait.
    func wait(for duration: Duration) {
        let end = MonotonicTime.current + duration
        repeat { loop.turn(waitingAtMost: .milliseconds(50)) } while loop.now < end
    }

    /// Returns when all clients have their response.
    func waitForAnswers(within timeout: Duration) throws {
        let end = MonotonicTime.current + timeout
        while answers.count < members.count {
            loop.turn(waitingAtMost: .milliseconds(50))
            guard failures.isEmpty else { throw BenchError(failures[0]) }
            if loop.now > end { throw BenchError("only \(answers.count) of \(members.count) clients have a response") }
        }
    }

    func close() {
        for member in members { member.close() }
        members = []
    }

    fileprivate func hasSent() { sent += 1 }
    fileprivate func got(_ answer: Answer) { answers.append(answer) }
    fileprivate func failed(_ reason: String) { failures.append(reason) }
}

private final class CrowdMember: EventHandler {
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
            guard count > 0 else { return fail("a connection ended without a response") }
            received += buffer[..<count]
            takeAnswer()
        }
    }

    /// The response is a JSON object, so it counts as complete when the bytes received so far end with `}`. (An inner
    /// object also ends with `}`, but so short a body arrives in one piece.)
    private func takeAnswer() {
        guard let last = received.last, last == UInt8(ascii: "}") else { return }
        let text = ReplyText(bytes: received)
        guard received.starts(with: "HTTP/1.1 200".utf8), text.text(of: "status") == "completed",
            let id = text.text(of: "task_id") ?? text.text(of: "id")
        else {
            return fail("unexpected response: \(String(decoding: received, as: UTF8.self))")
        }
        isDone = true
        crowd.got(.init(receivedAt: Timestamp.now.microseconds, taskID: id))
    }

    private func fail(_ reason: String) {
        isDone = true
        crowd.failed(reason)
    }
}
