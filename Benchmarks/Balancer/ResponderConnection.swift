internal import Glibc
internal import Reactor

/// A connection of a program to the responder. Each request is answered when its last record has arrived.
final class ResponderConnection: EventHandler {
    private let responder: StaticResponder
    private let socket: Socket
    private var registration: EventLoop.Registration?
    private var reply: [UInt8] = []
    private var generation = 0
    private var requestID: UInt16 = 1
    /// The current record: the bytes of its header so far (`header`), and how many bytes of its content and padding are
    /// missing (`rest`).
    private var header: [UInt8] = []
    private var rest = 0
    private var unsent = 0

    private static let size = 64 * 1024
    /// The receive buffer. All connections share it, because they run on one thread.
    nonisolated(unsafe) private static let scratch = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)

    init(_ socket: Socket, _ responder: StaticResponder) {
        self.socket = socket
        self.responder = responder
        header.reserveCapacity(8)
    }

    /// Adds the connection to the loop, which keeps a reference until the connection is closed.
    func start() {
        registration = try? responder.loop.add(socket.descriptor, self)
        if registration == nil { socket.close() }
    }

    func handle(_ readiness: Readiness) {
        if readiness.contains(.writable), unsent > 0 { send() }
        guard !readiness.isDisjoint(with: [.readable, .peerClosed, .failed, .hungUp]) else { return }
        while registration != nil {
            let count = recv(socket.descriptor, Self.scratch, Self.size, 0)
            guard count > 0 else {
                if count < 0, errno == EAGAIN || errno == EINTR { return }
                return close()
            }
            take(UnsafeRawBufferPointer(start: Self.scratch, count: count))
            if count < Self.size { return }
        }
    }

    private func close() {
        if let registration { responder.loop.remove(registration) }
        registration = nil
        socket.close()
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        var position = 0
        while position < bytes.count {
            if rest > 0 {
                let count = min(rest, bytes.count - position)
                rest -= count
                position += count
                continue
            }
            header.append(bytes[position])
            position += 1
            guard header.count == 8 else { continue }
            rest = Int(header[4]) << 8 + Int(header[5]) + Int(header[6])
            // An empty FCGI_STDIN record ends the request.
            if header[1] == 5, header[4] == 0, header[5] == 0 {
                answer(UInt16(header[2]) << 8 | UInt16(header[3]))
            }
            header.removeAll(keepingCapacity: true)
        }
    }

    private func answer(_ id: UInt16) {
        if generation != responder.generation {
            generation = responder.generation
            reply = responder.reply
            requestID = 1
        }
        if id != requestID {
            requestID = id
            for start in responder.records {
                reply[start + 2] = UInt8(id >> 8)
                reply[start + 3] = UInt8(id & 255)
            }
        }
        unsent = reply.count
        send()
    }

    private func send() {
        while unsent > 0 {
            let count = reply.withUnsafeBytes { bytes in
                Glibc.send(
                    socket.descriptor, bytes.baseAddress! + bytes.count - unsent, unsent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            unsent -= count
        }
    }
}
