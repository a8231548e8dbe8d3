/// What holds for a request, after inheritance. Each value starts as nginx's default; an inner block starts as
/// a copy of the outer one.
package struct LocationSettings: Sendable, Hashable {
    // ngx_http_core_module
    /// Bytes; 0 = no limit.
    package internal(set) var clientMaxBodySize: UInt64 = 1 << 20
    /// Bytes of a body that are kept in memory. What is more goes to a file, or with `fastcgi_request_buffering off` to
    /// the node as it comes. nginx's default is 16 KiB.
    package internal(set) var clientBodyBufferSize = 64 * 1024
    /// From the first byte of a request to the end of its header. Counts at server level.
    package internal(set) var clientHeaderTimeout = Duration.seconds(60)
    /// Between two reads of a request's body.
    package internal(set) var clientBodyTimeout = Duration.seconds(60)
    /// `client_max_connections`, a directive of the balancer's own: of one address; 0 = any number. Counts at the
    /// listener's default server.
    package internal(set) var clientMaxConnections = 0
    /// Between two writes to the client.
    package internal(set) var sendTimeout = Duration.seconds(60)
    /// How long an idle client connection stays open; zero = no keep-alive.
    package internal(set) var keepaliveTimeout = Duration.seconds(75)
    /// Requests that one connection may carry.
    package internal(set) var keepaliveRequests = 1000
    /// How long a connection may carry requests; the one after that is its last.
    package internal(set) var keepaliveTime = Duration.seconds(3600)
    /// `large_client_header_buffers` and `client_header_buffer_size`. Counts at server level.
    package internal(set) var headerBuffers = HeaderBuffers()
    package internal(set) var lingeringClose = LingeringClose.on
    /// Between two reads of what nobody wants, and in all.
    package internal(set) var lingeringTimeout = Duration.seconds(5)
    package internal(set) var lingeringTime = Duration.seconds(30)
    /// `reset_timedout_connection`.
    package internal(set) var resetsTimedOut = false
    /// Bytes a second that a response may have; 0 = as many as the client takes.
    package internal(set) var limitRate = 0
    /// `limit_rate_after`: the first bytes of a response, to which this does not apply.
    package internal(set) var limitRateAfter = 0
    /// `max_headers`: lines of a request's header; nil = the parser's. Counts at server level.
    package internal(set) var mostHeaders: Int?
    /// `underscores_in_headers`; like the next two, the default server's holds for a connection.
    package internal(set) var takesUnderscores = false
    /// `ignore_invalid_headers`
    package internal(set) var dropsInvalidHeaders = true
    /// `merge_slashes`
    package internal(set) var mergesSlashes = true
    /// `server_tokens string`: the `Server` header in place of Millrace's own; empty = none.
    package internal(set) var serverTokens: Template?
    /// The value for `Keep-Alive: timeout=`; nil sends no such header.
    package internal(set) var keepaliveHeader: Duration?
    /// `internal`; not inherited.
    package internal(set) var isInternal = false
    package internal(set) var mediaTypes = MediaTypes()
    package internal(set) var errorPages: [ErrorPage] = []
    package internal(set) var root: DocumentRoot
    /// Of a folder; a path with a `/` in front is one of the server's.
    package internal(set) var indexFiles: [Template] = [Template(literal: "index.html")]
    /// nil without `try_files`; not inherited.
    package internal(set) var triedFiles: TriedFiles?
    package internal(set) var sendsETag = true
    package internal(set) var ifModifiedSince = IfModifiedSince.exact
    /// `log_not_found`.
    package internal(set) var logsNotFound = true
    /// Not inherited.
    package internal(set) var content = ContentHandler.files

    // ngx_http_fastcgi_module
    /// Index into `HTTPConfiguration.upstreams`; not inherited.
    package internal(set) var fastCGIPass: Int?
    /// Not inherited.
    package internal(set) var healthCheck: HealthCheck?
    /// In the order written. A later parameter of the same name stands beside the earlier, as in nginx.
    package internal(set) var fastCGIParams: [FastCGIParam] = []
    package internal(set) var fastCGIKeepConnection = false
    package internal(set) var fastCGIConnectTimeout = Duration.seconds(60)
    /// Between two writes to the node.
    package internal(set) var fastCGISendTimeout = Duration.seconds(60)
    /// Between two reads from the node.
    package internal(set) var fastCGIReadTimeout = Duration.seconds(60)

    /// `fastcgi_buffer_size`: the most that a response's header may have, in bytes. nginx's default is 4 KiB.
    package internal(set) var fastCGIBufferSize = 32 * 1024
    /// `error_page` holds for the node's responses too.
    package internal(set) var interceptsErrors = false
    package internal(set) var nextUpstream: NextUpstream = [.error, .timeout]
    /// Nodes that one request is given to; 0 = each of them.
    package internal(set) var nextUpstreamTries = 0
    /// How long after the first a further node may be asked; zero = for ever.
    package internal(set) var nextUpstreamTimeout = Duration.zero
    /// Of the response, in lower case, beside those that speak to the web server (`X-Accel-…`).
    package internal(set) var hiddenHeaders: [String] = []
    /// Those of `X-Accel-…` that the client gets nevertheless, in lower case.
    package internal(set) var passedHeaders: [String] = []
    /// The node goes on when the client has gone.
    package internal(set) var ignoresClientAbort = false

    package internal(set) var buffering = BufferingSettings()
    /// Follows a path that ends in `/` in `$fastcgi_script_name`.
    package internal(set) var fastCGIIndex: Template?
    /// `fastcgi_split_path_info`: index into `HTTPConfiguration.patterns`.
    package internal(set) var splitPathInfo: Int?
    /// `fastcgi_catch_stderr`: a node that says one of these has sent no proper response.
    package internal(set) var caughtErrors: [[UInt8]] = []
    package internal(set) var obeyedHeaders = ObeyedHeaders.all
    package internal(set) var passesRequestBody = true
    package internal(set) var passesRequestHeaders = true

    // ngx_http_rewrite_module
    /// Not inherited: a server's own steps are taken before a location is looked for.
    package internal(set) var rewriteSteps: [RewriteStep] = []

    // ngx_http_headers_module
    package internal(set) var addedHeaders: [AddedHeader] = []

    // ngx_http_access_module
    package internal(set) var accessRules: [AccessRule] = []

    // ngx_http_limit_req_module
    package internal(set) var limits: [LimitRule] = []
    /// 400…599.
    package internal(set) var limitStatus = 503
    /// `limit_req_log_level`.
    package internal(set) var limitLogLevel = ErrorLog.Level.error
    /// What would be refused or delayed is only logged.
    package internal(set) var isLimitDryRun = false

    // ngx_http_limit_conn_module
    package internal(set) var connectionLimits: [ConnectionLimitRule] = []
    /// 400…599.
    package internal(set) var connectionLimitStatus = 503
    package internal(set) var connectionLimitLogLevel = ErrorLog.Level.error
    package internal(set) var isConnectionLimitDryRun = false

    // ngx_http_realip_module
    package internal(set) var trustedSources: [ClientNetwork] = []
    package internal(set) var realIPHeader = RealIPHeader.named("x-real-ip")
    /// The last address that is not trusted itself counts, in place of the very last.
    package internal(set) var isRealIPRecursive = false

    // logs
    /// Empty = off.
    package internal(set) var accessLogs: [AccessLog]
    /// Empty = the process's default.
    package internal(set) var errorLogs: [ErrorLog]
}

/// How much of a request's head is taken, in bytes.
package struct HeaderBuffers: Sendable, Hashable {
    var initial = 1024
    var count = 4
    var size = 8192

    /// More is answered 414.
    package var requestLine: Int { max(initial, size) }
    /// More is answered 431.
    package var head: Int { max(initial, count * size) }
}

/// `fastcgi_param`.
package struct FastCGIParam: Sendable, Hashable {
    package let name: String
    package let value: Template
    /// Sent only when the value is not empty.
    package let ifNotEmpty: Bool
}
