internal import NginxConfig
internal import Patterns
internal import Reactor

/// The server and the location that answer a request, and its internal redirects.
struct RequestRoute {
    /// What answers requests at the location.
    enum Handler {
        case upstream
        case files
        case stubStatus
        /// The balancer's own calls (`stub_status balancer`).
        case balancerCalls

        /// Whether the handler reads the request's body.
        var needsBody: Bool { self == .upstream || self == .balancerCalls }
    }

    // These properties are implicitly unwrapped: a request reads them about fifty times, and they are nil only while
    // the exchange is not in use.
    private(set) var configuration: RunningConfiguration!
    private(set) var server: RunningServer!
    private(set) var location: RunningLocation!
    private(set) var handler = Handler.files
    /// The redirect by an `error_page`, an `index`, `try_files` or a peer; nil if there was none.
    var redirect: InternalRedirect?
    /// The client's address that a trusted proxy names; nil if the connection's address is the client's.
    var realAddress: SocketAddress?
    /// Whether the handler has started. It answers now or later.
    var hasBegunContent = false

    /// Creates the route of an exchange that is not in use.
    init() {}

    mutating func begin(_ configuration: RunningConfiguration, _ server: RunningServer) {
        self.configuration = configuration
        enter(server)
    }

    mutating func enter(_ server: RunningServer) {
        self.server = server
        location = server.locations[0]
    }

    /// - Parameter index: The index of the location in its server.
    mutating func enter(_ index: Int) {
        location = server.locations[index]
        hasBegunContent = false
        if location.upstream != nil {
            handler = .upstream
        } else {
            handler =
                switch location.settings.content {
                case .files: .files
                case .stubStatus: .stubStatus
                case .balancerCalls: .balancerCalls
                }
        }
    }
}

/// An internal redirect: the request continues at another location, and the client does not notice it.
struct InternalRedirect {
    /// The maximum number of redirects of a request, as in nginx.
    static let maxCount = 10

    /// The new path; nil for a named location, which keeps the path and the query.
    var path: [UInt8]?
    var query: [UInt8]?
    /// The status that replaces the response's own; nil if there is none.
    var status: Int?
    /// Whether an `error_page` is the reason. Only one `error_page` is used for each request.
    var isForError = false
    /// Whether the target is requested with GET, independent of the request's method.
    var isGET = false
    /// The content type of the peer's response that asked for the redirect (`X-Accel-Redirect`).
    var contentType: String?
    /// The headers of the peer's response (`X-Accel-Redirect`) that are added to the final response.
    var fields: [(name: [UInt8], value: [UInt8])] = []
    /// The number of redirects so far.
    var count = 0
}
