extension DirectiveTable {
    /// ngx_http_log_module, and `error_log`.
    static let logRules: [DirectiveRule] = [
        DirectiveRule("log_format", in: .http, arguments: .atLeast(2), order: .definition) {
            (directive, builder) throws(ConfigurationError) in try builder.logFormat(directive)
        },
        DirectiveRule("access_log", in: .request, arguments: .atLeast(1)) {
            (directive, builder) throws(ConfigurationError) in try builder.accessLog(directive)
        },
        DirectiveRule("error_log", in: .main, arguments: 1...2) { (directive, builder) throws(ConfigurationError) in
            builder.main.errorLogs.append(try builder.errorLog(directive))
            builder.settings.errorLogs = builder.main.errorLogs
        },
        DirectiveRule("error_log", in: .request, arguments: 1...2) { (directive, builder) throws(ConfigurationError) in
            let log = try builder.errorLog(directive)
            if builder.markSeen(directive) { builder.settings.errorLogs = [] }
            builder.settings.errorLogs.append(log)
        },
    ]
}

extension LogFormat {
    static let combinedText =
        "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent"
        + " \"$http_referer\" \"$http_user_agent\""
}

extension Builder {
    /// `log_format name [escape=default|json|none] string …`
    mutating func logFormat(_ directive: Directive) throws(ConfigurationError) {
        let name = directive.arguments[0]
        if http.logFormats.contains(where: { $0.name == name }) {
            throw directive.error("duplicate \"log_format\" name \"\(name)\"")
        }
        var strings = directive.arguments.dropFirst()
        var escape = LogFormat.Escape.standard
        if let word = strings.first?.dropping(prefix: "escape=") {
            guard let known = LogFormat.Escape(rawValue: word) else {
                throw directive.error("unknown log format escaping \"\(word)\"")
            }
            escape = known
            strings = strings.dropFirst()
        }
        let template = try Template(strings.joined(), of: directive, variables)
        http.logFormats.append(LogFormat(name: name, escape: escape, template: template))
    }

    /// `access_log path [format [buffer=size] [flush=time]]` or `access_log off`
    mutating func accessLog(_ directive: Directive) throws(ConfigurationError) {
        let arguments = directive.arguments
        let isFirst = markSeen(directive)
        if arguments[0] == "off" {
            if arguments.count > 1 { throw directive.invalidParameter(arguments[1]) }
            settings.accessLogs = []
            block.isAccessLogOff = true
            return
        }
        if arguments[0].hasPrefix("syslog:") || arguments[0].contains("$") {
            throw directive.error("access_log to \"\(arguments[0])\" is not supported")
        }
        let formatName = arguments.count > 1 ? arguments[1] : "combined"
        guard let format = http.logFormats.first(where: { $0.name == formatName }) else {
            throw directive.error("unknown log format \"\(formatName)\"")
        }
        var buffer: Int?
        var flush: Duration?
        for argument in arguments.dropFirst(2) {
            if let value = argument.dropping(prefix: "buffer=") {
                guard let size = Values.size(value), size > 0 else {
                    throw directive.error("invalid buffer size \"\(value)\"")
                }
                buffer = size
            } else if let value = argument.dropping(prefix: "flush=") {
                guard let time = Values.time(value, unit: .milliseconds), time > .zero else {
                    throw directive.error("invalid flush time \"\(value)\"")
                }
                flush = time
            } else {
                throw directive.invalidParameter(argument)
            }
        }
        if flush != nil, buffer == nil {
            throw directive.error("no buffer is defined for access_log \"\(arguments[0])\"")
        }
        if isFirst { settings.accessLogs = [] }
        // One "off" disables all access logs of its block, even those that stand after it.
        if block.isAccessLogOff { return }
        settings.accessLogs.append(
            AccessLog(path: absolute(arguments[0]), format: format, bufferSize: buffer, flushInterval: flush))
    }

    /// `error_log file|stderr [level]`
    func errorLog(_ directive: Directive) throws(ConfigurationError) -> ErrorLog {
        let target = directive.arguments[0]
        if target.hasPrefix("syslog:") || target.hasPrefix("memory:") {
            throw directive.error("error_log to \"\(target)\" is not supported")
        }
        var level = ErrorLog.Level.error
        if directive.arguments.count == 2 {
            guard let known = ErrorLog.Level(rawValue: directive.arguments[1]) else {
                throw directive.error("invalid log level \"\(directive.arguments[1])\"")
            }
            level = known
        }
        return ErrorLog(destination: target == "stderr" ? .standardError : .file(path: absolute(target)), level: level)
    }
}
