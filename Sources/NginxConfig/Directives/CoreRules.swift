extension DirectiveTable {
    /// ngx_core_module and ngx_events_module.
    static let coreRules: [DirectiveRule] = [
        // The parser has already replaced each `include` by the contents of the file.
        DirectiveRule("include", in: .any, arguments: 1...1) { (_, _) throws(ConfigurationError) in },
        .setting("daemon", in: .main, Values.flag, to: \.main.daemon),
        .setting("worker_processes", in: .main, Values.workerProcesses, to: \.main.workerProcesses),
        .setting("worker_rlimit_nofile", in: .main, Values.number, to: \.main.descriptorLimit),
        .setting("worker_shutdown_timeout", in: .main, Values.milliseconds, to: \.main.shutdownTimeout),
        DirectiveRule("pid", in: .main, arguments: 1...1) { (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            builder.main.pidFile = builder.absolute(directive.arguments[0])
        },
        DirectiveRule("user", in: .main, arguments: 1...2) { (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            builder.main.user = directive.arguments[0]
            builder.main.group = directive.arguments.last
        },
        DirectiveRule("events", in: .main, arguments: 0...0, order: .block, opens: .events) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            try builder.apply(directive.block ?? [])
        },
        .setting("worker_connections", in: .events, Values.connections, to: \.events.workerConnections),
    ]
}
