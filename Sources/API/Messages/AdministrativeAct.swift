internal import Logging

/// One administrative act of a client that is allowed to do it. The log has one line for each act: who did what, and
/// the outcome.
struct AdministrativeAct: Sendable {
    private let logger: Logger
    private var metadata: Logger.Metadata

    /// - Parameters:
    ///   - name: what the client does, for example `clear the cache`.
    ///   - details: the object of the act and its new settings. They must be valid values, never an unchecked input.
    init(_ name: String, _ details: [String: String] = [:], by request: APIRequest, _ services: Services) {
        logger = services.logger
        metadata = [
            "act": "\(name)", "request.id": "\(request.id)", "client": "\(request.remoteAddress)",
            "by": "\(request.caller.name)",
        ]
        for (name, value) in details { metadata[name] = .string(value) }
    }

    /// Logs that an administrative call was refused.
    static func refused(_ problem: Problem, _ route: Route, _ environment: CGIEnvironment, _ logger: Logger) {
        logger.info(
            "Administrative call refused",
            metadata: [
                "act": "\(route.operation)", "client": "\(environment.remoteAddress)",
                "status": .stringConvertible(problem.status),
            ])
    }

    /// A detail of the act. It is set later if it is not known when the act is created, for example a new setting.
    subscript(name: String) -> String? {
        get { metadata[name].map { "\($0)" } }
        set { metadata[name] = newValue.map { .string($0) } }
    }

    /// Logs the outcome.
    /// - Returns: the answer.
    func ended(_ answer: Answer) -> Answer {
        let status =
            switch answer {
            case .success(let response): response.status
            case .failure(let problem): problem.status
            }
        logger.notice(
            "Administrative call", metadata: metadata.merging(["status": .stringConvertible(status)]) { $1 })
        return answer
    }
}
