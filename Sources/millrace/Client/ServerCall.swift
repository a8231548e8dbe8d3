import Client
import JSON
import Reactor
import Settings

/// Calls the API for a subcommand. Failures become messages for the terminal.
struct ServerCall {
    let url: ServerURL
    /// The token that is sent with each call; `nil` for none.
    var token: String?

    init(_ settings: Settings, url option: String?) throws {
        let text = try settings.value(EnvironmentVariables.url, option: option, "--url")
        do {
            url = try ServerURL(text)
        } catch {
            throw SettingsError(EnvironmentVariables.url, option: option.map { _ in "--url" }, "\(error)")
        }
    }

    /// - Parameter wait: the seconds in `Prefer: wait=`; 0 for no such header.
    func get(_ target: String, wait: Int = 0) throws -> JSONValue { try call("GET", target, wait: wait, body: nil) }

    /// Whether the server is on this machine. If so, its data folder may be here too.
    var isToThisMachine: Bool {
        switch url.address {
        case .unix: true
        case .tcp(let host, _): host == "localhost" || SocketAddress(numeric: host, port: 0)?.isLoopback == true
        }
    }

    func post(_ target: String, _ body: JSONValue? = nil, wait: Int = 0) throws -> JSONValue {
        try call("POST", target, wait: wait, body: body)
    }

    func delete(_ target: String) throws -> JSONValue { try call("DELETE", target, wait: 0, body: nil) }

    private func call(_ method: String, _ target: String, wait: Int, body: JSONValue?) throws -> JSONValue {
        let connection = HTTPConnection(to: url, timeout: .seconds(wait + 30))
        defer { connection.close() }
        let headers =
            (wait > 0 ? [("Prefer", "wait=\(wait)")] : []) + (token.map { [("Authorization", "Bearer \($0)")] } ?? [])
        let response: ClientResponse
        if let body {
            response = try connection.request(method, target, headers: headers, json: body)
        } else {
            response = try connection.request(method, target, headers: headers)
        }
        guard response.status < 400 else { throw refusal(response) }
        return try response.json()
    }

    /// The response's problem document (RFC 9457) as one line.
    private func refusal(_ response: ClientResponse) -> CommandFailure {
        let problem = try? response.json()
        let words = [problem?["title"]?.stringValue, problem?["detail"]?.stringValue].compactMap { $0 }
        return CommandFailure(
            description: "the server refused the request (\(response.status))" + (words.isEmpty ? "" : ": ")
                + words.joined(separator: ": "))
    }
}
