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
            if builder.markSeen(directive) { builder.settings.fastCGI.params = [] }
            builder.settings.fastCGI.params.append(
                FastCGIParam(name: arguments[0], value: value, ifNotEmpty: arguments.count == 3))
        },
        .setting(
            "fastcgi_request_buffering", in: .request, Values.flag, to: \.settings.upstream.buffering.buffersRequests),
        .setting("fastcgi_buffering", in: .request, Values.flag, to: \.settings.upstream.buffering.buffersResponses),
        .setting(
            "fastcgi_max_temp_file_size", in: .request, Values.size, to: \.settings.upstream.buffering.maxTempFileSize),
        .setting("fastcgi_pass_request_body", in: .request, Values.flag, to: \.settings.upstream.passesRequestBody),
        .setting(
            "fastcgi_pass_request_headers", in: .request, Values.flag, to: \.settings.upstream.passesRequestHeaders),
        DirectiveRule("fastcgi_temp_path", in: .request, arguments: 1...4) {
            (directive, builder) throws(ConfigurationError) in
            builder.settings.upstream.buffering.responseFolder = try builder.temporaryFolder(directive)
        },
        DirectiveRule("client_body_temp_path", in: .request, arguments: 1...4) {
            (directive, builder) throws(ConfigurationError) in
            builder.settings.upstream.buffering.requestFolder = try builder.temporaryFolder(directive)
        },
        DirectiveRule("fastcgi_index", in: .request, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            builder.settings.fastCGI.index = Template(literal: directive.arguments[0])
        },
        DirectiveRule("fastcgi_split_path_info", in: .request, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            builder.settings.fastCGI.splitPathInfo = builder.pattern(
                directive.arguments[0], ignoresCase: false, directive)
        },
        DirectiveRule("fastcgi_catch_stderr", in: .request, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            if builder.markSeen(directive) { builder.settings.fastCGI.caughtStderr = [] }
            builder.settings.fastCGI.caughtStderr.append(Array(directive.arguments[0].utf8))
        },
        DirectiveRule("fastcgi_ignore_headers", in: .request, arguments: .atLeast(1)) {
            (directive, builder) throws(ConfigurationError) in
            if builder.markSeen(directive) { builder.settings.upstream.obeyedHeaders = .all }
            for name in directive.arguments {
                guard let headers = ObeyedHeaders.byName[name.lowercased()] else {
                    throw directive.error("invalid value \"\(name)\"")
                }
                builder.settings.upstream.obeyedHeaders.subtract(headers)
            }
        },
        .setting("fastcgi_keep_conn", in: .request, Values.flag, to: \.settings.fastCGI.keepsConnection),
        .setting("fastcgi_connect_timeout", in: .request, Values.milliseconds, to: \.settings.upstream.connectTimeout),
        .setting("fastcgi_send_timeout", in: .request, Values.milliseconds, to: \.settings.upstream.sendTimeout),
        .setting("fastcgi_read_timeout", in: .request, Values.milliseconds, to: \.settings.upstream.readTimeout),
        DirectiveRule("fastcgi_next_upstream", in: .request, arguments: .atLeast(1)) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            var rule: NextUpstream = []
            for word in directive.arguments {
                guard let value = NextUpstream.byName[word] else {
                    throw directive.error("invalid value \"\(word)\"")
                }
                rule.formUnion(value)
            }
            builder.settings.upstream.retry.conditions = directive.arguments.contains("off") ? [] : rule
        },
        .setting("fastcgi_next_upstream_tries", in: .request, Values.number, to: \.settings.upstream.retry.maxTries),
        .setting(
            "fastcgi_next_upstream_timeout", in: .request, Values.milliseconds, to: \.settings.upstream.retry.timeout),
        .setting("fastcgi_buffer_size", in: .request, Values.size, to: \.settings.upstream.bufferSize),
        .setting("fastcgi_intercept_errors", in: .request, Values.flag, to: \.settings.upstream.interceptsErrors),
        .setting("fastcgi_ignore_client_abort", in: .request, Values.flag, to: \.settings.upstream.ignoresClientAbort),
        DirectiveRule("fastcgi_hide_header", in: .request, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            if builder.markSeen(directive) { builder.settings.upstream.hiddenHeaders = [] }
            builder.settings.upstream.hiddenHeaders.append(directive.arguments[0].lowercased())
        },
        DirectiveRule("fastcgi_pass_header", in: .request, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            if builder.markSeen(directive) { builder.settings.upstream.passedHeaders = [] }
            let name = directive.arguments[0].lowercased()
            guard name.hasPrefix("x-accel-") else {
                throw directive.error("\"fastcgi_pass_header \(directive.arguments[0])\" is not supported")
            }
            builder.settings.upstream.passedHeaders.append(name)
        },
    ]
}

extension Builder {
    /// `client_body_temp_path path [level1 [level2 [level3]]]`. The levels have no effect, because the temporary files
    /// have no names.
    fileprivate mutating func temporaryFolder(_ directive: Directive) throws(ConfigurationError) -> String {
        try rejectDuplicate(directive)
        for level in directive.arguments.dropFirst() where (Values.number(level) ?? 0) == 0 {
            throw directive.namedError("invalid value")
        }
        let folder = absolute(directive.arguments[0])
        http.temporaryFolders.insert(folder)
        return folder
    }
}
