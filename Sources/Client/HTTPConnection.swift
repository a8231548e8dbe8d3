package import HTTPWire
package import JSON

/// A connection to an HTTP/1.1 server that one thread uses, request after request.
///
/// It connects when it is first needed, and again where the server has closed it between two requests. A request is
/// sent once: whether to send it again after an error is the caller's decision.
package final class HTTPConnection {
    package let endpoint: Endpoint
    /// For each request as a whole, connecting included, where the request does not say otherwise.
    package let timeout: Duration

    private let authority: String
    private let prefix: String
    private var socket: ClientSocket?
    private var received: [UInt8] = []
    private var parser: ResponseParser
    private var output: [UInt8] = []

    /// - Parameter limits: what is taken of a response's head
    package init(to endpoint: Endpoint, timeout: Duration = .seconds(30), limits: HTTPLimits = HTTPLimits()) {
        self.endpoint = endpoint
        self.timeout = timeout
        authority = endpoint.authority
        prefix = ""
        parser = ResponseParser(limits: limits)
    }

    package init(to url: ServerURL, timeout: Duration = .seconds(30)) {
        endpoint = url.endpoint
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

    /// Connects now, if there is no connection.
    package func connect() throws(ClientError) {
        try connect(Deadline(after: timeout))
    }

    /// Sends a request and waits for its response.
    ///
    /// - Parameters:
    ///   - target: path and query, percent-encoded; the URL's prefix is put in front
    ///   - headers: besides Host and Content-Length, which are written where they are not given
    ///   - body: nil for none; an empty one is announced with `Content-Length: 0`
    package func request(
        _ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8]? = nil,
        timeout: Duration? = nil
    ) throws(ClientError) -> ClientResponse {
        let deadline = Deadline(after: timeout ?? self.timeout)
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

    /// The same with a JSON body.
    package func request(
        _ method: String, _ target: String, headers: [(String, String)] = [], json: JSONValue,
        timeout: Duration? = nil
    ) throws(ClientError) -> ClientResponse {
        try request(
            method, target, headers: headers + [("Content-Type", "application/json")], body: json.serialized(),
            timeout: timeout)
    }

    // MARK: - Raw bytes, for requests that no client would send

    /// Sends bytes as they are, connecting where necessary.
    package func send(_ bytes: [UInt8]) throws(ClientError) {
        let deadline = Deadline(after: timeout)
        try connect(deadline)
        _ = try socket!.send(bytes, yieldsToInput: false, deadline)
    }

    package func send(_ text: String) throws(ClientError) {
        try send(Array(text.utf8))
    }

    /// Tells the server that nothing more comes.
    package func finishSending() { socket?.finishSending() }

    /// What has come in and was not part of a response, waiting for the first byte; empty when the server has closed.
    package func receive(timeout: Duration? = nil) throws(ClientError) -> [UInt8] {
        let deadline = Deadline(after: timeout ?? self.timeout)
        defer { received.removeAll(keepingCapacity: true) }
        if received.isEmpty, let socket { _ = try socket.receive(into: &received, deadline) }
        return received
    }

    /// Everything until the server closes.
    package func receiveAll(timeout: Duration? = nil) throws(ClientError) -> [UInt8] {
        let deadline = Deadline(after: timeout ?? self.timeout)
        defer { received.removeAll(keepingCapacity: true) }
        if let socket { while try socket.receive(into: &received, deadline) {} }
        return received
    }

    /// Reads the next response; more than one may come for pipelined requests. Interim responses are passed over.
    package func readResponse(isAnswerToHead: Bool = false, timeout: Duration? = nil) throws(ClientError)
        -> ClientResponse
    {
        try readResponse(isAnswerToHead: isAnswerToHead, Deadline(after: timeout ?? self.timeout))
    }
}

extension HTTPConnection {
    private func connect(_ deadline: Deadline) throws(ClientError) {
        if socket == nil { socket = try ClientSocket.connect(to: endpoint, deadline) }
    }

    private func writeRequest(_ method: String, _ target: String, _ headers: [(String, String)], _ body: [UInt8]?) {
        output.removeAll(keepingCapacity: true)
        output.append(contentsOf: "\(method) \(prefix)\(target) HTTP/1.1\r\n".utf8)
        if !headers.contains(where: { $0.0.lowercased() == "host" }) {
            output.append(contentsOf: "Host: \(authority)\r\n".utf8)
        }
        for (name, value) in headers { output.append(contentsOf: "\(name): \(value)\r\n".utf8) }
        if let body, !headers.contains(where: { ["content-length", "transfer-encoding"].contains($0.0.lowercased()) }) {
            output.append(contentsOf: "Content-Length: \(body.count)\r\n".utf8)
        }
        output.append(contentsOf: "\r\n".utf8)
        if let body { output.append(contentsOf: body) }
    }

    private func readResponse(isAnswerToHead: Bool, _ deadline: Deadline) throws(ClientError) -> ClientResponse {
        guard let socket else { throw .closed(endpoint) }
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
                    guard try socket.receive(into: &received, deadline) else { throw ClientError.closed(endpoint) }
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
            throw .closed(endpoint)
        } catch let error as HTTPError {
            throw .malformedResponse(error)
        } catch {
            throw .broken(endpoint, reason: "\(error)")
        }
    }
}

extension Range<Int> {
    fileprivate func shifted(by distance: Int) -> Range<Int> {
        (lowerBound + distance)..<(upperBound + distance)
    }
}
