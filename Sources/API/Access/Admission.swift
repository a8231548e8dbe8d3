/// Whether a request is accepted. The head of the request decides this, before the body is read.
enum Admission: Sendable {
    case admitted(AdmittedRequest)
    /// - Parameter route: the index in the route table; `nil` if no route matched.
    case refused(Problem, route: Int?)

    /// If an administrative call is refused, this is logged.
    init(_ environment: CGIEnvironment, _ router: Router, _ services: Services) {
        switch router.match(method: environment.method, path: environment.target.path) {
        case .problem(let problem): self = .refused(problem, route: nil)
        case .route(let route, let handler, let parameter):
            do {
                let caller = try services.access.admit(environment.authorization, to: router.routes[route].access)
                self = .admitted(
                    AdmittedRequest(route: route, handler: handler, parameter: parameter, caller: caller))
            } catch {
                if router.routes[route].isAdministrative {
                    AdministrativeAct.refused(error, router.routes[route], environment, services.logger)
                }
                self = .refused(error, route: route)
            }
        }
    }
}

/// A request that its caller may make.
struct AdmittedRequest: Sendable {
    /// The index in the route table.
    let route: Int
    let handler: Handler
    /// The value of the path parameter.
    let parameter: String
    let caller: Caller

    func request(_ environment: CGIEnvironment, body: [UInt8]) -> APIRequest {
        var request = APIRequest(environment, body: body)
        request.pathParameter = parameter
        request.caller = caller
        return request
    }
}
