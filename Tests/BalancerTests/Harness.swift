import NginxConfig
import Synchronization
import TestSupport

@testable import Balancer

/// A balancer in the test's process, on a free port.
final class Harness: Sendable {
    let balancer: Balancer
    let address: String
    private let isStopped = Atomic<Bool>(false)

    /// - Parameters:
    ///   - servers: the arguments of the upstream's `server` directives.
    ///   - upstream, http, server, location: additional directives for the block that has the parameter's name.
    ///   - calls: the directives of the location `/lb/`; nil for no such location.
    convenience init(
        _ servers: [String], upstream: String = "keepalive 8;", http: String = "", server: String = "",
        location: String = "", calls: String? = "stub_status balancer;", workers: Int = 1,
        adminToken: String? = "secret", reportsNeedToken: Bool = false,
        queueTimeout: Duration = .seconds(5), queueLimit: Int = 100
    ) throws {
        try self.init(
            text: Self.text(
                servers, upstream: upstream, http: http, server: server, location: location, calls: calls),
            workers: workers, adminToken: adminToken, reportsNeedToken: reportsNeedToken, queueTimeout: queueTimeout,
            queueLimit: queueLimit)
    }

    /// - Parameter text: the configuration, with `%PORT%` for the port. Each reload evaluates this expression again.
    init(
        text: @escaping @autoclosure @Sendable () -> String, workers: Int? = 1, adminToken: String? = "secret",
        reportsNeedToken: Bool = false, queueTimeout: Duration = .seconds(5), queueLimit: Int = 100
    ) throws {
        balancer = try Self.make(text, attempts: 5) { options in
            options.workers = workers
            options.adminToken = adminToken
            options.reportsNeedToken = reportsNeedToken
            options.queueTimeout = queueTimeout
            options.queueLimit = queueLimit
        }
        balancer.start()
        address = balancer.addresses[0]
    }

    private static func make(
        _ text: @escaping @Sendable () -> String, attempts: Int, _ set: (inout BalancerOptions) -> Void
    ) throws -> Balancer {
        // A configuration cannot ask the system for a free port, so the test chooses one. If another program takes this
        // port first, the next attempt chooses another one.
        let port = String(freePort())
        var options = BalancerOptions {
            let parts = text().split(separator: "%PORT%", omittingEmptySubsequences: false)
            return load(parts.joined(separator: port))
        }
        set(&options)
        do {
            return try Balancer(options)
        } catch {
            guard case .system = error, attempts > 1 else { throw error }
            return try make(text, attempts: attempts - 1, set)
        }
    }

    private static func load(_ text: String) -> Result<NginxConfiguration, ConfigurationError> {
        do throws(ConfigurationError) {
            return .success(
                try NginxConfiguration.load(text: Array(text.utf8), path: "test.conf", prefix: "/tmp/", files: .system))
        } catch {
            return .failure(error)
        }
    }

    deinit { stop() }

    func stop(draining: Bool = false) {
        guard !isStopped.exchange(true, ordering: .acquiringAndReleasing) else { return }
        balancer.stop(draining: draining)
    }

    func client() throws -> RawClient { try RawClient(address) }

    /// Sends one request on a new connection, and returns the response.
    func ask(_ text: String) throws -> RawClient.Response {
        let client = try client()
        client.send(text)
        return try client.response(isHead: text.hasPrefix("HEAD"))
    }

    /// The header with the admin token of a harness.
    static let token = "Authorization: Bearer secret\r\n"

    func get(_ path: String, _ fields: String = "") throws -> RawClient.Response {
        try ask("GET \(path) HTTP/1.1\r\nHost: test\r\n\(fields)\r\n")
    }

    /// `GET /lb/peers`
    func peers() throws -> RawClient.Response { try get("/lb/peers", Self.token) }

    /// Waits until the answer to a GET contains `text`.
    func wait(for path: String, toContain text: String) throws {
        try eventually("\(path) contains \(text)") { try get(path).text.contains(text) }
    }

    /// Waits until `/lb/stats` contains `text`.
    func waitForStats(_ text: String) throws { try wait(for: "/lb/stats", toContain: text) }

    /// The configuration of a harness: one upstream, one server, one location.
    static func text(
        _ servers: [String], upstream: String = "keepalive 8;", http: String = "", server: String = "",
        location: String = "", calls: String? = "stub_status balancer;", listen: String = "127.0.0.1:%PORT%"
    ) -> String {
        """
        daemon off;
        error_log /dev/null;
        events { worker_connections 1024; }
        http {
            access_log off;
            \(http)
            upstream nodes {
                \(servers.map { "server \($0);" }.joined(separator: "\n"))
                \(upstream)
            }
            server {
                listen \(listen);
                \(server)
                location / {
                    fastcgi_pass nodes;
                    fastcgi_keep_conn on;
                    fastcgi_param REQUEST_METHOD $request_method;
                    fastcgi_param REQUEST_URI $request_uri;
                    fastcgi_param QUERY_STRING $query_string;
                    fastcgi_param DOCUMENT_URI $document_uri;
                    fastcgi_param CONTENT_TYPE $content_type;
                    fastcgi_param CONTENT_LENGTH $content_length;
                    fastcgi_param SERVER_PROTOCOL $server_protocol;
                    fastcgi_param REMOTE_ADDR $remote_addr;
                    fastcgi_param REMOTE_PORT $remote_port;
                    fastcgi_param SERVER_PORT $server_port;
                    fastcgi_param HTTP_X_SET fixed;
                    \(location)
                }
                \(calls.map { "location /lb/ { \($0) }" } ?? "")
            }
        }
        """
    }
}
