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
        .setting("fastcgi_request_buffering", in: .request, Values.flag, to: \.settings.buffering.holdsRequests),
        .setting("fastcgi_buffering", in: .request, Values.flag, to: \.settings.buffering.holdsResponses),
        .setting("fastcgi_max_temp_file_size", in: .request, Values.size, to: \.settings.buffering.mostInFile),
        .setting("fastcgi_pass_request_body", in: .request, Values.flag, to: \.settings.passesRequestBody),
        .setting("fastcgi_pass_request_headers", in: .request, Values.flag, to: \.settings.passesRequestHeaders),
        DirectiveRule("fastcgi_temp_path", in: .request, arguments: 1...4) {
            (directive, builder) throws(ConfigurationError) in
            builder.settings.buffering.responseFolder = try builder.temporaryFolder(directive)
        },
        DirectiveRule("client_body_temp_path", in: .request, arguments: 1...4) {
            (directive, builder) throws(ConfigurationError) in
            builder.settings.buffering.requestFolder = try builder.temporaryFolder(directive)
        },
        DirectiveRule("fastcgi_index", in: .request, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            try builder.claim(directive)
            builder.settings.fastCGIIndex = Template(literal: directive.arguments[0])
        },
        DirectiveRule("fastcgi_split_path_info", in: .request, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            try builder.claim(directive)
            builder.settings.splitPathInfo = builder.pattern(directive.arguments[0], ignoresCase: false, directive)
        },
        DirectiveRule("fastcgi_catch_stderr", in: .request, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            if builder.isFirst(directive) { builder.settings.caughtErrors = [] }
            builder.settings.caughtErrors.append(Array(directive.arguments[0].utf8))
        },
        DirectiveRule("fastcgi_ignore_headers", in: .request, arguments: .atLeast(1)) {
            (directive, builder) throws(ConfigurationError) in
            if builder.isFirst(directive) { builder.settings.obeyedHeaders = .all }
            for name in directive.arguments {
                guard let headers = ObeyedHeaders.byName[name.lowercased()] else {
                    throw directive.error("invalid value \"\(name)\"")
                }
                builder.settings.obeyedHeaders.subtract(headers)
            }
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

extension Builder {
    /// `client_body_temp_path path [level1 [level2 [level3]]]`: the levels are for files with names, and ours have none.
    fileprivate mutating func temporaryFolder(_ directive: Directive) throws(ConfigurationError) -> String {
        try claim(directive)
        for level in directive.arguments.dropFirst() where (Values.number(level) ?? 0) == 0 {
            throw directive.isFaulty("invalid value")
        }
        let folder = absolute(directive.arguments[0])
        http.temporaryFolders.insert(folder)
        return folder
    }
}
