internal import AdminAccess
internal import Logging

/// One administrative act of a client that is allowed to do it. The log has one line for each: who did what, and the
/// outcome.
struct AdministrativeAct: Sendable {
    private let logger: Logger
    private var metadata: Logger.Metadata

    /// - Parameters:
    ///   - name: what the client does, for example `clear the cache`.
    ///   - details: the object of the act and its new settings. They must be valid values, never an unchecked input.
    /// - Throws: the problem to answer with if the client may not do it. A refused act is logged too.
    init(
        _ name: String, _ details: [String: String] = [:], by request: APIRequest, _ services: Services
    ) throws(Problem) {
        logger = services.logger
        metadata = [
            "act": "\(name)", "request.id": "\(request.id)", "client": "\(request.remoteAddress)",
        ]
        for (name, value) in details { metadata[name] = .string(value) }
        do throws(Problem) {
            try services.adminAccess.check(request)
        } catch {
            metadata["status"] = .stringConvertible(error.status)
            logger.info("Administrative call without the admin token", metadata: metadata)
            throw error
        }
        metadata["by"] = "admin token"
    }

    /// A detail that is known after the client's right is checked, for example a new setting.
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
