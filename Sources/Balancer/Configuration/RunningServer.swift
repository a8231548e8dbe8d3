internal import HTTPWire
internal import NginxConfig

/// The settings of one server, prepared for requests.
final class RunningServer: Sendable {
    let server: NginxConfig.Server
    /// The server's locations. They are a separate property, because reading them through `server` would copy the
    /// server's other lists for each request.
    let table: LocationTable
    let locations: [RunningLocation]
    /// `$server_name`.
    let name: [UInt8]
    /// The limits for a request's head.
    let headLimits: HTTPLimits
    let requestRules: RequestRules

    init(_ server: NginxConfig.Server, _ locations: [RunningLocation]) {
        self.server = server
        table = server.table
        self.locations = locations
        name = Array((server.names.first?.text ?? "").utf8)
        var limits = HTTPLimits()
        limits.requestLine = server.settings.parsing.headerBuffers.requestLine
        limits.head = server.settings.parsing.headerBuffers.head
        if let count = server.settings.parsing.maxHeaders { limits.fields = count }
        headLimits = limits
        var rules = RequestRules()
        rules.takesUnderscores = server.settings.parsing.takesUnderscores
        rules.dropsInvalidNames = server.settings.parsing.dropsInvalidHeaders
        rules.mergesSlashes = server.settings.parsing.mergesSlashes
        requestRules = rules
    }
}
