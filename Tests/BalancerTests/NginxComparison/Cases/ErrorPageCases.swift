/// `error_page` for the server's own errors and for those of a node.
enum ErrorPageCases {
    static let stage = Stage(
        name: "error-pages", configuration: configuration,
        cases: targets.map { Case.get("page \($0)", $0) }
            + ["/own/404", "/own/404-status", "/named/404", "/url/404", "/node?status-404", "/dead"]
            .map { Case.raw("page POST \($0)", Case.request("POST", $0, ["Content-Length: 3"], body: "abc")) }
            + ["/own/404", "/own/404-status", "/url/404"]
            .map { Case.raw("page HEAD \($0)", Case.request("HEAD", $0, [])) } + [
                .raw("page for a bad request", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
                .raw("page for a method", Case.request("TRACE", "/", [])),
                .raw(
                    "page for a large body",
                    Case.request("POST", "/own/404", ["Content-Length: 5000"], body: "a".times(5000))),
            ])

    private static let configuration = """
        upstream node { server %A%; keepalive 4; }
        server {
            listen 127.0.0.1:%PORT% default_server;
            server_name test;
            default_type text/plain;
            client_max_body_size 1000;
            error_page 404 /page;
            error_page 403 =200 /page;
            error_page 410 = /other;
            error_page 418 =201 @named;
            error_page 405 https://example.com/;
            error_page 406 =301 https://example.com/$uri;
            error_page 500 502 503 504 /page?code=$status;
            location = /last { return 200 "last"; }
            location = /page { internal; return 200 "page $uri $args $request_uri $request_method"; }
            location = /other { return 202 "other $uri"; }
            location @named { return 200 "named $uri $request_method"; }
            location = /own/404 { return 404; }
            location = /own/404-text { return 404 "text"; }
            location = /own/403 { return 403; }
            location = /own/410 { return 410; }
            location = /own/418 { return 418; }
            location = /own/405 { return 405; }
            location = /own/406 { return 406; }
            location = /own/503 { return 503; }
            location = /own/507 { return 507; }
            location /deny { deny all; }
            location = /own/404-status { error_page 404 =299 /page; return 404; }
            location = /own/404-node { error_page 404 /served; return 404; }
            location = /own/404-node-status { error_page 404 = /served; return 404; }
            location = /own/404-loop { error_page 404 /own/404-loop; return 404; }
            location = /own/404-chain { error_page 404 /own/403; return 404; }
            location = /named/404 { error_page 404 @node; return 404; }
            location = /named/404-kept { error_page 404 = @node; return 404; }
            location = /named/missing { error_page 404 @missing; return 404; }
            location = /url/404 { error_page 404 http://example.com/a; return 404; }
            location @node { fastcgi_pass node; \(Stages.params) }
            location /served { fastcgi_pass node; \(Stages.params) }
            location /node { fastcgi_pass node; fastcgi_intercept_errors on; fastcgi_param QUERY_STRING $query_string; }
            location /let { fastcgi_pass node; fastcgi_param QUERY_STRING $query_string; }
            location /dead { fastcgi_pass %NONE%; }
            location /dead/named { error_page 502 = @node; fastcgi_pass %NONE%; }
            location /dead/none { error_page 400 /page; fastcgi_pass %NONE%; }
        }
        """

    private static let targets = [
        "/own/404", "/own/404-text", "/own/403", "/own/410", "/own/418", "/own/405", "/own/406", "/own/503", "/own/507",
        "/deny",
        "/own/404-status", "/own/404-node?a=b", "/own/404-node-status", "/own/404-loop", "/own/404-chain", "/named/404",
        "/named/404-kept?a", "/named/missing", "/url/404", "/nowhere", "/page", "/node?status-404", "/node?status-500",
        "/node?status-503", "/node?status-401", "/node?status-403", "/node?status-418", "/node?status-204",
        "/node?status-502",
        "/let?status-404", "/let?status-500", "/let?close", "/let?status-99", "/dead", "/dead/named", "/dead/none",
        "/let?close-in-body", "/node?status-429", "/let?end-at-once",
    ]
}
