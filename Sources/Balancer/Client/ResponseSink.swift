internal import Reactor

/// Where an exchange's response goes, and what it asks of the request's sender: an HTTP/1 connection now, a stream of an
/// HTTP/2 connection later.
protocol ResponseSink: AnyObject {
    /// Bytes of the response that the client has not taken yet.
    var responseBacklog: Int { get }
    /// Bytes sent to the client since the exchange began, and how many of them were heads.
    var responseBytesSent: Int { get }
    var responseHeadBytes: Int { get }

    /// - Parameter contentLength: of the body; nil when it is not known
    func beginResponse(_ status: Int, reason: String?, contentLength: Int?, mayKeepAlive: Bool)
    func responseField(_ name: Span<UInt8>, _ value: Span<UInt8>)
    func endResponseHead()
    func responseBody(_ bytes: Span<UInt8>)
    /// The same with bytes that stay where they are until ``takeLentBody()``, so that they need not be copied.
    func responseBody(lent bytes: Span<UInt8>)
    /// Whoever lent bytes is about to take them back.
    func takeLentBody()
    /// All of the body, after ``endResponseHead()``.
    func responseFile(_ part: FilePart)
    /// The response is complete. The sink tells the exchange when the client has it (``Exchange/complete()``).
    func endResponse()
    /// The response cannot be completed: the client must see that it is not whole.
    func abortResponse()
    /// There is no response at all (444).
    func dropConnection(resets: Bool)
    /// Sends what there is, as far as the client takes it.
    func flushResponse()
    /// ``Exchange/isBodyCongested`` is false again.
    func resumeRequestBody()
}

extension ResponseSink {
    func responseBody(lent bytes: Span<UInt8>) { responseBody(bytes) }
    func takeLentBody() {}

    func responseField(_ name: StaticString, _ value: [UInt8]) {
        let name = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        responseField(name.span, value.span)
    }
}

/// What a client's connection is, for variables and rules.
final class ClientInfo {
    /// `$connection`.
    let number: UInt64
    /// The peer of the connection itself.
    let address: SocketAddress
    /// `$remote_addr` unless another header is trusted.
    let addressText: AddressText
    private let transport: Transport?
    let openedAt: MonotonicTime
    /// What `proxy_protocol` says.
    var proxied: ProxiedConnection?
    /// `$connection_requests`.
    var requests = 0
    private var knownLocalAddress: SocketAddress?

    /// The address that it was made to.
    var localAddress: SocketAddress? {
        if knownLocalAddress == nil, case .plain(let socket) = transport { knownLocalAddress = socket.localAddress }
        return knownLocalAddress
    }

    /// What the kernel knows of the way to the client; nil: it is not TCP.
    var path: TCPInfo? {
        guard case .plain(let socket) = transport else { return nil }
        return socket.tcpInfo
    }

    /// - Parameter local: where it was made to; nil: the socket is asked when it is needed
    init(
        number: UInt64, address: SocketAddress, local: SocketAddress?, transport: Transport?, openedAt: MonotonicTime
    ) {
        knownLocalAddress = local
        self.openedAt = openedAt
        self.number = number
        self.address = address
        self.transport = transport
        addressText = AddressText(address)
    }
}
