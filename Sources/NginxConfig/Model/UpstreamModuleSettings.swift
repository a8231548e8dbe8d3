/// How a location communicates with its upstream. The settings are the same for every protocol, as in nginx
/// (`ngx_http_upstream_conf_t`). The directives `fastcgi_…` set them.
package struct UpstreamModuleSettings: Sendable, Hashable {
    /// `fastcgi_pass`: index into `HTTPConfiguration.upstreams`. It is not inherited.
    package internal(set) var pass: Int?
    /// `fastcgi_connect_timeout`
    package internal(set) var connectTimeout = Duration.seconds(60)
    /// `fastcgi_send_timeout`: the maximum time between two writes to the peer.
    package internal(set) var sendTimeout = Duration.seconds(60)
    /// `fastcgi_read_timeout`: the maximum time between two reads from the peer.
    package internal(set) var readTimeout = Duration.seconds(60)
    /// `fastcgi_buffer_size`: the maximum size of a response's header, in bytes. nginx's default is 4 KiB.
    package internal(set) var bufferSize = 32 * 1024
    /// `fastcgi_intercept_errors`: `error_page` applies to the peer's responses too.
    package internal(set) var interceptsErrors = false
    package internal(set) var retry = RetryPolicy()
    /// `fastcgi_hide_header`, in lower case: response headers that the client does not get.
    package internal(set) var hiddenHeaders: [String] = []
    /// `fastcgi_pass_header`, in lower case: the `X-Accel-…` headers that the client gets. All other `X-Accel-…`
    /// headers are removed.
    package internal(set) var passedHeaders: [String] = []
    /// `fastcgi_ignore_client_abort`: the peer finishes the request even if the client has disconnected.
    package internal(set) var ignoresClientAbort = false
    package internal(set) var buffering = BufferingSettings()
    /// Response headers that the balancer obeys: all but those of `fastcgi_ignore_headers`.
    package internal(set) var obeyedHeaders = ObeyedHeaders.all
    /// `fastcgi_pass_request_body`
    package internal(set) var passesRequestBody = true
    /// `fastcgi_pass_request_headers`
    package internal(set) var passesRequestHeaders = true
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

    /// The names that nginx accepts, in lower case. The names with `[]` concern nginx's cache and character sets, which
    /// the balancer does not have.
    static let byName: [String: ObeyedHeaders] = [
        "x-accel-redirect": .redirect, "x-accel-limit-rate": .limitRate, "x-accel-buffering": .buffering,
        "x-accel-expires": [], "x-accel-charset": [], "expires": [], "cache-control": [], "set-cookie": [], "vary": [],
    ]
}
