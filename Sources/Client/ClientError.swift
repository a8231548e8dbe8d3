package import HTTPWire

/// Why a request has no response.
package enum ClientError: Error, Sendable, Hashable {
    case invalidURL(String, reason: String)
    case unknownHost(String, reason: String)
    case notConnected(Endpoint, reason: String)
    case timedOut(Endpoint)
    /// The server closed the connection before its response was complete.
    case closed(Endpoint)
    /// The connection broke, with the reason that the system gives.
    case broken(Endpoint, reason: String)
    case malformedResponse(HTTPError)
    case notJSON(status: Int)
}

extension ClientError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidURL(let text, let reason): "\(text) is not a server's URL: \(reason)"
        case .unknownHost(let host, let reason): "the host \(host) is not known: \(reason)"
        case .notConnected(let endpoint, let reason): "no connection to \(endpoint): \(reason)"
        case .timedOut(let endpoint): "\(endpoint) did not answer in time"
        case .closed(let endpoint): "\(endpoint) closed the connection before its answer was complete"
        case .broken(let endpoint, let reason): "the connection to \(endpoint) broke: \(reason)"
        case .malformedResponse(let error): "the answer is not HTTP: \(error)"
        case .notJSON(let status): "the answer (status \(status)) is not JSON"
        }
    }
}
