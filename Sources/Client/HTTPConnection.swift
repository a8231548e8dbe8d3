internal import Bytes
package import HTTPWire
package import JSON

/// A connection to an HTTP/1.1 server. Only one thread may use it, for one request after the other.
///
/// It connects when it is first used, and again if the server has closed the connection between two requests. It never
/// repeats a request after an error: the caller decides whether to repeat it.
package final class HTTPConnection {
    package let server: ServerAddress
    /// The default timeout of a whole request, including the time to connect.
    package let timeout: Duration

    private let authority: String
    private let prefix: String
    private var socket: ClientSocket?
    private var received: [UInt8] = []
    private var parser: ResponseParser
    private var output: [UInt8] = []

    /// - Parameter limits: the limits for the head of a response.
    package init(to server: ServerAddress, timeout: Duration = .seconds(30), limits: HTTPLimits = HTTPLimits()) {
        self.server = server
        self.timeout = timeout
        authority = server.authority
        prefix = ""
        parser = ResponseParser(limits: limits)
    }

    package init(to url: ServerURL, timeout: Duration = .seconds(30)) {
        server = url.address
        self.timeout = timeout
        authority = url.authority
        prefix = url.prefix
        parser = ResponseParser()
    }

    deinit { socket?.close() }

    package func close() {
        socket?.close()
        socket = nil
        received.removeAll(keepingCapacity: true)
    }

    /// Connects, unless the connection is already open.
    package func connect() throws(ClientError) {
        try connect(PollDeadline(after: timeout))
    }

    /// Sends a request and waits for its response.
    /// - Parameters:
    ///   - target: path and query, percent-encoded. The URL's prefix is put in front of it.
    ///   - headers: Host and Content-Length are added if they are missing.
    ///   - body: `nil` for no body. An empty body is announced with `Content-Length: 0`.
    package func request(
        _ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8]? = nil,
        timeout: Duration? = nil
    ) throws(ClientError) -> ClientResponse {
        let deadline = PollDeadline(after: timeout ?? self.timeout)
        if let socket, !received.isEmpty || !socket.isQuiet { close() }
        try connect(deadline)
        writeRequest(method, target, headers, body)
        do throws(ClientError) {
            let isSent = try socket!.send(output, yieldsToInput: true, deadline)
            let response = try readResponse(isAnswerToHead: method == "HEAD", deadline)
            if !isSent || !response.keepsAlive { close() }
            return response
        } catch {
            close()
            throw error
        }
    }

    /// Sends a request with a JSON body and waits for its response.
    package func request(
        _ method: String, _ target: String, headers: [(String, String)] = [], json: JSONValue,
        timeout: Duration? = nil
    ) throws(ClientError) -> ClientResponse {
        try request(
            method, target, headers: headers + [("Content-Type", "application/json")], body: json.serialized(),
            timeout: timeout)
    }

    // MARK: - Raw bytes, for malformed requests

    /// Sends bytes without any changes. Connects if necessary.
    package func send(_ bytes: [UInt8]) throws(ClientError) {
        let deadline = PollDeadline(after: timeout)
        try connect(deadline)
        _ = try socket!.send(bytes, yieldsToInput: false, deadline)
    }

    package func send(_ text: String) throws(ClientError) {
        try send(Array(text.utf8))
    }

    /// Closes the sending direction of the connection.
    package func finishSending() { socket?.finishSending() }

    /// Returns the received bytes without parsing them, and waits if none have arrived. Returns an empty array if the
    /// server has closed the connection.
    package func receive(timeout: Duration? = nil) throws(ClientError) -> [UInt8] {
        let deadline = PollDeadline(after: timeout ?? self.timeout)
        defer { received.removeAll(keepingCapacity: true) }
        if received.isEmpty, let socket { _ = try socket.receive(into: &received, deadline) }
        return received
    }

    /// Returns all bytes until the server closes the connection.
    package func receiveAll(timeout: Duration? = nil) throws(ClientError) -> [UInt8] {
        let deadline = PollDeadline(after: timeout ?? self.timeout)
        defer { received.removeAll(keepingCapacity: true) }
        if let socket { while try socket.receive(into: &received, deadline) {} }
        return received
    }

    /// Reads the next response, for pipelined requests. Interim responses are skipped.
    package func readResponse(isAnswerToHead: Bool = false, timeout: Duration? = nil) throws(ClientError)
        -> ClientResponse
    {
        try readResponse(isAnswerToHead: isAnswerToHead, PollDeadline(after: timeout ?? self.timeout))
    }
}

extension HTTPConnection {
    private func connect(_ deadline: PollDeadline) throws(ClientError) {
        if socket == nil { socket = try ClientSocket.connect(to: server, deadline) }
    }

    private func writeRequest(_ method: String, _ target: String, _ headers: [(String, String)], _ body: [UInt8]?) {
        output.removeAll(keepingCapacity: true)
        output.append(contentsOf: "\(method) \(prefix)\(target) HTTP/1.1\r\n".utf8)
        if !contains("host", headers) {
            output.append(contentsOf: "Host: \(authority)\r\n".utf8)
        }
        for (name, value) in headers { output.append(contentsOf: "\(name): \(value)\r\n".utf8) }
        if let body, !contains("content-length", headers), !contains("transfer-encoding", headers) {
            output.append(contentsOf: "Content-Length: \(body.count)\r\n".utf8)
        }
        output.append(contentsOf: "\r\n".utf8)
        if let body { output.append(contentsOf: body) }
    }

    private func contains(_ name: String, _ headers: [(String, String)]) -> Bool {
        headers.contains { $0.0.utf8.isEqual(ignoringCase: name.utf8) }
    }

    private func readResponse(isAnswerToHead: Bool, _ deadline: PollDeadline) throws(ClientError) -> ClientResponse {
        guard let socket else { throw .closed(server) }
        do {
            var headLength = 0
            var taken = 0
            while true {
                parser.reset()
                while true {
                    let length = try parser.parse(
                        received.span.extracting(taken..<received.count), isAnswerToHead: isAnswerToHead)
                    if let length {
                        headLength = length
                        break
                    }
                    guard try socket.receive(into: &received, deadline) else { throw ClientError.closed(server) }
                }
                if parser.head.status >= 200 { break }
                taken += headLength
            }
            let head = Array(received[taken..<(taken + headLength)])
            taken += headLength

            var decoder = BodyDecoder(parser.head.body)
            var body: [UInt8] = []
            while !decoder.isComplete {
                let piece = try decoder.next(received.span.extracting(taken..<received.count))
                body.append(contentsOf: received[taken...][piece.data.shifted(by: taken)])
                taken += piece.consumed
                guard taken == received.count, !decoder.isComplete else { continue }
                received.removeAll(keepingCapacity: true)
                taken = 0
                if try !socket.receive(into: &received, deadline) { try decoder.endOfInput() }
            }
            received.removeSubrange(0..<taken)
            return ClientResponse(parser.head, head: head, body: body, keepsAlive: parser.head.keepsAlive)
        } catch let error as ClientError {
            throw error
        } catch HTTPError.truncated {
            throw .closed(server)
        } catch let error as HTTPError {
            throw .malformedResponse(error)
        } catch {
            throw .broken(server, reason: "\(error)")
        }
    }
}

extension Range<Int> {
    fileprivate func shifted(by distance: Int) -> Range<Int> {
        (lowerBound + distance)..<(upperBound + distance)
    }
}
