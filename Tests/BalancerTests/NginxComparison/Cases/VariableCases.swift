/// Variables and templates in the params that a node gets.
enum VariableCases {
    static let stage = Stage(
        name: "variables", configuration: configuration,
        cases: targets.map { Case.get("variables of \($0)", $0) }
            + fields.map { Case.get("variables with \($0.replacing("\r\n", with: " and "))", "/v", $0) } + [
                .raw(
                    "variables of a POST",
                    Case.request("POST", "/v?a=b", ["Content-Type: a/b", "Content-Length: 3"], body: "abc")),
                .raw(
                    "variables of a chunked POST",
                    Case.request("POST", "/v", ["Transfer-Encoding: chunked"], body: "1\r\na\r\n0\r\n\r\n")),
                .raw("variables of HTTP/1.0", "GET /v HTTP/1.0\r\n\r\n"),
                .raw("variables of another host", "GET /v HTTP/1.1\r\nHost: OTHER.example:8080\r\n\r\n"),
                .raw("variables of an absolute form", "GET http://Abs:81/v?q HTTP/1.1\r\nHost: test\r\n\r\n"),
                .raw("variables of a second request", Case.request("GET", "/v", []).times(2)),
                .get("a forwarded address", "/real", "X-Forwarded-For: 192.0.2.1"),
                .get("a list of forwarded addresses", "/real", "X-Forwarded-For: 192.0.2.1, 192.0.2.2"),
                .get("forwarded through trusted ones", "/real", "X-Forwarded-For: 192.0.2.1, 127.0.0.5, 127.0.0.6"),
                .get("a forwarded address with a port", "/real", "X-Forwarded-For: 192.0.2.1:99"),
                .get("a forwarded address of IPv6", "/real", "X-Forwarded-For: 2001:db8::1"),
                .get("a forwarded address in brackets", "/real", "X-Forwarded-For: [2001:db8::1]:99"),
                .get("a forwarded address that is none", "/real", "X-Forwarded-For: unknown"),
                .get("an empty forwarded address", "/real", "X-Forwarded-For:"),
                .get(
                    "two headers of forwarded addresses", "/real", "X-Forwarded-For: 192.0.2.1",
                    "X-Forwarded-For: 192.0.2.2"),
                .get("a real address in a header of its own", "/header", "X-Real-IP: 192.0.2.7"),
                .get("a header that no param hides", "/hidden", "X-Set: theirs", "X-Seen: theirs"),
                .get("params that are set twice", "/twice"), .get("params that may be empty", "/optional"),
                .get("params that are not empty", "/optional?a=b", "X-A: c"), .get("no params at all", "/bare"),
                .get("a param of 70,000 bytes", "/long?\("a".times(6000))"), .get("params inherited", "/inherited"),
                .get("params of the location's own", "/own"),
            ])

    private static let names = [
        "args", "content_length", "content_type", "document_root", "document_uri", "host", "is_args", "query_string",
        "remote_addr", "remote_user", "request", "request_length", "request_method", "request_uri", "scheme",
        "server_addr",
        "server_name", "server_port", "server_protocol", "uri", "pipe", "connection_requests", "https",
        "fastcgi_script_name",
        "fastcgi_path_info", "arg_a", "arg_A", "arg_b", "arg_a_b", "cookie_a", "cookie_b", "http_x_a", "http_host",
        "http_cookie",
        "http_x_forwarded_for", "http_user_agent", "http_referer", "http_missing", "realip_remote_addr", "status",
        "body_bytes_sent",
        "limit_req_status", "sent_http_x_a", "upstream_http_x_a", "nginx_version", "limit_rate", "request_body",
        "request_body_file", "sent_trailer_x", "upstream_cookie_a", "upstream_cache_status",
    ].filter { $0 != "nginx_version" }

    private static let configuration = """
        upstream node { server %A%; keepalive 4; }
        fastcgi_param TOP top;
        fastcgi_param EMPTY "";
        server {
            listen 127.0.0.1:%PORT% default_server;
            server_name test alias.example;
            location = /last { return 200 "last"; }
            location /v {
                fastcgi_pass node;
                fastcgi_param QUERY_STRING $query_string;
                \(names.map { "fastcgi_param V_\($0.uppercased()) $\($0);" }.joined(separator: "\n"))
                fastcgi_param MIXED "a${host}b$uri-c$arg_a.d";
            }
            location /real {
                set_real_ip_from 127.0.0.0/8; real_ip_header X-Forwarded-For; real_ip_recursive on;
                fastcgi_pass node; fastcgi_param R "$remote_addr $realip_remote_addr";
            }
            location /header { set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP; fastcgi_pass node; fastcgi_param R $remote_addr; }
            location /hidden { fastcgi_pass node; fastcgi_param HTTP_X_SET ours; fastcgi_param HTTP_X_SEEN "" if_not_empty; }
            location /twice { fastcgi_pass node; fastcgi_param A 1; fastcgi_param A 2; fastcgi_param B 3; }
            location /optional {
                fastcgi_pass node; fastcgi_param A $arg_a if_not_empty; fastcgi_param X $http_x_a if_not_empty; fastcgi_param E "";
            }
            location /bare { fastcgi_pass node; fastcgi_param ONLY one; }
            location /long { fastcgi_pass node; \((0..<12).map { "fastcgi_param L\($0) $query_string;" }.joined(separator: " ")) }
            location /inherited { fastcgi_pass node; }
            location /own { fastcgi_pass node; fastcgi_param OWN own; }
        }
        """

    private static let targets = [
        "/v", "/v?", "/v?a", "/v?a=", "/v?a=b", "/v?A=b", "/v?a=1&a=2", "/v?b=1&a=2", "/v?xa=1", "/v?a_b=1", "/v?a=b=c",
        "/v?a=%41", "/v?a+b=1", "/v?&&a=1&&", "/v?a=1;b=2", "/v/x%20y", "/v/%c3%a9", "/v//x/../y", "/v/?a=/../b",
        "/v?a=1#x",
        "/v/a%3Fb", "/v/\"x\"", "/v/a%0ab",
    ]

    private static let fields = [
        "Cookie: a=1", "Cookie: a=1; b=2", "Cookie: b=2;a=1", "Cookie: xa=1", "Cookie: a=1\r\nCookie: b=2",
        "Cookie: A=1",
        "Cookie: a", "Cookie: a=", "Cookie: a=\"q\"", "Cookie: a=1; a=2", "Cookie: a = 1", "Cookie: a=1,b=2", "Cookie:",
        "X-A: 1", "X-A: 1\r\nX-A: 2", "X-A:", "X_A: 1", "User-Agent: a b", "User-Agent: a\r\nUser-Agent: b",
        "Referer: x",
        "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2", "Authorization: Basic dTpw", "Authorization: Basic ???",
        "Authorization: Bearer x", "Authorization: Basic dQ==", "Content-Type: a/b", "Content-Length: 0",
    ]
}
