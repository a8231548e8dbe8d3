internal import AdminAccess
internal import Glibc
package import Logging
package import Queue
package import Tasks
internal import Threading

/// A node as a plain CGI program (RFC 3875). It answers one request, which its environment and standard input describe.
package enum CGIProgram {
    /// How the process was started.
    package enum Invocation: Sendable {
        /// A web server started the process for one request.
        case cgi
        /// A FastCGI process manager started the process, and passes the listening socket as standard input.
        case listenerOnStandardInput
        /// A user or a supervisor started the process. The node opens its own socket.
        case standalone
    }

    package static func invocation(environment: [String: String]) -> Invocation {
        if ListenAddress.isListening(0) { return .listenerOnStandardInput }
        return environment["GATEWAY_INTERFACE"] != nil && environment["REQUEST_METHOD"] != nil ? .cgi : .standalone
    }

    /// Writes the response to standard output. The caller shuts the queue client down.
    package static func run(
        environment: [String: String], name: String, adminToken: String?, anonymous: AnonymousPolicy,
        types: TaskRegistry, queue: QueueClient, logger: Logger
    ) {
        signal(SIGPIPE, SIG_IGN)
        let environment = CGIEnvironment(environment)
        let services = Services(
            queue: queue, types: types, node: name,
            access: AccessControl(
                adminAccess: AdminAccess(token: adminToken), anonymous: anonymous, clients: queue.clients,
                timeout: clientsTimeout), logger: logger)
        switch Admission(environment, Router(RouteTable.make(types, anonymous)), services) {
        case .refused(let problem, _): write(.failure(problem), APIRequest(environment, body: []))
        case .admitted(let admitted): answer(environment, admitted, services)
        }
    }

    /// How long a request with a key waits for the list of clients, which this process reads at its start.
    private static let clientsTimeout = Duration.seconds(2)

    private static func answer(_ environment: CGIEnvironment, _ admitted: AdmittedRequest, _ services: Services) {
        let length = environment.contentLength.flatMap { Int($0) } ?? 0
        guard length <= BodyLimit.bytes else {
            return write(.failure(.bodyTooLarge), APIRequest(environment, body: []))
        }
        let body = read(length)
        let request = admitted.request(environment, body: body)
        guard body.count == length else { return write(.failure(.wrongLength), request) }
        do {
            take(try admitted.handler(request, services), request)
        } catch {
            write(.failure(error), request)
        }
    }

    private static func take(_ reply: Reply, _ request: APIRequest) {
        switch reply {
        case .now(let response): write(.success(response), request)
        case .blocking(let work): write(work(), request)
        case .later(let start):
            let answer = Monitor<Answer?>(nil)
            start { value in answer.signal { $0 = value } }
            write(answer.wait { $0 }, request)
        case .stream(let head, let body): stream(head, body, request)
        }
    }

    private static func stream(_ response: APIResponse, _ body: StreamedBody, _ request: APIRequest) {
        var head: [UInt8]? = ResponseText.head(response, requestID: request.id, length: nil)
        do {
            if request.method == "HEAD" { return try write(head ?? []) }
            try body { (bytes) throws(ClientGone) in
                if let text = head { try write(text) }
                head = nil
                try write(copy bytes)
            }
        } catch {
            // If the head is not written yet, the problem becomes the response. Otherwise only an incomplete response
            // can tell the client that something failed.
            if head != nil, let problem = error as? Problem { write(.failure(problem), request) }
        }
    }

    private static func write(_ answer: Answer, _ request: APIRequest) {
        let response: APIResponse
        switch answer {
        case .success(let value): response = value
        case .failure(let problem): response = problem.response(requestID: request.id)
        }
        try? write(ResponseText.whole(response, requestID: request.id, isHead: request.method == "HEAD"))
    }

    private static func write(_ bytes: [UInt8]) throws(ClientGone) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(1, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw ClientGone() }
            rest = rest.dropFirst(count)
        }
    }

    private static func read(_ length: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: length) { bytes, filled in
            while filled < length {
                let count = Glibc.read(0, bytes.baseAddress! + filled, length - filled)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                filled += count
            }
        }
    }
}
