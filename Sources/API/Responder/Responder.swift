internal import Logging
internal import Reactor
internal import Synchronization
internal import Threading

/// The thread pool that reads requests, runs handlers and writes responses.
///
/// All threads wait on one epoll set. The code is synchronous: a thread owns a connection from the first readable byte
/// until the response is written or the request is parked.
final class Responder: Sendable {
    enum Job: Sendable {
        case serve(FastCGIConnection)
        /// The answer to a parked request is ready.
        case answer(FastCGIConnection, RequestContext, Answer)
        /// Blocking work that waited for a place in the lane.
        case work(FastCGIConnection, RequestContext, BlockingWork)
    }

    enum BlockingWork: Sendable {
        case blocking(@Sendable () -> Answer)
        case stream(APIResponse, StreamedBody)
    }

    private let jobs = JobQueue<Job>()
    private let poller: Poller
    private let connections: ConnectionTable
    private let lane: Mutex<BlockingLane<(FastCGIConnection, RequestContext, BlockingWork)>>
    private let router: Router
    private let services: Services
    private let metrics: ResponderMetrics
    private let logger: Logger
    private let threads: Int
    /// The epoll id of the job queue. Ids of connections begin at 1.
    private static let jobsToken: UInt64 = 0
    /// Hands a connection to the dispatcher to be closed.
    private let retire: @Sendable (FastCGIConnection) -> Void

    /// - Parameter retire: called with each connection that has to be closed.
    init(
        threads: Int, connections: ConnectionTable, poller: Poller, router: Router, services: Services,
        metrics: ResponderMetrics, logger: Logger, retire: @escaping @Sendable (FastCGIConnection) -> Void
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
        guard poller.addEdge(jobs.descriptor, Self.jobsToken) else { throw SystemError("epoll_ctl") }
    }

    func start() -> [NamedThread] {
        (1...threads).map { number in NamedThread("api-\(number)") { self.run() } }
    }

    func stop() { jobs.close() }

    /// Serves a connection on which a request has begun to arrive.
    func accept(_ connection: FastCGIConnection) { jobs.append(.serve(connection)) }

    private func run() {
        FastCGILibrary.blockSignals()
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer { scratch.deallocate() }
        while true {
            switch jobs.next() {
            case .job(.serve(let connection)): serve(connection, scratch)
            case .job(.answer(let connection, let context, let answer)): self.answer(connection, context, answer)
            case .job(.work(let connection, let context, let work)): resume(connection, context, work)
            case .nothing: wait(scratch)
            case .closed: return
            }
        }
    }

    private func wait(_ scratch: UnsafeMutableRawBufferPointer) {
        guard let id = poller.wait() else { return }
        if id == Self.jobsToken { return jobs.acknowledgeWake() }
        guard let connection = connections[id] else { return }
        switch connection.changed(scratch: scratch) {
        case .serve: serve(connection, scratch)
        case .close: retire(connection)
        case .discard, .wait, .ignore: break
        }
    }

    // MARK: Reading

    private func serve(_ connection: FastCGIConnection, _ scratch: UnsafeMutableRawBufferPointer) {
        connection.setDeadline(after: ResponderTimeouts.request)
        guard let environment = connection.receive(), connection.isResponder else {
            connection.fail()
            return retire(connection)
        }
        let start = MonotonicTime.current
        switch Admission(environment, router, services) {
        case .refused(let problem, let route):
            guard connection.skipBody(scratch: scratch) else { return finish(connection, isComplete: false) }
            refuse(problem, connection, environment, route, start)
        case .admitted(let admitted): serve(admitted, connection, environment, scratch, start)
        }
    }

    private func serve(
        _ admitted: AdmittedRequest, _ connection: FastCGIConnection, _ environment: CGIEnvironment,
        _ scratch: UnsafeMutableRawBufferPointer, _ start: MonotonicTime
    ) {
        switch connection.receiveBody(limit: BodyLimit.bytes, scratch: scratch) {
        case .broken: finish(connection, isComplete: false)
        case .tooLarge: refuse(.bodyTooLarge, connection, environment, admitted.route, start)
        case .bytes(let body):
            if let declared = environment.contentLength, Int(declared) != body.count {
                // The web server may also disagree about where the next request begins: close the connection.
                connection.doNotKeep()
                return refuse(.wrongLength, connection, environment, admitted.route, start)
            }
            let request = admitted.request(environment, body: body)
            let context = RequestContext(request, route: admitted.route, start: start)
            do {
                take(try admitted.handler(request, services), connection, context)
            } catch {
                reply(connection, context, .failure(error))
            }
        }
    }

