extension DirectiveTable {
    /// ngx_http_fastcgi_module.
    static let fastCGIRules: [DirectiveRule] = [
        DirectiveRule("fastcgi_pass", in: .location, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in try builder.fastCGIPass(directive)
        },
        DirectiveRule("fastcgi_param", in: .request, arguments: 2...3) {
            (directive, builder) throws(ConfigurationError) in
            let arguments = directive.arguments
            if arguments.count == 3, arguments[2] != "if_not_empty" { throw directive.invalidParameter(arguments[2]) }
            let value = try Template(arguments[1], of: directive, builder.variables)
            if builder.isFirst(directive) { builder.settings.fastCGIParams = [] }
            builder.settings.fastCGIParams.append(
                FastCGIParam(name: arguments[0], value: value, ifNotEmpty: arguments.count == 3))
        },
        .setting("fastcgi_keep_conn", in: .request, Values.flag, to: \.settings.fastCGIKeepConnection),
        .setting("fastcgi_connect_timeout", in: .request, Values.milliseconds, to: \.settings.fastCGIConnectTimeout),
        .setting("fastcgi_send_timeout", in: .request, Values.milliseconds, to: \.settings.fastCGISendTimeout),
        .setting("fastcgi_read_timeout", in: .request, Values.milliseconds, to: \.settings.fastCGIReadTimeout),
        DirectiveRule("fastcgi_next_upstream", in: .request, arguments: .atLeast(1)) {
            (directive, builder) throws(ConfigurationError) in
            try builder.claim(directive)
            var rule: NextUpstream = []
            for word in directive.arguments {
                guard let value = NextUpstream.byName[word] else {
                    throw directive.error("invalid value \"\(word)\"")
                }
                rule.formUnion(value)
            }
            builder.settings.nextUpstream = directive.arguments.contains("off") ? [] : rule
        },
        .setting("fastcgi_next_upstream_tries", in: .request, Values.number, to: \.settings.nextUpstreamTries),
        .setting(
            "fastcgi_next_upstream_timeout", in: .request, Values.milliseconds, to: \.settings.nextUpstreamTimeout),
        .setting("fastcgi_buffer_size", in: .request, Values.size, to: \.settings.fastCGIBufferSize),
        .setting("fastcgi_intercept_errors", in: .request, Values.flag, to: \.settings.interceptsErrors),
        .setting("fastcgi_ignore_client_abort", in: .request, Values.flag, to: \.settings.ignoresClientAbort),
        DirectiveRule("fastcgi_hide_header", in: .request, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            if builder.isFirst(directive) { builder.settings.hiddenHeaders = [] }
            builder.settings.hiddenHeaders.append(directive.arguments[0].lowercased())
        },
        DirectiveRule("fastcgi_pass_header", in: .request, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            if builder.isFirst(directive) { builder.settings.passedHeaders = [] }
            let name = directive.arguments[0].lowercased()
            guard name.hasPrefix("x-accel-") else {
                throw directive.error("\"fastcgi_pass_header \(directive.arguments[0])\" is not supported")
            }
            builder.settings.passedHeaders.append(name)
        },
    ]
}
