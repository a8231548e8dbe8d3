/// Nodes that fail: which errors lead to another node, and how long a failed node gets no requests.
enum FailureCases {
    static let stage = Stage(name: "failures", configuration: configuration, cases: cases, isOrdered: true)

    private static let rules = [
        "error", "timeout", "invalid_header", "http_500", "http_503", "http_403", "http_404", "http_429", "off",
        "error timeout http_503", "error non_idempotent", "http_500 non_idempotent",
        "error invalid_header http_500 http_503",
    ]

    private static func word(_ rule: String) -> String { rule.replacing(" ", with: "-") }

    private static let configuration = """
        fastcgi_read_timeout 300ms;
        \(rules.indices.map { "upstream u\($0) { server %A% max_fails=0; server %B% max_fails=0; server %C% max_fails=0; }" }
            .joined(separator: "\n"))
        upstream twice { server %A% max_fails=2 fail_timeout=60s; server %B% max_fails=2 fail_timeout=60s; }
        upstream once { server %A% fail_timeout=60s; server %B%; server %C%; }
        upstream again { server %A% fail_timeout=1s; server %B% max_fails=0; }
        upstream alone { server %A% fail_timeout=60s; }
        upstream all { server %A% fail_timeout=60s; server %B% fail_timeout=60s; }
        upstream tries { server %A% max_fails=0; server %B% max_fails=0; server %C% max_fails=0; }
        upstream good { server %A% fail_timeout=60s; server %B% fail_timeout=60s; }
        upstream cut { server %A% max_fails=0; server %B% max_fails=0; }
        upstream busy { server %A% max_fails=0; server %B% max_fails=0; }
        upstream kept { server %A%; keepalive 2; }
        server {
            listen 127.0.0.1:%PORT% default_server;
            server_name test;
            location = /last { return 200 "last"; }
            fastcgi_param QUERY_STRING $query_string;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param CONTENT_LENGTH $content_length;
            \(rules.enumerated().map { "location = /\(word($1)) { fastcgi_pass u\($0); fastcgi_next_upstream \($1); }" }
                .joined(separator: "\n"))
            location /twice { fastcgi_pass twice; }
            location /once { fastcgi_pass once; }
            location /again { fastcgi_pass again; }
            location /alone { fastcgi_pass alone; }
            location /all { fastcgi_pass all; }
            location /tries { fastcgi_pass tries; fastcgi_next_upstream_tries 2; fastcgi_next_upstream http_500; }
            location /good { fastcgi_pass good; fastcgi_next_upstream http_404 http_403 http_429; }
            location /cut { fastcgi_pass cut; fastcgi_next_upstream error timeout invalid_header; }
            location /busy { fastcgi_pass busy; }
            location /kept { fastcgi_pass kept; fastcgi_keep_conn on; }
        }
        """

    private static let faults = [
        "close", "status-500", "status-503", "status-403", "status-404", "status-429", "status-99",
    ]

    private static let cases: [Case] =
        rules.flatMap { rule in
            faults.map { fault in
                Case.series("\(fault) of A with \(rule)", ["/\(word(rule))?A=\(fault)"].times(3))
            }
        }
        + ["error", "error non_idempotent", "http_500 non_idempotent", "http_500"].flatMap { rule in
            ["close", "status-500"].map { fault in
                Case.raw(
                    "POST with \(fault) of A with \(rule)",
                    Case.request("POST", "/\(word(rule))?A=\(fault)", ["Content-Length: 3"], body: "abc").times(3))
            }
        }
        + [
            .series("a node that is slow", ["/timeout?A=slower"].times(3)),
            .series("slow ones, and no rule", ["/http_500?A=slower"].times(3)),
            .series("all of them fail", ["/error?A=close&B=close&C=close"].times(2)),
            .series("two of them fail", ["/error?A=close&B=close"].times(4)),
            .series("a node fails once", ["/once?A=close"].times(4)), .series("and is passed over", ["/once"].times(6)),
            .series("a node fails twice", ["/twice?A=close"].times(6)),
            .series("and is passed over then", ["/twice"].times(4)),
            .series("a node fails for a second", ["/again?A=close"].times(3)),
            .series("within that second", ["/again"].times(3)),
            Case(name: "more than that second", act: .pause(.milliseconds(2100))),
            .series("after that second", ["/again"].times(4)),
            .series("a single node fails", ["/alone?A=close", "/alone", "/alone?A=close", "/alone"]),
            .series("all nodes fail and are asked again", ["/all?A=close&B=close", "/all", "/all", "/all"]),
            .series("no more tries than two", ["/tries?A=status-500&B=status-500"].times(4)),
            .series("404 and 403 are no failures", ["/good?A=status-404", "/good?A=status-403", "/good", "/good"]),
            .series("429 is one", ["/good?A=status-429", "/good", "/good", "/good"]),
            .series("a kept connection goes on", ["/kept"].times(3)),
            .series("after a response that was cut", ["/kept?close-in-length", "/kept"]),
            .series("OVERLOADED", ["/busy?A=overloaded"].times(3)),
            .series("an end before anything", ["/busy?A=end-at-once"].times(3)),
            .series("a response that is cut", ["/cut?A=close-in-body"].times(3)),
            .series("a head that is cut", ["/cut?A=close-in-head"].times(4)),
        ]
}
