extension DirectiveTable {
    /// ngx_http_realip_module.
    static let realIPRules: [DirectiveRule] = [
        DirectiveRule("set_real_ip_from", in: .request, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            let source = try builder.trustedSource(directive)
            if builder.isFirst(directive) { builder.settings.trustedSources = [] }
            builder.settings.trustedSources.append(source)
        },
        DirectiveRule("real_ip_header", in: .request, arguments: 1...1) {
            (directive, builder) throws(ConfigurationError) in
            try builder.claim(directive)
            let name = directive.arguments[0].lowercased()
            if name == "proxy_protocol" { throw directive.error("\"real_ip_header proxy_protocol\" is not supported") }
            builder.settings.realIPHeader = name == "x-forwarded-for" ? .xForwardedFor : .named(name)
        },
        .setting("real_ip_recursive", in: .request, Values.flag, to: \.settings.isRealIPRecursive),
    ]
}

extension Builder {
    /// `set_real_ip_from address | CIDR | unix:`
    mutating func trustedSource(_ directive: Directive) throws(ConfigurationError) -> TrustedSource {
        let text = directive.arguments[0]
        if text == "unix:" { return .unix }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard var address = IPAddress.bytes(parts[0]) else {
            throw directive.error(
                parts.count == 2
                    ? "host not found in set_real_ip_from \"\(text)\""
                    : "host names in \"set_real_ip_from\" are not supported: \"\(text)\"")
        }
        guard parts.count == 2 else { return .network(address: address, prefixLength: address.count * 8) }
        guard let length = Values.number(parts[1]), length <= address.count * 8 else {
            throw directive.error("host not found in set_real_ip_from \"\(text)\"")
        }
        let given = address
        for bit in length..<(address.count * 8) {
            address[bit / 8] &= ~(0x80 >> UInt8(bit % 8))
        }
        if address != given { warn("low address bits of \(text) are meaningless", at: directive.location) }
        return .network(address: address, prefixLength: length)
    }
}
