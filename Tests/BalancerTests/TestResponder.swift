import Glibc
import Reactor
import TestSupport
import Threading

/// A FastCGI responder whose answers a test defines. Each connection has a thread with a blocking socket.
final class TestResponder: Sendable {
    struct Request: Sendable {
        var params: [String: String] = [:]
        /// The params in the order in which they came, with repeated names.
        var pairs: [(name: String, value: String)] = []
        var body: [UInt8] = []
        /// The number of the connection, from 0.
        var connection = 0
        var keepsConnection = false

        var names: [String] { pairs.map(\.name) }
        var uri: String { params["REQUEST_URI"] ?? "" }
    }

    enum Step: Sendable {
        case stdout(String)
        case bytes([UInt8])
        case stderr(String)
        /// FCGI_END_REQUEST with this protocol status.
        case end(UInt8 = 0)
        case close
        case raw([UInt8])
        /// The node waits for this time. To wait for an event of the test, use ``pass(_:)``.
        case sleep(Duration)
        /// The node waits until the gate is open.
        case pass(Gate)
    }

    private struct Contents {
        var requests: [Request] = []
        var connections = 0
        var open = 0
        var descriptors: Set<CInt> = []
        var isStopped = false
    }

    /// The responder's address, as nginx's `server` directive takes it.
    let address: String
    private let listener: ListeningSocket
    private let contents = Monitor(Contents())
    private let answer: @Sendable (Request) -> [Step]
    /// Whether the responder answers before it has read the request's body.
    private let answersEarly: Bool

    static let ok: @Sendable (Request) -> [Step] = { _ in
        [.stdout("Status: 200 OK\r\nContent-Type: text/plain\r\n\r\nhello"), .end()]
    }

    init(
        at address: SocketAddress? = nil, answersEarly: Bool = false,
        _ answer: @escaping @Sendable (Request) -> [Step] = TestResponder.ok
    ) throws {
        self.answersEarly = answersEarly
        let place = address ?? .unix("/tmp/mr-\(UInt64.random(in: 0 ... .max)).sock")
        listener = try ListeningSocket.listen(on: place)
        self.address = (listener.localAddress ?? place).description
        self.answer = answer
        setBlocking(listener.descriptor)
        _ = NamedThread("responder") { [self] in acceptAll() }
    }

    var requests: [Request] { contents.withLock { $0.requests } }
    var connections: Int { contents.withLock { $0.connections } }
    var openConnections: Int { contents.withLock { $0.open } }

    /// Waits until the responder has received `count` requests since its start.
    func waitForRequests(_ count: Int) throws {
        guard contents.wait(for: .seconds(20), { $0.requests.count >= count ? () : nil }) != nil else {
            throw TestFailure("the node has received \(requests.count) instead of \(count) requests")
        }
    }

    /// Waits until the balancer has closed all connections.
    func waitUntilDisconnected() throws {
        guard contents.wait(for: .seconds(20), { $0.open == 0 ? () : nil }) != nil else {
            throw TestFailure("\(openConnections) connections to the node are still open")
        }
    }

    /// Closes every connection and the listener. A second call does nothing.
    func stop() {
        contents.withLock { contents in
            if !contents.isStopped { shutdown(listener.descriptor, CInt(SHUT_RDWR)) }
            contents.isStopped = true
            for descriptor in contents.descriptors { shutdown(descriptor, CInt(SHUT_RDWR)) }
        }
        if address.hasPrefix("unix:") { unlink(String(address.dropFirst(5))) }
    }

    /// Closes the connections that are open at this moment.
    func dropConnections() {
        contents.withLock { contents in
            for descriptor in contents.descriptors { shutdown(descriptor, CInt(SHUT_RDWR)) }
        }
    }

