internal import Balancing
internal import HTTPWire
internal import JSON
internal import NginxConfig
internal import Reactor

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
        guard method == .get || method == .head else { return wrongMethod(exchange, "GET, HEAD") }
        let report = Report(exchange.worker)
        switch call {
        case .health: json(exchange, report.backendsUp > 0 ? 200 : 503, report.health())
        case .stats: json(exchange, 200, report.stats())
        case .rateLimits: json(exchange, 200, report.rateLimits(most: mostClients(exchange)))
        case .metrics:
            exchange.answer(200, contentType: "text/plain; version=0.0.4; charset=utf-8", report.metrics())
        case .strategy: break
        }
    }

    private static func mostClients(_ exchange: Exchange) -> Int {
        var value: [UInt8] = []
        _ = exchange.append(.argument(name: "limit"), to: &value)
        return Int(String(decoding: value, as: UTF8.self)).map { max(0, min($0, 100_000)) } ?? 1000
    }

    // MARK: Setting the strategy

    private static func setStrategy(_ exchange: Exchange) {
        let token = exchange.worker.shared.adminToken
        guard mayAdminister(exchange, token) else {
            return token == nil
                ? problem(exchange, 403, "Without an admin token this call is taken from loopback addresses only.")
                : problem(
                    exchange, 401, "This call needs the admin token.", fields: [("WWW-Authenticate", "Bearer")])
        }
        guard let body = try? JSONValue(parsing: exchange.heldBody), case .object(let members) = body else {
            return problem(exchange, 400, "The body is not a JSON object.")
        }
        let names = BalancingStrategy.allCases.map(\.rawValue)
        guard let name = members["strategy"]?.stringValue, let strategy = BalancingStrategy(parsing: name) else {
            return problem(exchange, 400, "strategy must be one of: \(names.joined(separator: ", ")).")
        }
        let old = exchange.worker.shared.exchangeStrategy(strategy)
        let reply = JSONWriter.object { reply in
            reply.member("message", "Load balancing strategy changed to \(strategy.rawValue)")
            reply.member("old_strategy", old.rawValue)
            reply.member("new_strategy", strategy.rawValue)
        }
        json(exchange, 200, reply)
    }

    /// With a token set, whoever knows it; else whoever is on this machine.
    private static func mayAdminister(_ exchange: Exchange, _ token: [UInt8]?) -> Bool {
        guard let token else { return (exchange.realAddress ?? exchange.info.address).isLoopback }
        guard let field = exchange.parser.head.fields.first(.authorization) else { return false }
        let given = Array(exchange.headBytes[field.value.range])
        guard given.count > 7, String(decoding: given[..<7], as: UTF8.self).lowercased() == "bearer " else {
            return false
        }
        return isEqual(Array(given[7...]), token)
    }

    /// Takes the same time wherever the first difference is.
    static func isEqual(_ given: [UInt8], _ wanted: [UInt8]) -> Bool {
        var difference = given.count ^ wanted.count
        for index in wanted.indices {
            difference |= Int(wanted[index] ^ (index < given.count ? given[index] : 0))
        }
        return difference == 0
    }

    // MARK: Answers

    private static func json(_ exchange: Exchange, _ status: Int, _ reply: JSONWriter) {
        exchange.answer(status, contentType: "application/json", reply.bytes)
    }

    private static func wrongMethod(_ exchange: Exchange, _ allowed: String) {
        problem(exchange, 405, "This call takes \(allowed).", fields: [("Allow", allowed)])
    }

    private static func problem(
        _ exchange: Exchange, _ status: Int, _ detail: String, fields: [(StaticString, String)] = []
    ) {
        let document = ProblemDocument.bytes(status, detail, requestID: exchange.identity)
        exchange.answer(status, contentType: ProblemDocument.mediaType, document, fields: fields)
    }
}
