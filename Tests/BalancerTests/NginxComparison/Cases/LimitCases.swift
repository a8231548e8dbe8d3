/// `limit_req` and `limit_conn`: which requests pass, and in which order the limits apply.
enum LimitCases {
    static let stage = Stage(name: "limits", configuration: configuration, cases: cases, isOrdered: true)

    /// Most rates are so low that no budget is refilled while a case runs, even on a busy machine.
    private static let configuration = """
        upstream node { server %A%; keepalive 4; }
        limit_req_zone $arg_k zone=plain:1m rate=1r/m;
        limit_req_zone $arg_k zone=burst:1m rate=1r/m;
        limit_req_zone $arg_k zone=status:1m rate=1r/m;
        limit_req_zone $arg_k zone=first:1m rate=1r/m;
        limit_req_zone $arg_l zone=second:1m rate=1r/m;
        limit_req_zone $arg_k zone=dry:1m rate=1r/m;
        limit_req_zone $arg_k zone=fast:1m rate=20r/s;
        limit_req_zone $arg_k zone=flows:1m rate=1r/s;
        limit_req_zone $arg_k zone=partly:1m rate=2r/s;
        limit_req_zone $arg_k zone=slowly:1m rate=2r/s;
        limit_req_zone $arg_k zone=top:1m rate=1r/m;
        limit_req_zone $binary_remote_addr$arg_k zone=address:1m rate=1r/m;
        limit_conn_zone $arg_k zone=together:1m;
        limit_conn_zone $server_name zone=server:1m;
        server {
            listen 127.0.0.1:%PORT% default_server;
            server_name test;
            default_type text/plain;
            limit_req zone=top burst=1 nodelay;
            location = /last { limit_req zone=fast burst=100 nodelay; fastcgi_pass node; }
            location /plain { limit_req zone=plain; fastcgi_pass node; }
            location /burst { limit_req zone=burst burst=3 nodelay; fastcgi_pass node; }
            location /status { limit_req zone=status; limit_req_status 429; fastcgi_pass node; }
            location /both { limit_req zone=first burst=2 nodelay; limit_req zone=second burst=4 nodelay; fastcgi_pass node; }
            location /dry { limit_req zone=dry; limit_req_dry_run on; fastcgi_pass node; fastcgi_param L $limit_req_status; }
            location /said { limit_req zone=burst burst=1 nodelay; fastcgi_pass node; fastcgi_param L $limit_req_status; }
            location /delayed { limit_req zone=slowly burst=5; fastcgi_pass node; fastcgi_param L $limit_req_status; }
            location /partly { limit_req zone=partly burst=4 delay=2; fastcgi_pass node; fastcgi_param L $limit_req_status; }
            location /flows { limit_req zone=flows burst=1 nodelay; fastcgi_pass node; }
            location /top { fastcgi_pass node; }
            location /address { limit_req zone=address; fastcgi_pass node; }
            location /returns { limit_req zone=plain; return 200 "return comes first"; }
            location /denied { limit_req zone=first; deny all; fastcgi_pass node; }
            location /page { limit_req zone=plain; error_page 503 =200 /limited; fastcgi_pass node; }
            location = /limited { limit_req zone=fast burst=100 nodelay; fastcgi_pass node; fastcgi_param PAGE $uri; }

            location /conn { limit_req zone=fast burst=99 nodelay; limit_conn together 2; \(slow) }
            location /conn/status { limit_req zone=fast burst=99 nodelay; limit_conn together 1; limit_conn_status 429; \(slow) }
            location /conn/two { limit_req zone=fast burst=99 nodelay; limit_conn together 1; limit_conn server 2; \(slow) }
            location /conn/dry {
                limit_req zone=fast burst=99 nodelay; limit_conn together 1; limit_conn_dry_run on;
                \(slow) fastcgi_param L $limit_conn_status;
            }
        }
        """

    private static let slow = "fastcgi_pass node; fastcgi_param QUERY_STRING $query_string;"

    private static let cases: [Case] = [
        .series("no burst", ["/plain?k=a"].times(3)),
        .series("another key", ["/plain?k=b", "/plain?k=a", "/plain?k=b"]),
        .series("an empty key is not counted", ["/plain"].times(4)),
        .series("keys know capitals", ["/plain?k=A", "/plain?k=B", "/plain?k=A"]),
        .series("a burst of three", ["/burst?k=a"].times(7)),
        .series("keys in turn", ["/burst?k=b", "/burst?k=c"].times(6)),
        .series("another status", ["/status?k=a"].times(3)),
        .series("two zones", ["/both?k=a&l=a"].times(6)),
        .series("the second zone is the narrower one", (0..<7).map { "/both?k=\($0)&l=b" }),
        .series(
            "what one zone refuses the other does not count", ["/both?k=z&l=c"].times(5) + ["/both?k=y&l=c"].times(4)),
        .series("a dry run lets all through", ["/dry?k=a"].times(3)),
        .series("a node is told", ["/said?k=said"].times(3)),
        .series("a zone is shared by locations", ["/burst?k=s", "/burst?k=s", "/said?k=s", "/burst?k=s"]),
        .series("delayed ones arrive", ["/delayed?k=d"].times(3)),
        .series("half of the burst is not delayed", ["/partly?k=p"].times(5)),
        .series("what is inherited", ["/top?k=a"].times(3)),
        .series("a key of two variables", ["/address?k=a", "/address?k=b", "/address?k=a"]),
        .series("return comes before the limit", ["/returns?k=r"].times(3)),
        .series("the limit comes before deny", ["/denied?k=q"].times(3)),
        .series("a page in place of the refusal", ["/page?k=e"].times(2)),
        .series("an escaped key is another", ["/plain?k=%61%61", "/plain?k=aa", "/plain?k=%61%61"]),
        .raw("HEAD counts too", Case.request("HEAD", "/plain?k=h", []) + Case.request("GET", "/plain?k=h", [])),
        .raw(
            "POST is refused with its body",
            Case.request("POST", "/plain?k=p", ["Content-Length: 3"], body: "abc").times(2)),
        .raw(
            "refused before the body is asked for",
            Case.request("GET", "/plain?k=x", [])
                + Case.request("POST", "/plain?k=x", ["Content-Length: 3", "Expect: 100-continue"])),
        .series("the first of a flow", ["/flows?k=f"].times(4)),
        Case(name: "time for one more", act: .pause(.milliseconds(1500))),
        .series("after a time one more", ["/flows?k=f"].times(4)),
        .together("two at once", ["/conn?slow&k=a"].times(2)),
        .together("four at once where two may", ["/conn?slow&k=b"].times(4)),
        .together(
            "keys of their own",
            ["/conn?slow&k=c", "/conn?slow&k=d", "/conn?slow&k=c", "/conn?slow&k=d", "/conn?slow&k=d"]),
        .together("no key, no limit", ["/conn?slow"].times(4)),
        .together("another status for those at once", ["/conn/status?slow&k=e"].times(2)),
        .together(
            "two limits at once",
            ["/conn/two?slow&k=f", "/conn/two?slow&k=f", "/conn/two?slow&k=g", "/conn/two?slow&k=h"]),
        .together("a dry run at once", ["/conn/dry?slow&k=i"].times(3)),
        .series("places are free again", ["/conn?slow&k=b", "/conn?slow&k=b"]),
    ]
}

extension [String] {
    func times(_ count: Int) -> [String] { (0..<count).flatMap { _ in self } }
}
