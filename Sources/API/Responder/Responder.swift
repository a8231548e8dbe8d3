internal import Logging
internal import Reactor
internal import Synchronization
internal import Threading

/// The pool of threads that read requests, run handlers and write replies.
///
/// All of them wait on one epoll set. Code here is synchronous: a thread has a connection from its first readable byte
/// to its reply, or until the request is parked.
final class Responder: Sendable {
    enum Job: Sendable {
        case serve(Connection)
        case answer(Connection, Exchange, Answer)
        /// Work of the lane that has waited for its turn.
        case work(Connection, Exchange, Work)
    }

    enum Work: Sendable {
        case blocking(@Sendable () -> Answer)
        case stream(Response, StreamedBody)
    }

    private let jobs = JobQueue<Job>()
    private let poller: Poller
    private let connections: ConnectionTable
    private let lane: Mutex<BlockingLane<(Connection, Exchange, Work)>>
    private let router: Router
    private let services: Services
    private let metrics: ResponderMetrics
    private let logger: Logger
    private let threads: Int
    /// The id under which epoll tells of jobs. Connections count from 1.
    private static let callToken: UInt64 = 0
    /// Connections that a thread is done with.
    private let retire: @Sendable (Connection) -> Void

    /// - Parameter retire: takes a connection that is to be closed.
    init(
        threads: Int, connections: ConnectionTable, poller: Poller, router: Router, services: Services,
        metrics: ResponderMetrics, logger: Logger, retire: @escaping @Sendable (Connection) -> Void
    ) throws(SystemError) {
        self.threads = threads
        self.connections = connections
        self.poller = poller
        lane = Mutex(BlockingLane(limit: max(1, threads / 2)))
        self.router = router
        self.services = services
        self.metrics = metrics
        self.logger = logger
        self.retire = retire
        guard poller.addEdge(jobs.descriptor, Self.callToken) else { throw SystemError("epoll_ctl") }
    }

    func start() -> [NamedThread] {
        (1...threads).map { number in NamedThread("api-\(number)") { self.run() } }
    }

    func stop() { jobs.close() }

    /// Takes a connection with a request that has begun to arrive.
    func accept(_ connection: Connection) { jobs.append(.serve(connection)) }

    private func run() {
        FastCGILibrary.blockSignals()
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer { scratch.deallocate() }
        while true {
            switch jobs.next() {
            case .job(.serve(let connection)): serve(connection, scratch)
            case .job(.answer(let connection, let exchange, let answer)): self.answer(connection, exchange, answer)
            case .job(.work(let connection, let exchange, let work)): resume(connection, exchange, work)
            case .nothing: wait(scratch)
            case .closed: return
            }
        }
    }

    private func wait(_ scratch: UnsafeMutableRawBufferPointer) {
        guard let id = poller.wait() else { return }
        if id == Self.callToken { return jobs.answerCall() }
        guard let connection = connections[id] else { return }
        switch connection.changed(scratch: scratch) {
        case .serve: serve(connection, scratch)
        case .close: retire(connection)
        case .discard, .ignore: break
        }
    }

    // MARK: Reading

    private func serve(_ connection: Connection, _ scratch: UnsafeMutableRawBufferPointer) {
        connection.limitTime(Limits.exchange)
        guard let environment = connection.receive(), connection.isResponder else {
            connection.fail()
            return retire(connection)
        }
        let start = MonotonicTime.current
        switch connection.receiveBody(limit: BodyLimit.bytes, scratch: scratch) {
        case .broken: finish(connection, isComplete: false)
        case .tooLarge: refuse(.bodyTooLarge, connection, environment, start)
        case .bytes(let body):
            if let declared = environment.contentLength, Int(declared) != body.count {
                // Who disagrees about lengths may disagree about where the next request begins.
                connection.doNotKeep()
                return refuse(.wrongLength, connection, environment, start)
            }
            route(Request(environment, body: body), connection, start)
        }
    }

    private func refuse(
        _ problem: Problem, _ connection: Connection, _ environment: CGIEnvironment, _ start: MonotonicTime
    ) {
        let request = Request(environment, body: [])
        reply(connection, Exchange(request, route: nil, start: start), .failure(problem))
    }

