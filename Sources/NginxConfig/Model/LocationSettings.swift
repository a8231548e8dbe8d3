/// The settings that apply to a request after inheritance: those of the innermost block that matches it.
///
/// Each value starts as nginx's default, unless its comment names another default. A nested block starts with a copy of
/// the outer block's values. The exceptions are values whose comment says "not inherited": in each location, they start
/// as nginx's default again.
package struct LocationSettings: Sendable, Hashable {
    package internal(set) var client = ClientSettings()
    package internal(set) var parsing = RequestParsingSettings()
    package internal(set) var response = ResponseSettings()
    package internal(set) var files: FileSettings
    package internal(set) var upstream = UpstreamModuleSettings()
    package internal(set) var fastCGI = FastCGISettings()
    /// `limit_req`
    package internal(set) var requestLimits = LimitSettings<LimitRule>()
    /// `limit_conn`
    package internal(set) var connectionLimits = LimitSettings<ConnectionLimitRule>()
    package internal(set) var realIP = RealIPSettings()
    /// `allow` and `deny`, in the order of the file.
    package internal(set) var accessRules: [AccessRule] = []
    /// The steps of ngx_http_rewrite_module. They are not inherited: the server's steps run before a location is
    /// chosen.
    package internal(set) var rewriteSteps: [RewriteStep] = []
    /// `internal`. It is not inherited.
    package internal(set) var isInternal = false
    /// What answers a request if the location has no `fastcgi_pass`. It is not inherited.
    package internal(set) var content = ContentHandler.files
    /// `health_check`. It is not inherited.
    package internal(set) var healthCheck: HealthCheck?
    /// The access logs; empty for `access_log off`.
    package internal(set) var accessLogs: [AccessLog]
    /// The error logs; empty for the process's own error log.
    package internal(set) var errorLogs: [ErrorLog]
}

/// What answers a request in a location without `fastcgi_pass`.
package enum ContentHandler: Sendable, Hashable {
    case files
    case stubStatus
    /// `stub_status balancer`: the paths that the balancer answers itself (`/lb/health`, `/lb/stats` and others).
    case balancerCalls
}
