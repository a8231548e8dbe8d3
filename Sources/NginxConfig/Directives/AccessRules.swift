extension DirectiveTable {
    /// ngx_http_access_module.
    static let accessRules: [DirectiveRule] =
        ["allow", "deny"].map { name in
            DirectiveRule(name, in: .request, arguments: 1...1) { (directive, builder) throws(ConfigurationError) in
                var network: ClientNetwork?
                if directive.arguments[0] != "all" {
                    network = try builder.network(directive) { _ in "invalid parameter \"\(directive.arguments[0])\"" }
                }
                if builder.markSeen(directive, group: "allow") { builder.settings.accessRules = [] }
                builder.settings.accessRules.append(AccessRule(isAllowed: name == "allow", network: network))
            }
        }
}

extension Builder {
    /// Parses the first argument of the directive: `address | CIDR | unix:`.
    /// - Parameter complaint: makes the error message for an invalid argument. It gets the parts of the argument before
    ///   and after the `/`.
    mutating func network(
        _ directive: Directive, complaint: ([String]) -> String
    ) throws(ConfigurationError) -> ClientNetwork {
        let text = directive.arguments[0]
        if text == "unix:" { return .unix }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard var address = IPAddress.bytes(parts[0]) else { throw directive.error(complaint(parts)) }
        guard parts.count == 2 else { return .network(address: address, prefixLength: address.count * 8) }
        guard let length = Values.number(parts[1]), length <= address.count * 8 else {
            throw directive.error(complaint(parts))
        }
        let given = address
        for bit in length..<(address.count * 8) {
            address[bit / 8] &= ~(0x80 >> UInt8(bit % 8))
        }
        if address != given { warn("low address bits of \(text) are meaningless", at: directive.location) }
        return .network(address: address, prefixLength: length)
    }
}
