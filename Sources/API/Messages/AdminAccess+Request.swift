internal import AdminAccess
internal import Reactor

extension AdminAccess {
    func check(_ request: Request) throws(Problem) {
        let credentials = Credentials(
            isFromThisMachine: request.isFromThisMachine, authorization: request.authorization, host: request.host,
            origin: request.origin)
        guard let denial = denial(of: credentials) else { return }
        throw Problem(
            denial.status, denial.detail,
            headers: denial == .noToken ? [.init("WWW-Authenticate", "Bearer")] : [])
    }
}

extension Request {
    /// From a loopback address, or through a unix socket.
    var isFromThisMachine: Bool {
        remoteAddress == "unix:" || SocketAddress(numeric: remoteAddress, port: 0)?.isLoopback == true
    }
}
