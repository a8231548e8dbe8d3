package import HTTPWire

/// Why a request failed without a response.
package enum ClientError: Error, Sendable, Hashable {
    case invalidURL(String, reason: String)
    case unknownHost(String, reason: String)
    case notConnected(ServerAddress, reason: String)
    case timedOut(ServerAddress)
    /// The server closed the connection before its response was complete.
    case closed(ServerAddress)
    /// A system call on the connection failed.
    case broken(ServerAddress, reason: String)
    case malformedResponse(HTTPError)
    case notJSON(status: Int)
}

extension ClientError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidURL(let text, let reason): "\(text) is not a server's URL: \(reason)"
        case .unknownHost(let host, let reason): "the host \(host) is unknown: \(reason)"
        case .notConnected(let address, let reason): "cannot connect to \(address): \(reason)"
        case .timedOut(let address): "\(address) did not answer in time"
        case .closed(let address): "\(address) closed the connection before its response was complete"
        case .broken(let address, let reason): "the connection to \(address) failed: \(reason)"
        case .malformedResponse(let error): "the response is not HTTP: \(error)"
        case .notJSON(let status): "the response (status \(status)) is not JSON"
        }
    }
}
