/// How a location talks to its FastCGI upstream (ngx_http_fastcgi_module).
package struct FastCGISettings: Sendable, Hashable {
    /// `fastcgi_pass`: index into `HTTPConfiguration.upstreams`. Not inherited.
    package internal(set) var pass: Int?
    /// `fastcgi_param`, in the order of the file. A name that occurs twice is sent twice, as in nginx.
    package internal(set) var params: [FastCGIParam] = []
    /// `fastcgi_keep_conn`
    package internal(set) var keepsConnection = false
    /// `fastcgi_connect_timeout`
    package internal(set) var connectTimeout = Duration.seconds(60)
    /// `fastcgi_send_timeout`: between two writes to the peer.
    package internal(set) var sendTimeout = Duration.seconds(60)
    /// `fastcgi_read_timeout`: between two reads from the peer.
    package internal(set) var readTimeout = Duration.seconds(60)
    /// `fastcgi_buffer_size`: the maximum size of a response's header, in bytes. nginx's default is 4 KiB.
    package internal(set) var bufferSize = 32 * 1024
    /// `fastcgi_intercept_errors`: `error_page` applies to the peer's responses too.
    package internal(set) var interceptsErrors = false
    package internal(set) var retry = RetryPolicy()
    /// `fastcgi_hide_header`, in lower case: response headers that the client does not get.
    package internal(set) var hiddenHeaders: [String] = []
    /// `fastcgi_pass_header`, in lower case: `X-Accel-…` headers that the client gets. Others of them are removed.
    package internal(set) var passedHeaders: [String] = []
    /// `fastcgi_ignore_client_abort`: the peer finishes the request even if the client has disconnected.
    package internal(set) var ignoresClientAbort = false
    package internal(set) var buffering = BufferingSettings()
    /// `fastcgi_index`: appended in `$fastcgi_script_name` to a path that ends in `/`.
    package internal(set) var index: Template?
    /// `fastcgi_split_path_info`: index into `HTTPConfiguration.patterns`.
    package internal(set) var splitPathInfo: Int?
    /// `fastcgi_catch_stderr`: if the peer's stderr contains one of these texts, its response counts as invalid.
    package internal(set) var caughtStderr: [[UInt8]] = []
    /// Response headers that the balancer obeys: all but those of `fastcgi_ignore_headers`.
    package internal(set) var obeyedHeaders = ObeyedHeaders.all
    /// `fastcgi_pass_request_body`
    package internal(set) var passesRequestBody = true
    /// `fastcgi_pass_request_headers`
    package internal(set) var passesRequestHeaders = true
}

/// `fastcgi_param`
package struct FastCGIParam: Sendable, Hashable {
    package let name: String
    package let value: Template
    /// `if_not_empty`: an empty value is not sent.
    package let ifNotEmpty: Bool
}

/// The response headers that `fastcgi_ignore_headers` can switch off.
package struct ObeyedHeaders: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `X-Accel-Redirect`
    package static let redirect = ObeyedHeaders(rawValue: 1)
    /// `X-Accel-Limit-Rate`
    package static let limitRate = ObeyedHeaders(rawValue: 2)
    /// `X-Accel-Buffering`
    package static let buffering = ObeyedHeaders(rawValue: 4)

    package static let all: ObeyedHeaders = [.redirect, .limitRate, .buffering]

    /// The names that nginx accepts, in lower case. Those without a value here concern nginx's cache and character
    /// sets, which the balancer does not have.
    static let byName: [String: ObeyedHeaders] = [
        "x-accel-redirect": .redirect, "x-accel-limit-rate": .limitRate, "x-accel-buffering": .buffering,
        "x-accel-expires": [], "x-accel-charset": [], "expires": [], "cache-control": [], "set-cookie": [], "vary": [],
    ]
}
