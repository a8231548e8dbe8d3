internal import Bytes
internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// ngx_http_rewrite_module: `return`, alone or within `if`.
struct RewritePhase {
    let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    func runServer() -> Phase.Outcome {
        if exchange.location.settings.rewriteSteps.isEmpty { return .proceed }
        exchange.route.realAddress = RealClient.address(of: exchange)
        return run(exchange.location.settings.rewriteSteps)
    }

    func runLocation() -> Phase.Outcome {
        let steps = exchange.location.settings.rewriteSteps
        // Location 0 stands for the server itself, whose steps have already run in `runServer()`.
        if steps.isEmpty || exchange.location === exchange.server.locations[0] { return .proceed }
        return run(steps)
    }

    /// Runs the steps until one answers the request.
    private func run(_ steps: [RewriteStep]) -> Phase.Outcome {
        for step in steps {
            switch step {
            case .answer(let rule):
                answer(by: rule)
                return .answered
            case .answerIf(let condition, let rule):
                guard isMet(condition) else { continue }
                answer(by: rule)
                return .answered
            }
        }
        return .proceed
    }

    private func isMet(_ condition: Condition) -> Bool {
        let variables = exchange.variables
        switch condition {
        case .holds(let variable):
            let value = variables.value(of: variable)
            return !value.isEmpty && value != [ASCII.zero]
        case .equals(let variable, let template): return variables.value(of: variable) == variables.value(of: template)
        case .differs(let variable, let template): return variables.value(of: variable) != variables.value(of: template)
        case .matches(let variable, let pattern, let isNegated):
            return exchange.matches(pattern, variables.value(of: variable)) != isNegated
        }
    }

    private func answer(by rule: ReturnRule) {
        // 444 closes the connection without a response, as in nginx. So does a status below 200, because it cannot be a
        // final response.
        if rule.status == 444 || rule.status < 200 {
            exchange.response.status = rule.status
            return exchange.client.dropConnection(resets: exchange.location.settings.client.resetsTimedOutConnections)
        }
        guard let text = rule.text else { return exchange.answer(byStatus: rule.status) }
        let value = exchange.variables.value(of: text)
        if rule.isRedirect {
            let target = String(decoding: exchange.absoluteURL(value), as: UTF8.self)
            return exchange.answer(rule.status, contentType: nil, [], fields: [("Location", target)])
        }
        let type = exchange.location.settings.response.mediaTypes.type(ofPath: exchange.path)
        exchange.answer(rule.status, contentType: HTTPStatus.hasNoBody(rule.status) ? nil : type, value)
    }
}

extension Exchange {
    /// Sends a response that only has a status.
    func answer(byStatus status: Int) {
        if status >= 400 { return refuse(.configured(status)) }
        let hasType = status < 300 && !HTTPStatus.hasNoBody(status)
        answer(status, contentType: hasType ? location.settings.response.mediaTypes.type(ofPath: path) : nil, [])
    }

    /// Turns a path into a URL with the requested host (`absolute_redirect on` and `port_in_redirect on`).
    func absoluteURL(_ target: [UInt8]) -> [UInt8] {
        guard target.first == ASCII.slash else { return target }
        var url: [UInt8] = []
        url.append(literal: info.scheme)
        url.append(literal: "://")
        variables.append(.host, to: &url)
        if let port = info.localAddress?.port, port > 0, port != info.defaultPort {
            url.append(ASCII.colon)
            url.append(decimal: port)
        }
        return url + target
    }
}
