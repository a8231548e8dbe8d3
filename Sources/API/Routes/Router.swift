internal import Bytes
internal import HTTPWire

/// Finds the route of a request.
struct Router: Sendable {
    /// The routes in the order of the table. ``RequestContext/route`` is an index into this array.
    let routes: [Route]
    private var literal: [String: [Int]] = [:]
    /// Paths with a parameter, by the text around it: `/task/{}/attempts`.
    private var parameterized: [String: [Int]] = [:]

    init(_ routes: [Route]) {
        self.routes = routes
        for (index, route) in routes.enumerated() {
            guard case .node = route.server else { continue }
            if let start = route.path.firstIndex(of: "{"), let end = route.path.firstIndex(of: "}") {
                parameterized["\(route.path[..<start]){}\(route.path[end...].dropFirst())", default: []].append(index)
            } else {
                literal[route.path, default: []].append(index)
            }
        }
    }

    enum Match {
        case route(Int, Handler, parameter: String)
        case problem(Problem)
    }

    /// The route of `GET` also serves `HEAD`.
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
        guard let decoded = PercentCoding.decode(path.utf8).flatMap({ String(validating: $0, as: UTF8.self) }) else {
            return nil
        }
        if let found = literal[decoded] { return (found, "") }
        guard let last = decoded.lastIndex(of: "/") else { return nil }
        if let found = candidates(decoded, from: last, to: decoded.endIndex) { return found }
        guard let before = decoded[..<last].lastIndex(of: "/") else { return nil }
        return candidates(decoded, from: before, to: last)
    }

    /// Takes the segment between `slash` and `end` as the parameter.
    private func candidates(
        _ path: String, from slash: String.Index, to end: String.Index
    ) -> ([Int], parameter: String)? {
        let parameter = path[path.index(after: slash)..<end]
        guard !parameter.isEmpty, let found = parameterized["\(path[...slash]){}\(path[end...])"] else { return nil }
        return (found, String(parameter))
    }

    private func allowed(_ candidates: [Int]) -> String {
        candidates.map { routes[$0].method == .get ? "GET, HEAD" : routes[$0].method.rawValue }.joined(separator: ", ")
    }
}
