internal import Bytes

extension DirectiveTable {
    /// ngx_http_rewrite_module, ngx_http_headers_module, and the response directives of ngx_http_core_module.
    static let responseRules: [DirectiveRule] = [
        DirectiveRule("return", in: [.server, .location, .conditional], arguments: 1...2) {
            (directive, builder) throws(ConfigurationError) in
            let rule = try ReturnRule(of: directive, builder.variables)
            let step = builder.block.condition.map { RewriteStep.answerIf($0, rule) } ?? .answer(rule)
            builder.settings.rewriteSteps.append(step)
        },
        DirectiveRule("if", in: [.server, .location], arguments: .atLeast(1), opens: .conditional) {
            (directive, builder) throws(ConfigurationError) in
            try builder.apply(directive.block ?? [], if: try builder.condition(directive))
        },
        DirectiveRule("add_header", in: .request, arguments: 2...3) {
            (directive, builder) throws(ConfigurationError) in
            let header = try AddedHeader(of: directive, builder.variables)
            if builder.markSeen(directive) { builder.settings.response.addedHeaders = [] }
            builder.settings.response.addedHeaders.append(header)
        },
        DirectiveRule("error_page", in: .request, arguments: .atLeast(2)) {
            (directive, builder) throws(ConfigurationError) in
            let page = try ErrorPage(of: directive, builder.variables)
            if builder.markSeen(directive) { builder.settings.response.errorPages = [] }
            builder.settings.response.errorPages.append(page)
        },
        DirectiveRule("internal", in: .location, arguments: 0...0) {
            (_, builder) throws(ConfigurationError) in builder.settings.isInternal = true
        },
        DirectiveRule("default_type", in: .request, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            try builder.rejectDuplicate(directive)
            builder.settings.response.mediaTypes.fallback = directive.arguments[0]
        },
        DirectiveRule("types", in: .request, arguments: 0...0, opens: .entries) {
            (directive, builder) throws(ConfigurationError) in
            if builder.markSeen(directive) { builder.settings.response.mediaTypes.byExtension = [:] }
            for entry in directive.block ?? [] {
                for fileExtension in entry.arguments { builder.setType(entry.name, forExtension: fileExtension, entry) }
            }
        },
    ]
}

extension Builder {
    fileprivate mutating func setType(_ type: String, forExtension fileExtension: String, _ entry: Directive) {
        let fileExtension = fileExtension.lowercased()
        if let previous = settings.response.mediaTypes.byExtension[fileExtension], previous != type {
            warn(
                "duplicate extension \"\(fileExtension)\", content type: \"\(type)\", previous content type: \"\(previous)\"",
                at: entry.location)
        }
        settings.response.mediaTypes.byExtension[fileExtension] = type
    }
}

extension ReturnRule {
    /// `return code [text]`, `return code URL`, `return URL`
    fileprivate init(of directive: Directive, _ variables: DeclaredVariables) throws(ConfigurationError) {
        let first = directive.arguments[0]
        if let status = Values.number(first), status <= 999 {
            self.status = status
            text = directive.arguments.count == 2 ? try Template(directive.arguments[1], of: directive, variables) : nil
            return
        }
        guard directive.arguments.count == 1, ["http://", "https://", "$scheme"].contains(where: first.hasPrefix) else {
            throw directive.error("invalid return code \"\(first)\"")
        }
        status = 302
        text = try Template(first, of: directive, variables)
    }
}

extension ErrorPage {
    /// `error_page code … [=[response]] uri`
    fileprivate init(of directive: Directive, _ variables: DeclaredVariables) throws(ConfigurationError) {
        var words = directive.arguments
        target = try Template(words.removeLast(), of: directive, variables)
        if let word = words.last, word.hasPrefix("=") {
            words.removeLast()
            if word == "=" {
                status = .ofPage
            } else {
                guard let number = Values.number(String(word.dropFirst())) else {
                    throw directive.error("invalid value \"\(word)\"")
                }
                status = .replaced(number)
            }
        } else {
            status = .kept
        }
        var statuses: [Int] = []
        for word in words {
            guard let number = Values.number(word), number != 499 else {
                throw directive.error("invalid value \"\(word)\"")
            }
            guard (300...599).contains(number) else {
                throw directive.error("value \"\(word)\" must be between 300 and 599")
            }
            statuses.append(number)
        }
        self.statuses = statuses
    }
}

extension AddedHeader {
    /// `add_header name value [always]`
    fileprivate init(of directive: Directive, _ variables: DeclaredVariables) throws(ConfigurationError) {
        name = directive.arguments[0]
        // These headers decide how the message is framed, so only the balancer may write them.
        if ["content-length", "transfer-encoding", "connection"].contains(name.lowercased()) {
            throw directive.error("\"add_header \(name)\" is not supported")
        }
        guard !name.isEmpty, name.utf8.allSatisfy(\.isToken) else { throw directive.invalidParameter(name) }
        value = try Template(directive.arguments[1], of: directive, variables)
        isAlways = directive.arguments.count == 3
        if isAlways, directive.arguments[2] != "always" { throw directive.invalidParameter(directive.arguments[2]) }
    }
}