    private func route(_ request: Request, _ connection: Connection, _ start: MonotonicTime) {
        switch router.match(method: request.method, path: request.path) {
        case .problem(let problem):
            reply(connection, Exchange(request, route: nil, start: start), .failure(problem))
        case .route(let index, let handler, let parameter):
            var request = request
            request.pathParameter = parameter
            let exchange = Exchange(request, route: index, start: start)
            do {
                take(try handler(request, services), connection, exchange)
            } catch {
                reply(connection, exchange, .failure(error))
            }
        }
    }

    private func take(_ outcome: Reply, _ connection: Connection, _ exchange: Exchange) {
        switch outcome {
        case .now(let response): reply(connection, exchange, .success(response))
        case .later(let start):
            // Parked first: the answer may be there before `start` returns.
            connection.park()
            metrics.parkedChanged(by: 1)
            start { answer in
                self.metrics.parkedChanged(by: -1)
                self.jobs.append(.answer(connection, exchange, answer))
            }
        case .blocking(let work): enterLane(connection, exchange, .blocking(work))
        case .stream(let head, let body): enterLane(connection, exchange, .stream(head, body))
        }
    }

    // MARK: Work that blocks

    private func enterLane(_ connection: Connection, _ exchange: Exchange, _ work: Work) {
        let isFree = lane.withLock { lane in
            if lane.isFree {
                lane.enter()
                return true
            }
            connection.park()
            lane.wait((connection, exchange, work))
            return false
        }
        if isFree { run(work, connection, exchange) }
    }

    private func resume(_ connection: Connection, _ exchange: Exchange, _ work: Work) {
        guard connection.resume() else { return leaveLane() }
        connection.limitTime(Limits.exchange)
        run(work, connection, exchange)
    }

    private func run(_ work: Work, _ connection: Connection, _ exchange: Exchange) {
        switch work {
        case .blocking(let work): reply(connection, exchange, work())
        case .stream(let head, let body): stream(head, body, connection, exchange)
        }
        leaveLane()
    }

    private func leaveLane() {
        if let (connection, exchange, work) = lane.withLock({ $0.leave() }) {
            jobs.append(.work(connection, exchange, work))
        }
    }

    // MARK: Writing

    private func answer(_ connection: Connection, _ exchange: Exchange, _ answer: Answer) {
        guard connection.resume() else { return }
        connection.limitTime(Limits.exchange)
        reply(connection, exchange, answer)
    }

    private func reply(_ connection: Connection, _ exchange: Exchange, _ answer: Answer) {
        let response: Response
        switch answer {
        case .success(let value): response = value
        case .failure(let problem): response = problem.response(requestID: exchange.requestID)
        }
        let text = ResponseText.whole(response, requestID: exchange.requestID, isHead: exchange.isHead)
        end(connection, exchange, status: response.status, isComplete: connection.write(text))
    }

    private func stream(
        _ response: Response, _ body: StreamedBody, _ connection: Connection, _ exchange: Exchange
    ) {
        let writer = StreamWriter(connection, ResponseText.head(response, requestID: exchange.requestID, length: nil))
        do {
            if exchange.isHead {
                try writer.begin()
            } else {
                try body { (bytes) throws(ClientGone) in try writer.write(bytes) }
            }
            end(connection, exchange, status: response.status, isComplete: true)
        } catch let problem as Problem where !writer.hasBegun {
            reply(connection, exchange, .failure(problem))
        } catch {
            // The status is sent: the client can only be told by a reply that breaks off.
            end(connection, exchange, status: response.status, isComplete: false)
        }
    }

    private func end(_ connection: Connection, _ exchange: Exchange, status: Int, isComplete: Bool) {
        finish(connection, isComplete: isComplete)
        let duration = MonotonicTime.current - exchange.start
        metrics.finished(route: exchange.route, status: status, after: duration)
        logger.debug(
            "Request finished",
            metadata: [
                "request.id": "\(exchange.requestID)", "status": "\(status)",
                "route": "\(exchange.route.map { router.routes[$0].operation } ?? "none")",
                "duration.us": "\(duration.wholeNanoseconds / 1000)",
            ])
    }

    private func finish(_ connection: Connection, isComplete: Bool) {
        if connection.finish(isComplete: isComplete) { retire(connection) }
    }
}

extension Exchange {
    fileprivate init(_ request: Request, route: Int?, start: MonotonicTime) {
        self.init(requestID: request.id, isHead: request.method == "HEAD", route: route, start: start)
    }
}
