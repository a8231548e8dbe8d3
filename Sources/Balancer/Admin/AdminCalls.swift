internal import AdminAccess
internal import Balancing
internal import HTTPWire
internal import JSON
internal import NginxConfig
internal import Reactor
internal import Telemetry

/// The balancer's own calls below `/lb/`, on every server.
enum AdminCalls {
    static func covers(_ path: [UInt8]) -> Bool {
        // "/lb/", without building an array for it at each request.
        path.count >= 4 && path[0] == 0x2F && path[1] == 0x6C && path[2] == 0x62 && path[3] == 0x2F
    }

    private enum Call: String {
        case health = "/lb/health"
        case stats = "/lb/stats"
        case rateLimits = "/lb/rate-limits"
        case metrics = "/lb/metrics"
        case strategy = "/lb/strategy"
        case peers = "/lb/peers"
    }

    /// Answers the call; its body is complete.
    static func answer(_ exchange: Exchange) {
        guard let call = Call(rawValue: String(decoding: exchange.parser.head.path, as: UTF8.self)) else {
            return problem(exchange, 404, "There is nothing at this path.")
        }
        let method = exchange.parser.head.method
        if call == .strategy {
            guard method == .post else { return wrongMethod(exchange, "POST") }
            return setStrategy(exchange)
        }
        if call == .peers, method == .post { return setPeer(exchange) }
        guard method == .get || method == .head else {
            return wrongMethod(exchange, call == .peers ? "GET, HEAD, POST" : "GET, HEAD")
        }
        let report = Report(exchange.loop)
        switch call {
        case .health: json(exchange, report.backendsUp > 0 ? 200 : 503, report.health())
        case .stats: json(exchange, 200, report.stats())
        case .rateLimits:
            guard let most = mostClients(exchange) else {
                return problem(exchange, 422, "limit: must be an integer from 1 to \(largestPage)")
            }
            json(exchange, 200, report.rateLimits(most: most))
        case .metrics:
            exchange.answer(
                200, contentType: Telemetry.prometheusContentType, report.metrics(),
                fields: [Exchange.noStore])
        case .peers: json(exchange, 200, PeerCalls.list(exchange.loop))
        case .strategy: break
        }
    }

    /// Clients that one reply lists at most.
    private static let largestPage = 1000

    /// - Returns: `nil`: what is asked for makes no sense.
    private static func mostClients(_ exchange: Exchange) -> Int? {
        var value: [UInt8] = []
        guard exchange.append(.argument(name: "limit"), to: &value) else { return largestPage }
        return Int(String(decoding: value, as: UTF8.self)).flatMap { (1...largestPage).contains($0) ? $0 : nil }
    }

    // MARK: Setting what is

    private static func setPeer(_ exchange: Exchange) {
        guard let members = requestMembers(exchange) else { return }
        do throws(PeerCalls.Fault) {
            json(exchange, 200, try PeerCalls.set(members, on: exchange.loop))
        } catch {
            problem(exchange, error.status, error.detail)
        }
    }

    /// The body of a call that changes something. nil: it is refused.
    private static func requestMembers(_ exchange: Exchange) -> [String: JSONValue]? {
        let credentials = AdminAccess.Credentials(
            isFromThisMachine: (exchange.realAddress ?? exchange.info.address).isLoopback,
            authorization: exchange.value(of: "authorization"), host: exchange.value(of: "host"),
            origin: exchange.value(of: "origin"))
        if let denial = exchange.loop.shared.adminAccess.denial(of: credentials) {
            let fields: [(StaticString, String)] = denial.status == 401 ? [("WWW-Authenticate", "Bearer")] : []
            problem(exchange, denial.status, denial.detail, fields: fields)
            return nil
        }
        // A page of another site can have its reader's browser send a form or plain text without asking, but not this.
        guard let type = exchange.value(of: "content-type"), JSON.isMediaType(type) else {
            problem(exchange, 415, "The body must be JSON: send it with Content-Type: application/json.")
            return nil
        }
        guard let body = try? JSONValue(parsing: exchange.heldBody), case .object(let members) = body else {
            problem(exchange, 400, "The body is not a JSON object.")
            return nil
        }
        return members
    }

    private static func setStrategy(_ exchange: Exchange) {
        guard let members = requestMembers(exchange) else { return }
        let names = BalancingStrategy.switchable.map(\.rawValue)
        guard let name = members["strategy"]?.stringValue, let strategy = BalancingStrategy(parsing: name),
            BalancingStrategy.switchable.contains(strategy)
        else {
            return problem(exchange, 400, "strategy must be one of: \(names.joined(separator: ", ")).")
        }
        let old = exchange.loop.shared.exchangeStrategy(strategy)
        let reply = JSONWriter.object { reply in
            reply.member("message", "Load balancing strategy changed to \(strategy.rawValue)")
            reply.member("old_strategy", old.rawValue)
            reply.member("new_strategy", strategy.rawValue)
        }
        json(exchange, 200, reply)
    }

    // MARK: Answers

    private static func json(_ exchange: Exchange, _ status: Int, _ reply: JSONWriter) {
        exchange.answer(status, contentType: "application/json", reply.bytes, fields: [Exchange.noStore])
    }

    private static func wrongMethod(_ exchange: Exchange, _ allowed: String) {
        problem(exchange, 405, "This call takes \(allowed).", fields: [("Allow", allowed)])
    }

    private static func problem(
        _ exchange: Exchange, _ status: Int, _ detail: String, fields: [(StaticString, String)] = []
    ) {
        let document = ProblemDocument.bytes(status, detail, requestID: exchange.identity)
        exchange.answer(status, contentType: ProblemDocument.mediaType, document, fields: fields + [Exchange.noStore])
    }
}

extension Exchange {
    /// The first value of a request's header, by its name in lower case.
    func value(of name: String) -> String? {
        let bytes = headBytes
        guard let field = parser.head.fields.first(named: name, in: bytes.span) else { return nil }
        return String(decoding: bytes[field.value.range], as: UTF8.self)
    }
}
