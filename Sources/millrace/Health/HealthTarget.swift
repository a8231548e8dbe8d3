import Client

/// Where and how one process is asked for its health.
enum HealthTarget {
    case http(Endpoint, path: String)
    case fastCGI(Endpoint, path: String)

    private static let timeout = Duration.seconds(3)

    init?(_ address: String) {
        if let path = address.dropping(prefix: "fastcgi:unix:") {
            self = .fastCGI(.unix(path: path), path: "/health")
            return
        }
        let isFastCGI = address.hasPrefix("fastcgi://")
        guard let rest = address.dropping(prefix: isFastCGI ? "fastcgi://" : "http://") else { return nil }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        guard let endpoint = Endpoint(String(rest[..<slash])), case .tcp = endpoint else { return nil }
        let path = slash == rest.endIndex ? "/health" : String(rest[slash...])
        self = isFastCGI ? .fastCGI(endpoint, path: path) : .http(endpoint, path: path)
    }

    /// - Returns: the HTTP status of the answer.
    func ask() throws -> Int {
        switch self {
        case .http(let endpoint, let path):
            let connection = HTTPConnection(to: endpoint, timeout: Self.timeout)
            defer { connection.close() }
            return try connection.request("GET", path).status
        case .fastCGI(let endpoint, let path):
            return try FastCGIProbe.status(of: path, at: endpoint, timeout: Self.timeout)
        }
    }
}

extension String {
    fileprivate func dropping(prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
