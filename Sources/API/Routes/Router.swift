/// Finds the route of a request.
struct Router: Sendable {
    /// In the order of the table. Metrics are labelled with them.
    let routes: [Route]
    private var literal: [String: [Int]] = [:]
    /// Paths that end in a parameter, by what comes before it.
    private var parameterized: [String: [Int]] = [:]

    init(_ routes: [Route]) {
        self.routes = routes
        for (index, route) in routes.enumerated() {
            guard case .node = route.server else { continue }
            if let brace = route.path.firstIndex(of: "{") {
                parameterized[String(route.path[..<brace]), default: []].append(index)
            } else {
                literal[route.path, default: []].append(index)
            }
        }
    }

    enum Match {
        case route(Int, Handler, parameter: String)
        case problem(Problem)
    }

    /// `HEAD` is served by the route of `GET`.
    func match(method: String, path: String) -> Match {
        guard let (candidates, parameter) = candidates(path) else { return .problem(.unknownPath) }
        let wanted = method == "HEAD" ? "GET" : method
        for index in candidates where routes[index].method.rawValue == wanted {
            guard case .node(let handler) = routes[index].server else { continue }
            return .route(index, handler, parameter: parameter)
        }
        return .problem(.methodNotAllowed(allowed(candidates)))
    }

    private func candidates(_ path: String) -> ([Int], parameter: String)? {
        if let found = literal[path] { return (found, "") }
        guard let decoded = PercentCoding.decode(path.utf8) else { return nil }
        if let found = literal[decoded] { return (found, "") }
        guard let slash = decoded.lastIndex(of: "/") else { return nil }
        let start = decoded.index(after: slash)
        guard start < decoded.endIndex, let found = parameterized[String(decoded[..<start])] else { return nil }
        return (found, String(decoded[start...]))
    }

    private func allowed(_ candidates: [Int]) -> String {
        candidates.map { routes[$0].method == .get ? "GET, HEAD" : routes[$0].method.rawValue }.joined(separator: ", ")
    }
}
