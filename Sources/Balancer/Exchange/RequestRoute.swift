internal import NginxConfig
internal import Patterns
internal import Reactor

/// Where a request is led: the server and the location that answer it, and the internal redirects on the way.
struct RequestRoute {
    /// What answers at the location.
    enum Handler {
        /// The balancer's own calls below `/lb/`.
        case admin
        case upstream
        case files
        case stubStatus
    }

    // Implicitly unwrapped instead of an optional route: a request asks for them some fifty times.
    private(set) var configuration: RunningConfiguration!
    private(set) var server: RunningServer!
    private(set) var location: RunningLocation!
    private(set) var handler = Handler.files
    /// Where an `error_page`, an `index`, `try_files` or a peer has led the request.
    var redirect: InternalRedirect?
    /// The client's address as a trusted proxy tells it; nil: the connection's.
    var realAddress: SocketAddress?
    /// The handler has begun: it answers, now or later.
    var hasBegunContent = false

    /// Of an exchange that is not in use.
    init() {}

    mutating func begin(_ configuration: RunningConfiguration, _ server: RunningServer) {
        self.configuration = configuration
        enter(server)
    }

    mutating func enter(_ server: RunningServer) {
        self.server = server
        location = server.locations[0]
    }

    /// - Parameter index: Of the server's locations.
    mutating func enter(_ index: Int, isAdminCall: Bool) {
        location = server.locations[index]
        hasBegunContent = false
        if isAdminCall {
            handler = .admin
        } else if location.upstream != nil {
            handler = .upstream
        } else {
            handler = location.settings.content == .stubStatus ? .stubStatus : .files
        }
    }
}

/// An internal redirect: the request goes on at another location, and the client does not see it.
struct InternalRedirect {
    /// nginx's limit.
    static let maxCount = 10

    /// nil: a named location, which leaves the request as it is.
    var path: [UInt8]?
    var query: [UInt8]?
    /// The status that the response gets; nil: its own.
    var status: Int?
    /// An `error_page` has led here. It does so once for each request.
    var isForError = false
    /// The target is asked for with GET, whatever the request was.
    var isGET = false
    /// Of the peer that has led here (`X-Accel-Redirect`).
    var contentType: String?
    /// The peer's headers that the response gets.
    var fields: [(name: [UInt8], value: [UInt8])] = []
    /// Redirects so far.
    var count = 0
}
