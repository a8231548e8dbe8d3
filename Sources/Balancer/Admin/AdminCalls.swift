internal import AdminAccess
internal import Balancing
internal import HTTPWire
internal import JSON
internal import NginxConfig
internal import Reactor
internal import Telemetry

/// The balancer's own calls. They are the content of a location with `stub_status balancer`.
struct AdminCalls {
    private enum Call: String {
        case health = "/lb/health"
        case stats = "/lb/stats"
        case rateLimits = "/lb/rate-limits"
        case metrics = "/lb/metrics"
        case strategy = "/lb/strategy"
        case peers = "/lb/peers"

        /// The methods that the call accepts, for the `Allow` header.
        var methods: String {
            switch self {
            case .health, .stats, .rateLimits, .metrics: "GET, HEAD"
            case .peers: "GET, HEAD, POST"
            case .strategy: "POST"
            }
        }

        func accepts(isRead: Bool, isPost: Bool) -> Bool {
            switch self {
            case .health, .stats, .rateLimits, .metrics: isRead
            case .peers: isRead || isPost
            case .strategy: isPost
            }
        }
    }

    /// The maximum number of clients in one reply.
    private static let maxListedClients = 1000

    private let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    /// Answers the call. The request's body must be complete.
    func answer() {
        guard let call = Call(rawValue: String(decoding: exchange.path, as: UTF8.self)) else {
            return problem(404, "There is nothing at this path.")
        }
        let method = exchange.route.redirect?.isGET == true ? .get : exchange.request.head.method
        let isPost = method == .post
        guard call.accepts(isRead: method == .get || method == .head, isPost: isPost) else {
            return problem(405, "This call takes \(call.methods).", fields: [("Allow", call.methods)])
        }
        if needsToken(call), refuseWithoutToken() { return }
        let report = Report(exchange.loop)
        switch call {
        case .strategy: setStrategy()
        case .peers where isPost: setPeer()
        case .peers: json(200, PeerCalls.list(exchange.loop))
        case .health: json(report.backendsUp > 0 ? 200 : 503, report.health())
        case .stats: json(200, report.stats())
        case .rateLimits:
            guard let count = listedClients else {
                return problem(422, "limit: must be an integer from 1 to \(Self.maxListedClients)")
            }
            json(200, report.rateLimits(maxClients: count))
        case .metrics:
            exchange.answer(
                200, contentType: Telemetry.prometheusContentType, report.metrics(),
                fields: [Exchange.noStore])
        }
    }

    /// The argument `limit`, or its default; nil if the argument is invalid.
    private var listedClients: Int? {
        var value: [UInt8] = []
        guard exchange.variables.append(.argument(name: "limit"), to: &value) else { return Self.maxListedClients }
        guard let count = Int(String(decoding: value, as: UTF8.self)) else { return nil }
        return (1...Self.maxListedClients).contains(count) ? count : nil
    }

    // MARK: The token

    private func needsToken(_ call: Call) -> Bool {
        switch call {
        case .health: false
        case .stats, .rateLimits, .metrics: exchange.loop.shared.reportsNeedToken
        case .strategy, .peers: true
        }
    }

    /// Refuses the call if the client does not send the admin token.
    /// - Returns: true if this method has refused the call and sent the answer.
    private func refuseWithoutToken() -> Bool {
        let authorization = exchange.request.value(of: "authorization")
        guard let denial = exchange.loop.shared.adminAccess.denial(authorization: authorization) else { return false }
        // The level is not `notice`, because everybody can cause this line.
        exchange.log(.info, "administrative call without the admin token, status: \(denial.status)")
        var fields: [(StaticString, String)] = []
        if let challenge = denial.challenge { fields.append(("WWW-Authenticate", challenge)) }
        problem(denial.status, denial.detail, fields: fields)
        return true
    }

    // MARK: Changes

    private func setPeer() {
        guard let members = takeMembers("set a peer") else { return }
        do throws(PeerCalls.Fault) {
            let (change, reply) = try PeerCalls.set(members, on: exchange.loop)
            audit(change, 200)
            json(200, reply)
        } catch {
            audit("set a peer", error.status)
            problem(error.status, error.detail)
        }
    }

    private func setStrategy() {
        guard let members = takeMembers("set the strategy") else { return }
        let names = BalancingStrategy.switchable.map(\.rawValue)
        guard let name = members["strategy"]?.stringValue, let strategy = BalancingStrategy(parsing: name),
            BalancingStrategy.switchable.contains(strategy)
        else {
            audit("set the strategy", 400)
            return problem(400, "strategy must be one of: \(names.joined(separator: ", ")).")
        }
        let old = exchange.loop.shared.exchangeStrategy(strategy)
        audit("set the strategy from \(old.rawValue) to \(strategy.rawValue)", 200)
        let reply = JSONWriter.object { reply in
            reply.member("message", "Load balancing strategy changed to \(strategy.rawValue)")
            reply.member("old_strategy", old.rawValue)
            reply.member("new_strategy", strategy.rawValue)
        }
        json(200, reply)
    }

    /// Parses the body of a call that changes something.
    /// - Returns: the members of the JSON object; nil if this method has refused the call and sent the answer.
    private func takeMembers(_ act: String) -> [String: JSONValue]? {
        // A page of another site can make a browser send a form or plain text without a CORS preflight, but not JSON.
        guard let type = exchange.request.value(of: "content-type"), JSON.isMediaType(type) else {
            audit(act, 415)
            problem(415, "The body must be JSON: send it with Content-Type: application/json.")
            return nil
        }
        guard let body = try? JSONValue(parsing: exchange.body.held), case .object(let members) = body else {
            audit(act, 400)
            problem(400, "The body is not a JSON object.")
            return nil
        }
        return members
    }

    /// Writes one line to the error log: who did what, and the outcome.
    /// - Parameter act: what the call did. It must contain no unchecked bytes of the request's body.
    private func audit(_ act: String, _ status: Int) {
        exchange.log(.notice, "administrative call: \(act), by the admin token, status: \(status)")
    }

    // MARK: Answers

    private func json(_ status: Int, _ reply: JSONWriter) {
        exchange.answer(status, contentType: "application/json", reply.bytes, fields: [Exchange.noStore])
    }

    private func problem(_ status: Int, _ detail: String, fields: [(StaticString, String)] = []) {
        let document = ProblemDocument.bytes(status, detail, requestID: exchange.shownID)
        exchange.answer(
            status, contentType: ProblemDocument.mediaType, document, fields: fields + [Exchange.noStore])
    }
}
