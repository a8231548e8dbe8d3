import Glibc
import Reactor
import Testing
import Threading

struct EventLoopTests {
    @Test func `a connection on a loop echoes its bytes, with each kind of address`() throws {
        let path = "/tmp/millrace-\(UInt32.random(in: 0 ... .max)).sock"
        defer { unlink(path) }
        for address in [
            SocketAddress(numeric: "127.0.0.1", port: 0)!, SocketAddress(numeric: "::1", port: 0)!, .unix(path),
        ] {
            let loop = try EventLoop()
            let listener = try ListeningSocket.listen(on: address)
            defer { listener.close() }
            let server = EchoServer(loop, listener)
            _ = try loop.add(listener.descriptor, server)
            let (client, _) = try Socket.connect(to: listener.localAddress!)
            defer { client.close() }
            let sender = Sender(loop, client)
            _ = try loop.add(client.descriptor, sender)
            for _ in 0..<200 where sender.received.count < 5 { loop.turn(waitingAtMost: .milliseconds(20)) }
            #expect(sender.received == Array("hello".utf8))
        }
    }

    @Test func `work posted by other threads runs on the loop, in order`() throws {
        let loop = try EventLoop()
        let counts = Monitor<[Int]>([])
        let thread = NamedThread("loop") { loop.run() }
        for number in 0..<1000 { loop.post { counts.withLock { $0.append(number) } } }
        loop.post { loop.stop() }
        thread.join()
        #expect(counts.withLock { $0 } == Array(0..<1000))
    }

    @Test func `a timer wakes the loop in time`() throws {
        let loop = try EventLoop()
        let alarm = Alarm()
        let timer = loop.makeTimer(alarm)
        let start = MonotonicTime.current
        loop.set(timer, after: .milliseconds(30))
        while !alarm.hasFired { loop.turn(waitingAtMost: nil) }
        #expect(MonotonicTime.current - start >= .milliseconds(29))
        #expect(loop.turns < 10)
        loop.remove(timer)
    }

    @Test func `the error names a port that is in use`() throws {
        let listener = try ListeningSocket.listen(on: SocketAddress(numeric: "127.0.0.1", port: 0)!)
        defer { listener.close() }
        let address = listener.localAddress!
        let error = #expect(throws: SystemError.self) { try ListeningSocket.listen(on: address) }
        #expect(error?.description == "bind() to \(address) failed (98: Address already in use)")
    }

    @Test func `a file that is not a socket is not replaced`() throws {
        var path = Array("/tmp/mr-file-XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        defer { close(descriptor) }
        let name = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(name) }
        let error = #expect(throws: SystemError.self) { try ListeningSocket.listen(on: .unix(name)) }
        #expect(error?.code == EADDRINUSE)
        #expect(access(name, F_OK) == 0)
    }

    @Test func `an unused unix socket is replaced, one in use is not`() throws {
        let path = "/tmp/millrace-\(UInt32.random(in: 0 ... .max)).sock"
        defer { unlink(path) }
        let first = try ListeningSocket.listen(on: .unix(path))
        #expect(throws: SystemError.self) { try ListeningSocket.listen(on: .unix(path)) }
        first.close()
        let second = try ListeningSocket.listen(on: .unix(path))
        second.close()
    }

    @Test func `a buffer keeps its bytes while it moves and grows`() {
        let buffer = ByteBuffer(capacity: 64)
        var expected: [UInt8] = []
        for number in 0..<2000 {
            buffer.append(decimal: -number)
            expected += Array(String(-number).utf8)
            if number % 3 == 1 {
                buffer.consume(2)
                expected.removeFirst(2)
            }
        }
        #expect(buffer.withBytes { Array($0) } == expected)
    }

    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1:80", true), ("::1", "[::1]:80", true), ("192.0.2.1", "192.0.2.1:80", false),
        ("2001:db8::5", "[2001:db8::5]:80", false), ("::ffff:127.0.0.1", "[::ffff:127.0.0.1]:80", true),
    ]) func `addresses are written as nginx writes them`(text: String, shown: String, loopback: Bool) {
        let address = SocketAddress(numeric: text, port: 80)!
        #expect(address.description == shown)
        #expect(address.isLoopback == loopback)
    }
}

private final class Alarm: TimerHandler {
    var hasFired = false
    func timerFired(_ timer: EventLoop.Timer) { hasFired = true }
}

private final class EchoServer: EventHandler {
    let loop: EventLoop
    let listener: ListeningSocket
    var connections: [EchoConnection] = []

    init(_ loop: EventLoop, _ listener: ListeningSocket) { (self.loop, self.listener) = (loop, listener) }

    func handle(_ readiness: Readiness) {
        while case .connection(let socket, _) = listener.accept() {
            let connection = EchoConnection(socket)
            connections.append(connection)
            _ = try? loop.add(socket.descriptor, connection)
        }
    }
}

private final class EchoConnection: EventHandler {
    let transport: any Transport
    let buffer = ByteBuffer(capacity: 64)

    init(_ socket: Socket) { transport = socket }
    deinit { transport.close() }

    func handle(_ readiness: Readiness) {
        while case .bytes = transport.read(into: buffer, atMost: 64) {}
        _ = transport.write(from: buffer)
    }
}

private final class Sender: EventHandler {
    let transport: any Transport
    var hasSent = false
    var received: [UInt8] = []

    init(_ loop: EventLoop, _ socket: Socket) { transport = socket }

    func handle(_ readiness: Readiness) {
        let buffer = ByteBuffer(capacity: 64)
        if readiness.contains(.writable), !hasSent {
            hasSent = true
            buffer.append("hello")
            _ = transport.write(from: buffer)
            buffer.removeAll()
        }
        while case .bytes = transport.read(into: buffer, atMost: 64) {}
        received += buffer.withBytes { Array($0) }
    }
}
