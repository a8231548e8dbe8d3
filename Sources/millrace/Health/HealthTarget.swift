import Client

/// The address and protocol of a health check.
enum HealthTarget {
    case http(ServerAddress, path: String)
    case fastCGI(ServerAddress, path: String)

    private static let timeout = Duration.seconds(3)

    init?(_ text: String) {
        if let path = text.dropping(prefix: "fastcgi:unix:") {
            self = .fastCGI(.unix(path: path), path: "/health")
            return
        }
        let isFastCGI = text.hasPrefix("fastcgi://")
        guard let rest = text.dropping(prefix: isFastCGI ? "fastcgi://" : "http://") else { return nil }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        guard let address = ServerAddress(String(rest[..<slash])), case .tcp = address else { return nil }
        let path = slash == rest.endIndex ? "/health" : String(rest[slash...])
        self = isFastCGI ? .fastCGI(address, path: path) : .http(address, path: path)
    }

    /// - Returns: the HTTP status of the response.
    func ask() throws -> Int {
        switch self {
        case .http(let address, let path):
            let connection = HTTPConnection(to: address, timeout: Self.timeout)
            defer { connection.close() }
            return try connection.request("GET", path).status
        case .fastCGI(let address, let path):
            return try FastCGIProbe.status(of: path, at: address, timeout: Self.timeout)
        }
    }
}

extension String {
    fileprivate func dropping(prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
