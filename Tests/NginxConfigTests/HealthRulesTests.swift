import Testing

@testable import NginxConfig

/// `health_check`, `match`, `outlier_detection`, `client_max_connections`.
struct HealthRulesTests {
    private func location(_ directives: String, http: String = "") -> String {
        "upstream u { server 127.0.0.1:9; }\n\(http)\nserver { location / { fastcgi_pass u; \(directives) location /in/ { fastcgi_pass u; } } }"
    }

    @Test func `health_check has the defaults of nginx Plus, and is not inherited`() throws {
        let check = try #require(try settings(location("health_check;")).healthCheck)
        #expect(check.interval == .seconds(5) && check.jitter == .zero)
        #expect(check.fails == 1 && check.passes == 1 && check.uri == "/" && !check.isMandatory && check.match == nil)
        #expect(try settings(location("health_check;"), path: "/in/x").healthCheck == nil)
        let all = "health_check interval=1m jitter=500ms fails=3 passes=2 uri=/up?x=1 mandatory persistent match=m;"
        let other = try #require(
            try settings(location(all, http: "match m { status 200-299; }")).healthCheck)
        #expect(other.interval == .seconds(60) && other.jitter == .milliseconds(500))
        #expect(other.fails == 3 && other.passes == 2 && other.uri == "/up?x=1" && other.isMandatory)
        #expect(other.match?.name == "m")
        #expect(other.match?.status?.holds(for: 299) == true)
        #expect(other.match?.status?.holds(for: 300) == false)
    }

    @Test func `match has conditions for the status, headers and body`() throws {
        let text = "match m { status ! 500 502-504; header A; header ! B; header C != d; header E ~ f; body !~ g; }"
        let match = try #require(try settings(location("health_check match=m;", http: text)).healthCheck?.match)
        #expect([499, 500, 501, 503].map { match.status?.holds(for: $0) } == [true, false, true, false])
        #expect(match.headers.map(\.name) == ["a", "b", "c", "e"])
        #expect(match.headers.map(\.isNegated) == [false, true, true, false])
        #expect(match.bodies.map(\.isNegated) == [true])
    }

    @Test func `outlier_detection has defaults, and each parameter can be set`() throws {
        let plain = try http("upstream u { server 127.0.0.1:9; outlier_detection; }").upstreams[0]
        #expect(plain.outliers == OutlierDetectionSettings())
        #expect(try http("upstream u { server 127.0.0.1:9; }").upstreams[0].outliers == nil)
        let text =
            "outlier_detection consecutive_errors=0 error_percent=40 latency_factor=2.5 request_volume=7 interval=2s "
            + "base_ejection_time=1m max_ejection_time=1h max_ejection_percent=34;"
        let full = try #require(try http("upstream u { server 127.0.0.1:9; \(text) }").upstreams[0].outliers)
        #expect(full.consecutiveErrors == 0 && full.errorPercent == 40 && full.latencyHundredths == 250)
        #expect(full.requestVolume == 7 && full.interval == .seconds(2) && full.baseEjectionTime == .seconds(60))
        #expect(full.maxEjectionTime == .seconds(3600) && full.maxEjectionPercent == 34)
    }

    @Test func `client_max_connections is a setting of the server`() throws {
        #expect(try settings("client_max_connections 7; server { }").client.maxConnections == 7)
        #expect(
            try settings("client_max_connections 7; server { client_max_connections 0; }").client.maxConnections == 0)
    }

    static let faults: [(text: String, message: String)] = [
        ("server { location / { health_check; } }", "\"health_check\" needs a \"fastcgi_pass\" in its location"),
        ("health_check;", "\"health_check\" directive is not allowed here"),
        ("match m { } match m { }", "duplicate match \"m\""),
        ("match m { status; }", "invalid number of arguments in \"status\" directive"),
        ("match m { status 99; }", "invalid status \"99\""),
        ("match m { status 300-200; }", "invalid status \"300-200\""),
        ("match m { status 200; status 300; }", "\"status\" directive is duplicate"),
        ("match m { header A > b; }", "invalid operator \">\""),
        ("match m { body = b; }", "invalid operator \"=\""),
        ("match m { require $x; }", "\"require\" in \"match\" is not supported"),
        ("match m { other; }", "unknown directive \"other\""),
        ("upstream u { server a:1; outlier_detection latency_factor=1; }", "invalid parameter \"latency_factor=1\""),
        ("upstream u { server a:1; outlier_detection error_percent=101; }", "invalid parameter \"error_percent=101\""),
        ("upstream u { server a:1; outlier_detection x=1; }", "invalid parameter \"x=1\""),
        (
            "upstream u { server a:1; outlier_detection; outlier_detection; }",
            "\"outlier_detection\" directive is duplicate"
        ),
        ("client_max_connections x;", "\"client_max_connections\" directive invalid number"),
    ]

    @Test(arguments: faults) func `invalid values are refused`(_ row: (text: String, message: String)) {
        #expect(fault("events {}\nhttp {\n\(row.text)\n}")?.message == row.message)
    }

    @Test(arguments: [
        ("interval=0", "invalid parameter \"interval=0\""), ("fails=0", "invalid parameter \"fails=0\""),
        ("uri=up", "invalid parameter \"uri=up\""), ("match=n", "unknown match \"n\""),
        ("persistent", "invalid parameter \"persistent\""),
        ("port=80", "parameter \"port\" of \"health_check\" is not supported"),
        ("type=grpc", "parameter \"type\" of \"health_check\" is not supported"),
    ]) func `an invalid parameter of health_check is refused`(parameter: String, message: String) {
        #expect(fault("events {}\nhttp {\n\(location("health_check \(parameter);"))\n}")?.message == message)
    }
}
