internal import AdminAccess
internal import Reactor

extension AdminAccess {
    /// - Throws: if the client may not make administrative calls; the error is the response.
    func check(_ request: APIRequest) throws(Problem) {
        let credentials = Credentials(
            isFromThisMachine: request.isFromThisMachine, authorization: request.authorization, host: request.host,
            origin: request.origin)
        guard let denial = denial(of: credentials) else { return }
        throw Problem(
            denial.status, denial.detail,
            headers: denial == .noToken ? [.init("WWW-Authenticate", "Bearer")] : [])
    }
}

extension APIRequest {
    /// Whether the client has a loopback address or came through a unix socket.
    var isFromThisMachine: Bool {
        remoteAddress == "unix:" || SocketAddress(numeric: remoteAddress, port: 0)?.isLoopback == true
    }
}