    /// - Parameter route: the index in the route table; `nil` if no route matched.
    private func refuse(
        _ problem: Problem, _ connection: FastCGIConnection, _ environment: CGIEnvironment, _ route: Int?,
        _ start: MonotonicTime
    ) {
        let request = APIRequest(environment, body: [])
        reply(connection, RequestContext(request, route: route, start: start), .failure(problem))
    }

    private func take(_ outcome: Reply, _ connection: FastCGIConnection, _ context: RequestContext) {
        switch outcome {
        case .now(let response): reply(connection, context, .success(response))
        case .later(let start):
            // Park before `start`, because the answer may arrive before `start` returns.
            connection.park()
            metrics.parkedChanged(by: 1)
            start { answer in
                self.metrics.parkedChanged(by: -1)
                self.jobs.append(.answer(connection, context, answer))
            }
        case .blocking(let work): enterLane(connection, context, .blocking(work))
        case .stream(let head, let body): enterLane(connection, context, .stream(head, body))
        }
    }

    // MARK: Blocking work

    private func enterLane(_ connection: FastCGIConnection, _ context: RequestContext, _ work: BlockingWork) {
        let isFree = lane.withLock { lane in
            if lane.isFree {
                lane.enter()
                return true
            }
            connection.park()
            lane.wait((connection, context, work))
            return false
        }
        if isFree { run(work, connection, context) }
    }

    private func resume(_ connection: FastCGIConnection, _ context: RequestContext, _ work: BlockingWork) {
        guard connection.resume() else { return leaveLane() }
        connection.setDeadline(after: ResponderTimeouts.request)
        run(work, connection, context)
    }

    private func run(_ work: BlockingWork, _ connection: FastCGIConnection, _ context: RequestContext) {
        switch work {
        case .blocking(let work): reply(connection, context, work())
        case .stream(let head, let body): stream(head, body, connection, context)
        }
        leaveLane()
    }

    private func leaveLane() {
        if let (connection, context, work) = lane.withLock({ $0.leave() }) {
            jobs.append(.work(connection, context, work))
        }
    }

    // MARK: Writing

    private func answer(_ connection: FastCGIConnection, _ context: RequestContext, _ answer: Answer) {
        guard connection.resume() else { return }
        connection.setDeadline(after: ResponderTimeouts.request)
        reply(connection, context, answer)
    }

    private func reply(_ connection: FastCGIConnection, _ context: RequestContext, _ answer: Answer) {
        let response: APIResponse
        switch answer {
        case .success(let value): response = value
        case .failure(let problem): response = problem.response(requestID: context.requestID)
        }
        let text = ResponseText.whole(response, requestID: context.requestID, isHead: context.isHead)
        end(connection, context, status: response.status, isComplete: connection.write(text))
    }

    private func stream(
        _ response: APIResponse, _ body: StreamedBody, _ connection: FastCGIConnection, _ context: RequestContext
    ) {
        let writer = StreamWriter(connection, ResponseText.head(response, requestID: context.requestID, length: nil))
        do {
            if context.isHead {
                try writer.begin()
            } else {
                try body { (bytes) throws(ClientGone) in try writer.write(bytes) }
            }
            end(connection, context, status: response.status, isComplete: true)
        } catch let problem as Problem where !writer.hasBegun {
            reply(connection, context, .failure(problem))
        } catch {
            // The status line is already sent. Only an incomplete response can tell the client that the request failed.
            end(connection, context, status: response.status, isComplete: false)
        }
    }

    private func end(_ connection: FastCGIConnection, _ context: RequestContext, status: Int, isComplete: Bool) {
        finish(connection, isComplete: isComplete)
        let duration = MonotonicTime.current - context.start
        metrics.finished(route: context.route, status: status, after: duration)
        logger.debug(
            "Request finished",
            metadata: [
                "request.id": "\(context.requestID)", "status": "\(status)",
                "route": "\(context.route.map { router.routes[$0].operation } ?? "none")",
                "duration.us": "\(duration.wholeNanoseconds / 1000)",
            ])
    }

    private func finish(_ connection: FastCGIConnection, isComplete: Bool) {
        if connection.finish(isComplete: isComplete) { retire(connection) }
    }
}
