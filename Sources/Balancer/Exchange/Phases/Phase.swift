internal import HTTPWire
internal import NginxConfig

/// The steps of a request, in nginx's order. Each step lets the request proceed, or answers it.
enum Phase {
    /// `return` in the server, before a location is chosen.
    case serverRewrite
    /// `internal`.
    case internalOnly
    /// `client_max_body_size`, if the length of the body is known.
    case bodySize
    /// Refuses a request whose handler needs the body, if a part of the body was sent to an earlier peer and not kept.
    case bodyAtHand
    /// `return` in the location.
    case rewrite
    /// `limit_req`.
    case requestLimit
    /// `limit_conn`.
    case connectionLimit
    /// `allow`, `deny`.
    case access
    case tryFiles
    /// Starts the location's handler, or waits for the body.
    case content
    /// The access log.
    case log

    static let ofServer: [Phase] = [.serverRewrite]
    static let ofLocation: [Phase] = [
        .internalOnly, .bodySize, .bodyAtHand, .rewrite, .requestLimit, .connectionLimit, .access, .tryFiles, .content,
    ]

    enum Outcome {
        case proceed
        /// The request is answered, waits, or was redirected. Another request may already use the exchange.
        case answered
    }

    /// Whether the phase can have an effect at this location.
    func isNeeded(at location: LocationSettings) -> Bool {
        switch self {
        case .internalOnly: location.isInternal
        case .bodySize: location.client.maxBodySize > 0
        case .bodyAtHand: location.upstream.pass != nil || location.content == .balancerCalls
        case .rewrite: !location.rewriteSteps.isEmpty
        case .requestLimit: !location.requestLimits.rules.isEmpty
        case .connectionLimit: !location.connectionLimits.rules.isEmpty
        case .access: !location.accessRules.isEmpty
        case .tryFiles: location.files.tryFiles != nil
        case .serverRewrite, .content, .log: true
        }
    }

    func run(_ exchange: Exchange) -> Outcome {
        switch self {
        case .serverRewrite: return RewritePhase(exchange).runServer()
        case .internalOnly:
            guard exchange.location.settings.isInternal, exchange.route.redirect == nil else { return .proceed }
            exchange.refuse(.notFound)
            return .answered
        case .bodySize:
            let limit = exchange.location.settings.client.maxBodySize
            guard limit > 0, !exchange.response.isLast, case .length(let length) = exchange.request.head.body,
                UInt64(length) > limit
            else { return .proceed }
            exchange.refuse(.bodyTooLarge)
            return .answered
        case .bodyAtHand:
            if !exchange.route.handler.needsBody || exchange.body.isHeld { return .proceed }
            exchange.log(.error, "the request's body was not kept, so no other location can use it")
            exchange.refuse(.configured(500))
            return .answered
        case .rewrite: return RewritePhase(exchange).runLocation()
        case .requestLimit: return LimitPhases(exchange).runRequestLimit()
        case .connectionLimit: return LimitPhases(exchange).runConnectionLimit()
        case .access:
            let rules = exchange.location.settings.accessRules
            if rules.isEmpty || rules.allow(exchange.clientAddress) { return .proceed }
            exchange.log(.error, "access forbidden by rule")
            exchange.refuse(.denied)
            return .answered
        case .tryFiles: return TryFilesPhase(exchange).run()
        case .content:
            exchange.beginContent()
            return .answered
        case .log: return LogPhase(exchange).run()
        }
    }
}
