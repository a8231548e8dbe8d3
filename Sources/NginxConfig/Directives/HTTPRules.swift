extension DirectiveTable {
    /// ngx_http_core_module.
    static let httpRules: [DirectiveRule] = [
        DirectiveRule("http", in: .main, arguments: 0...0, order: .block, opens: .http) {
            (directive, builder) throws(ConfigurationError) in try builder.openHTTP(directive)
        },
        DirectiveRule("server", in: .http, arguments: 0...0, order: .block, opens: .server) {
            (directive, builder) throws(ConfigurationError) in try builder.openServer(directive)
        },
        DirectiveRule("location", in: [.server, .location], arguments: 1...2, order: .block, opens: .location) {
            (directive, builder) throws(ConfigurationError) in try builder.openLocation(directive)
        },
        DirectiveRule("listen", in: .server, arguments: .atLeast(1)) {
            (directive, builder) throws(ConfigurationError) in try builder.listen(directive)
        },
        DirectiveRule("server_name", in: .server, arguments: .atLeast(1)) {
            (directive, builder) throws(ConfigurationError) in try builder.serverName(directive)
        },
        .setting("client_max_body_size", in: .request, Values.offset, to: \.settings.client.maxBodySize),
        .setting(
            "client_header_timeout", in: [.http, .server], Values.milliseconds, to: \.settings.client.headerTimeout),
        .setting("client_max_connections", in: [.http, .server], Values.number, to: \.settings.client.maxConnections),
        .setting("client_body_buffer_size", in: .request, Values.size, to: \.settings.client.bodyBufferSize),
        .setting("client_body_timeout", in: .request, Values.milliseconds, to: \.settings.client.bodyTimeout),
        .setting("keepalive_requests", in: .request, Values.number, to: \.settings.client.keepaliveRequests),
        .setting("keepalive_time", in: .request, Values.milliseconds, to: \.settings.client.keepaliveTime),
        .setting(
            "client_header_buffer_size", in: [.http, .server], Values.size, to: \.settings.parsing.headerBuffers.initial
        ),
        DirectiveRule("large_client_header_buffers", in: [.http, .server], arguments: 2...2) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            guard let count = Values.number(directive.arguments[0]), count > 0 else {
                throw directive.namedError("invalid value")
            }
            guard let size = Values.size(directive.arguments[1]), size > 0 else {
                throw directive.namedError("invalid value")
            }
            builder.settings.parsing.headerBuffers.count = min(count, 1024)
            builder.settings.parsing.headerBuffers.size = min(size, 16 << 20)
        },
        .setting("underscores_in_headers", in: [.http, .server], Values.flag, to: \.settings.parsing.takesUnderscores),
        .setting(
            "ignore_invalid_headers", in: [.http, .server], Values.flag, to: \.settings.parsing.dropsInvalidHeaders),
        .setting("merge_slashes", in: [.http, .server], Values.flag, to: \.settings.parsing.mergesSlashes),
        DirectiveRule("lingering_close", in: .request, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            guard let value = LingeringClose(rawValue: directive.arguments[0]) else {
                throw directive.error("invalid value \"\(directive.arguments[0])\"")
            }
            builder.settings.client.lingeringClose = value
        },
        .setting("lingering_time", in: .request, Values.milliseconds, to: \.settings.client.lingeringTime),
        .setting("lingering_timeout", in: .request, Values.milliseconds, to: \.settings.client.lingeringTimeout),
        .setting(
            "reset_timedout_connection", in: .request, Values.flag, to: \.settings.client.resetsTimedOutConnections),
        .setting("limit_rate", in: .request, Values.size, to: \.settings.client.limitRate),
        .setting("limit_rate_after", in: .request, Values.size, to: \.settings.client.limitRateAfter),
        .setting("max_headers", in: [.http, .server], Values.number, to: \.settings.parsing.maxHeaders),
        // The Server header never contains a version, so "on", "off" and "build" have no effect.
        DirectiveRule("server_tokens", in: .request, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            let isKeyword = ["on", "off", "build"].contains(directive.arguments[0])
            builder.settings.response.serverTokens =
                isKeyword ? nil : try Template(directive.arguments[0], of: directive, builder.variables)
        },
        .setting("send_timeout", in: .request, Values.milliseconds, to: \.settings.client.sendTimeout),
        DirectiveRule("keepalive_timeout", in: .request, arguments: 1...2) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            builder.settings.client.keepaliveTimeout = try Values.milliseconds(directive)
            // The second argument is for the "Keep-Alive" header. The balancer does not send this header.
            if directive.arguments.count == 2 { _ = try Values.seconds(directive, argument: 1) }
        },
    ]
}
