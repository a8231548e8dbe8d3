internal import Bytes

/// The variables with a fixed name. The raw value is nginx's name.
///
/// To add one, add a case here and its value to the `switch` in the balancer.
package enum NamedVariable: String, Sendable, Hashable, CaseIterable {
    // ngx_http_core_module
    case arguments = "args"
    case binaryRemoteAddress = "binary_remote_addr"
    case bodyBytesSent = "body_bytes_sent"
    case bytesSent = "bytes_sent"
    case connection = "connection"
    case connectionRequests = "connection_requests"
    case connectionTime = "connection_time"
    case contentLength = "content_length"
    case contentType = "content_type"
    case documentRoot = "document_root"
    case documentURI = "document_uri"
    case host = "host"
    case hostName = "hostname"
    case https = "https"
    case isArguments = "is_args"
    case isRequestPort = "is_request_port"
    case limitRate = "limit_rate"
    case milliseconds = "msec"
    case nginxVersion = "nginx_version"
    case processID = "pid"
    case pipelined = "pipe"
    case proxyProtocolAddress = "proxy_protocol_addr"
    case proxyProtocolPort = "proxy_protocol_port"
    case proxyProtocolServerAddress = "proxy_protocol_server_addr"
    case proxyProtocolServerPort = "proxy_protocol_server_port"
    case queryString = "query_string"
    case remoteAddress = "remote_addr"
    case remotePort = "remote_port"
    case realPathRoot = "realpath_root"
    case remoteUser = "remote_user"
    case request = "request"
    case requestBody = "request_body"
    case requestBodyFile = "request_body_file"
    case requestCompletion = "request_completion"
    case requestFileName = "request_filename"
    case requestID = "request_id"
    case requestLength = "request_length"
    case requestMethod = "request_method"
    case requestPort = "request_port"
    case requestTime = "request_time"
    case requestURI = "request_uri"
    case scheme = "scheme"
    case serverAddress = "server_addr"
    case serverName = "server_name"
    case serverPort = "server_port"
    case serverProtocol = "server_protocol"
    case status = "status"
    case tcpRoundTrip = "tcpinfo_rtt"
    case tcpRoundTripVariation = "tcpinfo_rttvar"
    case tcpCongestionWindow = "tcpinfo_snd_cwnd"
    case tcpReceiveSpace = "tcpinfo_rcv_space"
    case timeISO8601 = "time_iso8601"
    case timeLocal = "time_local"
    case uri = "uri"
    // An extension: W3C Trace Context
    case traceParent = "traceparent"
    // ngx_http_fastcgi_module
    case fastCGIPathInfo = "fastcgi_path_info"
    case fastCGIScriptName = "fastcgi_script_name"
    // ngx_http_limit_conn_module
    case limitConnectionStatus = "limit_conn_status"
    // ngx_http_limit_req_module
    case limitRequestStatus = "limit_req_status"
    // ngx_http_realip_module
    case realIPRemoteAddress = "realip_remote_addr"
    case realIPRemotePort = "realip_remote_port"
    // ngx_http_upstream_module
    case upstreamAddress = "upstream_addr"
    case upstreamBytesReceived = "upstream_bytes_received"
    case upstreamBytesSent = "upstream_bytes_sent"
    /// Always empty, because the balancer has no cache.
    case upstreamCacheStatus = "upstream_cache_status"
    case upstreamConnectTime = "upstream_connect_time"
    case upstreamHeaderTime = "upstream_header_time"
    case upstreamQueueTime = "upstream_queue_time"
    case upstreamResponseLength = "upstream_response_length"
    case upstreamResponseTime = "upstream_response_time"
    case upstreamStatus = "upstream_status"
}

/// A variable in a template.
package enum Variable: Sendable, Hashable {
    case named(NamedVariable)
    /// `$arg_NAME`: an argument of the query. The letter case of its name does not matter.
    case argument(name: String)
    /// `$cookie_NAME`
    case cookie(name: String)
    /// `$http_NAME`: a request header. The name is in lower case, with `-` instead of `_`.
    case requestHeader(name: String)
    /// `$sent_http_NAME`: a header of the response to the client.
    case responseHeader(name: String)
    /// `$upstream_http_NAME`: a header of the peer's response.
    case upstreamHeader(name: String)
    /// `$upstream_cookie_NAME`: a cookie that the peer sets.
    case upstreamCookie(name: String)
    /// `$sent_trailer_NAME`, `$upstream_trailer_NAME`: always empty, because FastCGI has no trailers.
    case trailer
    /// `$1`…`$9`: a group of the last regular expression that matched.
    case group(Int)
    /// A named group of a regular expression.
    case namedGroup(String)
    /// The variable of a `map`: index into `HTTPConfiguration.maps`.
    case mapped(Int)

    /// - Parameter name: nginx's name, without `$`
    /// - Returns: nil if nginx has no such variable, or the balancer does not support it
    package init?(name: String) {
        let name = name.lowercased()
        if let known = Self.known[name] {
            self = .named(known)
            return
        }
        if name.utf8.count == 1, let group = Values.number(name), group > 0 {
            self = .group(group)
            return
        }
        for (prefix, make) in Self.families where name.hasPrefix(prefix) && name.utf8.count > prefix.utf8.count {
            self = make(String(name.dropFirst(prefix.count)))
            return
        }
        return nil
    }

    private static let known = Dictionary(
        uniqueKeysWithValues: NamedVariable.allCases.map { ($0.rawValue, $0) })

    static let families: [(prefix: String, make: @Sendable (String) -> Variable)] = [
        ("arg_", { .argument(name: $0) }),
        ("cookie_", { .cookie(name: $0) }),
        ("http_", { .requestHeader(name: headerName($0)) }),
        ("sent_http_", { .responseHeader(name: headerName($0)) }),
        ("sent_trailer_", { _ in .trailer }),
        ("upstream_cookie_", { .upstreamCookie(name: $0) }),
        ("upstream_trailer_", { _ in .trailer }),
        ("upstream_http_", { .upstreamHeader(name: headerName($0)) }),
    ]

    private static func headerName(_ name: String) -> String {
        String(decoding: name.utf8.map { $0 == ASCII.underscore ? ASCII.hyphen : $0 }, as: UTF8.self)
    }
}
