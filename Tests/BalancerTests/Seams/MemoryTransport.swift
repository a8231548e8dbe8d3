import Reactor
import Threading

/// A connection in memory: an implementation of ``Transport`` for tests. Its descriptor is an ``EventFD``. A signal on
/// it tells the loop that bytes have arrived or that the other end has ended its output.
final class MemoryTransport: Transport {
    private let event = EventFD()
    private var incoming: [UInt8] = []
    /// The bytes that the balancer has written and the test has not taken yet.
    private(set) var outgoing: [UInt8] = []
    /// The number of bytes that can be written before a write would block.
    var room = Int.max
    private var isEnded = false
    /// Whether writes fail, as if the peer was gone.
    var isBroken = false
    private(set) var isClosed = false
    private(set) var isReset = false
    private(set) var isWritingShutDown = false
    let isEncrypted: Bool

    init(isEncrypted: Bool = false) { self.isEncrypted = isEncrypted }

    // MARK: What the test does as the other end

    /// The other end sends a text, and the balancer receives it.
    func receive(_ text: String) {
        incoming += Array(text.utf8)
        event.signal()
    }

    /// The other end sends no more bytes.
    func end() {
        isEnded = true
        event.signal()
    }

    func takeOutgoing() -> String {
        defer { outgoing = [] }
        return String(decoding: outgoing, as: UTF8.self)
    }

    // MARK: Transport

    var descriptor: CInt { event.descriptor }
    var localAddress: SocketAddress? { SocketAddress("192.0.2.1:443") }
    var tcpInfo: TCPInfo? { nil }
    var pendingError: CInt { 0 }

    func read(into buffer: ByteBuffer, atMost limit: Int) -> IOOutcome {
        event.drain()
        if incoming.isEmpty { return isEnded || isBroken ? .closed : .wouldBlock }
        let count = min(limit, incoming.count)
        buffer.append(Array(incoming[..<count]))
        incoming.removeFirst(count)
        return .bytes(count)
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> IOOutcome {
        if isBroken { return .closed }
        guard room > 0 else { return .wouldBlock }
        let count = min(room, bytes.count)
        outgoing += bytes[..<count]
        if room != .max { room -= count }
        return .bytes(count)
    }

    func write(_ pieces: LentPieces, after buffer: ByteBuffer?) -> IOOutcome {
        let all = ByteBuffer(capacity: pieces.byteCount)
        buffer?.withBytes { all.append($0) }
        pieces.copy(from: 0, to: all)
        return all.withBytes { write($0) }
    }

    /// Sends no byte of a file, as if the socket was full.
    func send(_ part: FilePart, atMost limit: Int) -> IOOutcome { .wouldBlock }
    func shutdownWriting() { isWritingShutDown = true }
    func close() { isClosed = true }

    func reset() {
        isReset = true
        isClosed = true
    }
}
