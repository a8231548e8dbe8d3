internal import HTTPWire
internal import NginxConfig
internal import Reactor

/// ngx_http_rewrite_module: `return`, alone or within `if`.
extension Exchange {
    /// Takes the steps until one answers.
    func isAnswered(by steps: [RewriteStep]) -> Bool {
        for step in steps {
            switch step {
            case .answer(let rule):
                answer(by: rule)
                return true
            case .answerIf(let condition, let rule):
                guard holds(condition) else { continue }
                answer(by: rule)
                return true
            }
        }
        return false
    }

    private func holds(_ condition: Condition) -> Bool {
        switch condition {
        case .holds(let variable):
            let value = value(of: variable)
            return !value.isEmpty && value != [0x30]
        case .equals(let variable, let template): return value(of: variable) == value(of: template)
        case .differs(let variable, let template): return value(of: variable) != value(of: template)
        case .matches(let variable, let pattern, let isNegated):
            return matches(pattern, value(of: variable)) != isNegated
        }
    }

    /// Empty where the variable has no value.
    private func value(of variable: Variable) -> [UInt8] {
        var value: [UInt8] = []
        _ = append(variable, to: &value)
        return value
    }

    func value(of template: Template) -> [UInt8] {
        var value: [UInt8] = []
        append(template, to: &value)
        return value
    }

    private func answer(by rule: ReturnRule) {
        // 444 is nginx's word for no answer; below 200 nothing is one.
        if rule.status == 444 || rule.status < 200 {
            status = rule.status
            return client.dropConnection(resets: location.settings.client.resetsTimedOutConnections)
        }
        guard let text = rule.text else {
            return answer(byStatus: rule.status)
        }
        if rule.isRedirect {
            let target = String(decoding: absolute(value(of: text)), as: UTF8.self)
            return answer(rule.status, contentType: nil, [], fields: [("Location", target)])
        }
        let type = location.settings.response.mediaTypes.type(ofPath: path)
        answer(rule.status, contentType: HTTPStatus.hasNoBody(rule.status) ? nil : type, value(of: text))
    }

    func answer(byStatus status: Int) {
        if status >= 400 { return refuse(.configured(status)) }
        let hasType = status < 300 && !HTTPStatus.hasNoBody(status)
        answer(status, contentType: hasType ? location.settings.response.mediaTypes.type(ofPath: path) : nil, [])
    }

    /// `absolute_redirect on` and `port_in_redirect on`: a path becomes a URL with the host that the client asked for.
    func absolute(_ target: [UInt8]) -> [UInt8] {
        guard target.first == 0x2F else { return target }
        var url = Array("http://".utf8)
        _ = append(.named(.host), to: &url)
        if let port = info.localAddress?.port, port > 0, port != 80 { url += Array(":\(port)".utf8) }
        return url + target
    }
}
