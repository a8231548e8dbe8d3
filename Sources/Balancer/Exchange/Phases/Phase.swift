internal import HTTPWire
internal import NginxConfig

/// The steps that a request passes, in nginx's order. Each lets it proceed or answers it.
enum Phase {
    /// The `return`s of the server, before a location is looked for.
    case serverRewrite
    /// `internal`.
    case internalOnly
    /// `client_max_body_size`, where the length is known.
    case bodySize
    /// A peer has had a part of the body already: another one cannot have it.
    case bodyAtHand
    /// The `return`s of the location.
    case rewrite
    /// `limit_req`.
    case requestLimit
    /// `limit_conn`.
    case connectionLimit
    /// `allow`, `deny`.
    case access
    case tryFiles
    /// The location's handler begins, or waits for the body.
    case content
    /// The access log.
    case log

    static let ofServer: [Phase] = [.serverRewrite]
    static let ofLocation: [Phase] = [
        .internalOnly, .bodySize, .bodyAtHand, .rewrite, .requestLimit, .connectionLimit, .access, .tryFiles, .content,
    ]
    static let ofAdminCall: [Phase] = [.access, .content]

    enum Outcome {
        case proceed
        /// The request is answered, or led elsewhere. The exchange may be in other use already.
        case answered
    }

    /// Whether the phase can do anything but let a request proceed.
    func isNeeded(at location: LocationSettings) -> Bool {
        switch self {
        case .internalOnly: location.isInternal
        case .bodySize: location.client.maxBodySize > 0
        case .bodyAtHand: location.fastCGI.pass != nil
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
            if exchange.route.handler != .upstream || exchange.body.isHeld { return .proceed }
            exchange.log(.error, "no other peer can have the request's body, because it was not kept")
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
