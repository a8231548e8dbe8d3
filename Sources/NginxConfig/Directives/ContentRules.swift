extension DirectiveTable {
    /// Static files and `stub_status`: ngx_http_index_module, ngx_http_try_files_module, ngx_http_stub_status_module,
    /// and the file directives of ngx_http_core_module.
    static let contentRules: [DirectiveRule] = [
        DirectiveRule("root", in: .request, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in try builder.root(directive)
        },
        DirectiveRule("alias", in: .location, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in try builder.root(directive)
        },
        DirectiveRule("index", in: .request, arguments: .atLeast(1)) {
            (directive, builder) throws(ConfigurationError) in
            if builder.markSeen(directive) { builder.settings.files.index = [] }
            for (position, word) in directive.arguments.enumerated() {
                if word.hasPrefix("/"), position != directive.arguments.count - 1 {
                    builder.warn(
                        "only the last index in \"index\" directive should be absolute", at: directive.location)
                }
                if word.isEmpty { throw directive.error("index \"\" in \"index\" directive is invalid") }
                builder.settings.files.index.append(try Template(word, of: directive, builder.variables))
            }
        },
        DirectiveRule("try_files", in: [.server, .location], arguments: .atLeast(2)) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            builder.settings.files.tryFiles = try TryFiles(of: directive, builder.variables)
        },
        .setting("etag", in: .request, Values.flag, to: \.settings.files.sendsETag),
        DirectiveRule("if_modified_since", in: .request, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            guard let value = IfModifiedSince(rawValue: directive.arguments[0]) else {
                throw directive.error("invalid value \"\(directive.arguments[0])\"")
            }
            builder.settings.files.ifModifiedSince = value
        },
        .setting("log_not_found", in: .request, Values.flag, to: \.settings.files.logsNotFound),
        DirectiveRule("stub_status", in: [.server, .location], arguments: 0...1) {
            (directive, builder) throws(ConfigurationError) in
            // nginx ignores the argument. So nginx, too, can start with a file that has `stub_status balancer`.
            builder.settings.content = directive.arguments == ["balancer"] ? .balancerCalls : .stubStatus
        },
    ]
}

extension Builder {
    /// `root path`, `alias path`
    fileprivate mutating func root(_ directive: Directive) throws(ConfigurationError) {
        let text = directive.arguments[0]
        if !markSeen(directive, group: "root or alias") {
            let other = directive.name == "alias" ? "root" : "alias"
            throw block.seen.contains(directive.name)
                ? directive.namedError("is duplicate")
                : directive.namedError("is duplicate, \"\(other)\" directive was specified earlier")
        }
        block.seen.insert(directive.name)
        for name in ["$document_root", "${document_root}", "$realpath_root", "${realpath_root}"]
        where text.contains(name) {
            let variable = name.contains("document") ? "$document_root" : "$realpath_root"
            throw directive.error("the \(variable) variable cannot be used in the \"\(directive.name)\" directive")
        }
        var path = text.hasPrefix("$") ? text : absolute(text)
        guard directive.name == "alias" else {
            if path.hasSuffix("/") { path.removeLast() }
            settings.files.root = DocumentRoot(try Template(path, of: directive, variables))
            return
        }
        let alias: DocumentRoot.Alias
        switch server?.enclosing.last {
        case .named?:
            throw directive.error("the \"alias\" directive cannot be used inside the named location")
        case .pattern?, nil: alias = .whole
        case let match?: alias = .prefix(match.path.utf8.count)
        }
        settings.files.root = DocumentRoot(try Template(path, of: directive, variables), alias: alias)
    }
}

extension TryFiles {
    /// `try_files file … uri`, `try_files file … =code`
    fileprivate init(of directive: Directive, _ variables: DeclaredVariables) throws(ConfigurationError) {
        var candidates: [Candidate] = []
        for word in directive.arguments.dropLast() {
            let isFolder = word.hasSuffix("/")
            let path = isFolder ? String(word.dropLast()) : word
            candidates.append(Candidate(path: try Template(path, of: directive, variables), isFolder: isFolder))
        }
        let last = directive.arguments[directive.arguments.count - 1]
        if let code = last.dropping(prefix: "=") {
            guard let status = Values.number(code), status <= 999 else {
                throw directive.error("invalid code \"\(last)\"")
            }
            fallback = .status(status)
        } else {
            fallback = .target(try Template(last, of: directive, variables))
        }
        self.candidates = candidates
    }
}
