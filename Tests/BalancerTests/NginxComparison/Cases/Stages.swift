/// All stages, and the parts of configurations that they share.
enum Stages {
    static let all = [
        RequestLineCases.stage, HeaderCases.stage, BodyCases.stage, ResponseCases.stage, RuleCases.stage,
        ErrorPageCases.stage, VariableCases.stage, LimitCases.stage, BalancingCases.stage, FailureCases.stage,
        RequestRuleCases.underscores, RequestRuleCases.anyName, ServerNameCases.stage,
    ]

    /// A server that sends every path to the dumping node A.
    static func dumping(_ settings: String = "") -> String {
        """
        upstream node { server %A%; keepalive 4; }
        \(settings)
        server {
            listen 127.0.0.1:%PORT% default_server;
            server_name test;
            location = /last { return 200 "last"; }
            location / { fastcgi_pass node; fastcgi_keep_conn on; \(params) }
        }
        """
    }

    /// Most params of Debian's `fastcgi_params`. SERVER_SOFTWARE is not among them, because it names the program.
    static let params = """
        fastcgi_param QUERY_STRING $query_string;
        fastcgi_param REQUEST_METHOD $request_method;
        fastcgi_param CONTENT_TYPE $content_type;
        fastcgi_param CONTENT_LENGTH $content_length;
        fastcgi_param SCRIPT_NAME $fastcgi_script_name;
        fastcgi_param REQUEST_URI $request_uri;
        fastcgi_param DOCUMENT_URI $document_uri;
        fastcgi_param SERVER_PROTOCOL $server_protocol;
        fastcgi_param REQUEST_SCHEME $scheme;
        fastcgi_param HTTPS $https if_not_empty;
        fastcgi_param GATEWAY_INTERFACE CGI/1.1;
        fastcgi_param REMOTE_ADDR $remote_addr;
        fastcgi_param REMOTE_PORT $remote_port;
        fastcgi_param SERVER_ADDR $server_addr;
        fastcgi_param SERVER_NAME $server_name;
        fastcgi_param HOST $host;
        """
}
