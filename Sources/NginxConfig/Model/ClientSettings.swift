/// How the balancer treats a client's connection and its request body (ngx_http_core_module).
package struct ClientSettings: Sendable, Hashable {
    /// `client_max_body_size`, in bytes; 0: no limit.
    package internal(set) var maxBodySize: UInt64 = 1 << 20
    /// `client_body_buffer_size`: how many bytes of a request body are kept in memory. nginx's default is 16 KiB.
    ///
    /// Further bytes go to a file. With `fastcgi_request_buffering off` they go to the peer as they arrive.
    package internal(set) var bodyBufferSize = 64 * 1024
    /// `client_header_timeout`: the maximum time from the first byte of a request to the end of its header. The value
    /// of the listener's default server applies.
    package internal(set) var headerTimeout = Duration.seconds(60)
    /// `client_body_timeout`: the maximum time between two reads of a request body.
    package internal(set) var bodyTimeout = Duration.seconds(60)
    /// `client_max_connections`, which nginx does not have: the maximum number of open connections of one client; 0: no
    /// limit. The value of the listener's default server applies.
    package internal(set) var maxConnections = 0
    /// `send_timeout`: the maximum time between two writes to the client.
    package internal(set) var sendTimeout = Duration.seconds(60)
    /// `keepalive_timeout`: how long an idle connection stays open; zero: no keep-alive.
    package internal(set) var keepaliveTimeout = Duration.seconds(75)
    /// `keepalive_requests`: the maximum number of requests on one connection.
    package internal(set) var keepaliveRequests = 1000
    /// `keepalive_time`: when a connection is this old, the next request is its last.
    package internal(set) var keepaliveTime = Duration.seconds(3600)
    package internal(set) var lingeringClose = LingeringClose.on
    /// `lingering_timeout`: the maximum time between two reads of data that the balancer discards.
    package internal(set) var lingeringTimeout = Duration.seconds(5)
    /// `lingering_time`: how long the balancer reads and discards data before it closes the connection.
    package internal(set) var lingeringTime = Duration.seconds(30)
    /// `reset_timedout_connection`
    package internal(set) var resetsTimedOutConnections = false
    /// `limit_rate`: the maximum rate of one response, in bytes per second; 0: no limit.
    package internal(set) var limitRate = 0
    /// `limit_rate_after`: how many bytes of a response are sent before `limitRate` applies.
    package internal(set) var limitRateAfter = 0
}

/// `lingering_close`
package enum LingeringClose: String, Sendable, Hashable {
    case off, on, always
}
