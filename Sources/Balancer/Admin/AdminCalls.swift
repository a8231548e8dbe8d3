internal import AdminAccess
internal import Balancing
internal import HTTPWire
internal import JSON
internal import NginxConfig
internal import Reactor
internal import Telemetry

/// The calls below `/lb/`. The balancer answers them itself, on every server.
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
    }

    /// The maximum number of clients in one reply.
    private static let maxListedClients = 1000

    private let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    static func covers(_ path: [UInt8]) -> Bool {
        // Compare byte by byte, because an array for "/lb/" would be allocated for each request.
        path.count >= 4 && path[0] == UInt8(ascii: "/") && path[1] == UInt8(ascii: "l") && path[2] == UInt8(ascii: "b")
            && path[3] == UInt8(ascii: "/")
    }

    /// Answers the call. The request's body must be complete.
    func answer() {
        guard let call = Call(rawValue: String(decoding: exchange.request.head.path, as: UTF8.self)) else {
            return problem(404, "There is nothing at this path.")
        }
        let isRead = exchange.request.head.method == .get || exchange.request.head.method == .head
        let isPost = exchange.request.head.method == .post
        let report = Report(exchange.loop)
        switch call {
        case .strategy where isPost: setStrategy()
        case .peers where isPost: setPeer()
        case _ where !isRead || call == .strategy:
            problem(405, "This call takes \(call.methods).", fields: [("Allow", call.methods)])
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
        case .peers: if !refuseWithoutToken() { json(200, PeerCalls.list(exchange.loop)) }
        case .strategy: break
        }
    }

    /// The argument `limit`, or its default; nil if the argument is invalid.
    private var listedClients: Int? {
        var value: [UInt8] = []
        guard exchange.variables.append(.argument(name: "limit"), to: &value) else { return Self.maxListedClients }
        guard let count = Int(String(decoding: value, as: UTF8.self)) else { return nil }
        return (1...Self.maxListedClients).contains(count) ? count : nil
    }

    // MARK: Changes

    private func setPeer() {
        guard let members = takeMembers() else { return }
        do throws(PeerCalls.Fault) {
            json(200, try PeerCalls.set(members, on: exchange.loop))
        } catch {
            problem(error.status, error.detail)
        }
    }

    private func setStrategy() {
        guard let members = takeMembers() else { return }
        let names = BalancingStrategy.switchable.map(\.rawValue)
        guard let name = members["strategy"]?.stringValue, let strategy = BalancingStrategy(parsing: name),
            BalancingStrategy.switchable.contains(strategy)
        else {
            return problem(400, "strategy must be one of: \(names.joined(separator: ", ")).")
        }
        let old = exchange.loop.shared.exchangeStrategy(strategy)
        let reply = JSONWriter.object { reply in
            reply.member("message", "Load balancing strategy changed to \(strategy.rawValue)")
            reply.member("old_strategy", old.rawValue)
            reply.member("new_strategy", strategy.rawValue)
        }
        json(200, reply)
    }

    /// Refuses the call if the client does not send the admin token.
    /// - Returns: whether it was refused, and so is answered.
    private func refuseWithoutToken() -> Bool {
        let authorization = exchange.request.value(of: "authorization")
        guard let denial = exchange.loop.shared.adminAccess.denial(authorization: authorization) else { return false }
        var fields: [(StaticString, String)] = []
        if let challenge = denial.challenge { fields.append(("WWW-Authenticate", challenge)) }
        problem(denial.status, denial.detail, fields: fields)
        return true
    }

    /// Checks a call that changes something, and parses its body.
    /// - Returns: the members of the JSON object; nil if this method has refused the call and sent the answer.
    private func takeMembers() -> [String: JSONValue]? {
        if refuseWithoutToken() { return nil }
        // A page of another site can make a browser send a form or plain text without a CORS preflight, but not JSON.
        guard let type = exchange.request.value(of: "content-type"), JSON.isMediaType(type) else {
            problem(415, "The body must be JSON: send it with Content-Type: application/json.")
            return nil
        }
        guard let body = try? JSONValue(parsing: exchange.body.held), case .object(let members) = body else {
            problem(400, "The body is not a JSON object.")
            return nil
        }
        return members
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