    private func acceptAll() {
        while true {
            guard case .connection(let socket, _) = listener.accept() else { break }
            if contents.withLock({ $0.isStopped }) {
                socket.close()
                break
            }
            setBlocking(socket.descriptor)
            let number = contents.withLock { contents in
                contents.connections += 1
                contents.open += 1
                contents.descriptors.insert(socket.descriptor)
                return contents.connections - 1
            }
            _ = NamedThread("connection") { [self] in
                serve(socket.descriptor, number)
                contents.broadcast { contents in
                    contents.open -= 1
                    contents.descriptors.remove(socket.descriptor)
                }
                socket.close()
            }
        }
        contents.withLock { contents in
            contents.isStopped = true
            listener.close()
        }
    }

    private func serve(_ descriptor: CInt, _ number: Int) {
        while var request = readRequest(descriptor) {
            request.connection = number
            contents.broadcast { $0.requests.append(request) }
            for step in answer(request) {
                switch step {
                case .stdout(let text): send(descriptor, 6, Array(text.utf8))
                case .bytes(let bytes): send(descriptor, 6, bytes)
                case .stderr(let text): send(descriptor, 7, Array(text.utf8))
                case .end(let status): write(descriptor, [1, 3, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0, status, 0, 0, 0])
                case .close: return
                case .raw(let bytes): write(descriptor, bytes)
                case .sleep(let duration): sleepCurrentThread(for: duration)
                case .pass(let gate): gate.pass()
                }
            }
            if !request.keepsConnection { return }
        }
    }

    private func readRequest(_ descriptor: CInt) -> Request? {
        var request = Request()
        var params: [UInt8] = []
        while true {
            guard let header = readBytes(descriptor, 8) else { return nil }
            let length = Int(header[4]) << 8 | Int(header[5])
            guard let content = readBytes(descriptor, length), readBytes(descriptor, Int(header[6])) != nil else {
                return nil
            }
            switch header[1] {
            case 1: request.keepsConnection = content[2] & 1 == 1
            case 4:
                params += content
                if content.isEmpty {
                    decode(params, into: &request)
                    if answersEarly { return request }
                }
            case 5:
                if content.isEmpty { return request }
                request.body += content
            default: return nil
            }
        }
    }

    private func decode(_ bytes: [UInt8], into request: inout Request) {
        var position = 0
        func length() -> Int {
            if bytes[position] < 128 {
                position += 1
                return Int(bytes[position - 1])
            }
            position += 4
            return Int(bytes[position - 4] & 0x7F) << 24 | Int(bytes[position - 3]) << 16
                | Int(bytes[position - 2]) << 8 | Int(bytes[position - 1])
        }
        while position < bytes.count {
            let (name, value) = (length(), length())
            let key = String(decoding: bytes[position..<position + name], as: UTF8.self)
            let text = String(decoding: bytes[position + name..<position + name + value], as: UTF8.self)
            request.params[key] = text
            request.pairs.append((key, text))
            position += name + value
        }
    }

    private func readBytes(_ descriptor: CInt, _ count: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: max(1, count))
        while bytes.count < count {
            let got = recv(descriptor, &chunk, count - bytes.count, 0)
            if got <= 0 { return nil }
            bytes += chunk[..<got]
        }
        return bytes
    }

    private func send(_ descriptor: CInt, _ type: UInt8, _ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(65_000)
            rest = rest.dropFirst(piece.count)
            write(descriptor, [1, type, 0, 1, UInt8(piece.count >> 8), UInt8(piece.count & 255), 0, 0] + piece)
        }
    }

    private func write(_ descriptor: CInt, _ bytes: [UInt8]) {
        var sent = 0
        bytes.withUnsafeBytes { raw in
            while sent < raw.count {
                let count = Glibc.send(descriptor, raw.baseAddress! + sent, raw.count - sent, CInt(MSG_NOSIGNAL))
                if count <= 0 { return }
                sent += count
            }
        }
    }
}

func setBlocking(_ descriptor: CInt) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
}

/// A node that sends the request's body back.
let echo: @Sendable (TestResponder.Request) -> [TestResponder.Step] = { request in
    [.stdout("Content-Length: \(request.body.count)\r\n\r\n"), .bytes(request.body), .end()]
}
