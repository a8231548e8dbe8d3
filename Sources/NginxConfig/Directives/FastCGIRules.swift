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
            let value = try Template(arguments[1], of: directive)
            if builder.isFirst(directive) { builder.settings.fastCGIParams = [] }
            builder.settings.fastCGIParams.append(
                FastCGIParam(name: arguments[0], value: value, ifNotEmpty: arguments.count == 3))
        },
        .setting("fastcgi_keep_conn", in: .request, Values.flag, to: \.settings.fastCGIKeepConnection),
        .setting("fastcgi_connect_timeout", in: .request, Values.milliseconds, to: \.settings.fastCGIConnectTimeout),
        .setting("fastcgi_send_timeout", in: .request, Values.milliseconds, to: \.settings.fastCGISendTimeout),
        .setting("fastcgi_read_timeout", in: .request, Values.milliseconds, to: \.settings.fastCGIReadTimeout),
    ]
}
