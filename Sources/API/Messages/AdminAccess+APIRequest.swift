internal import AdminAccess

extension AdminAccess {
    /// - Throws: if the client may not make administrative calls; the error is the response.
    func check(_ request: APIRequest) throws(Problem) {
        guard let denial = denial(authorization: request.authorization) else { return }
        throw Problem(
            denial.status, denial.detail,
            headers: denial.challenge.map { [.init("WWW-Authenticate", $0)] } ?? [])
    }
}
