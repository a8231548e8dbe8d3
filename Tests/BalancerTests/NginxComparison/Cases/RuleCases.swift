/// Locations, `return`, `if`, `map`, `add_header`, `allow`, `deny`, `internal`.
enum RuleCases {
    static let stage = Stage(
        name: "rules", configuration: configuration,
        cases: targets.map { Case.get("rule \($0)", $0) }
            + methods.map { method, target in Case.raw("rule \(method) \(target)", Case.request(method, target, [])) }
            + fields.map { target, field in
                Case.get("rule \(target) with \(Transcript.printable(field.utf8))", target, field)
            })

    private static let configuration = """
        upstream node { server %A%; keepalive 4; }
        map $arg_m $mapped { default none; a one; "b c" two; ~^x(?<rest>.*)$ "x and $rest"; ~*^Y three; "" empty; }
        map $http_host:$arg_n $both { default -; "test:1" first; ~^test:(\\d+)$ "number $1"; }
        map $uri $kind { default other; /k/a a; }
        add_header X-Server one;
        server {
            listen 127.0.0.1:%PORT% default_server;
            server_name test;
            default_type text/plain;
            location = /last { return 200 "last"; }

            location = /exact { return 200 "exact"; }
            location /prefix { return 200 "prefix"; }
            location /prefix/longer { return 200 "longer"; }
            location ^~ /final { return 200 "final"; }
            location ~ ^/final/regex { return 200 "never"; }
            location ~ \\.php$ { return 200 "php"; }
            location ~* \\.PNG$ { return 200 "picture"; }
            location ~ ^/groups/(\\w+)/(?<named>\\d+)$ { return 200 "$1 $2 $named"; }
            location ~ "^/braces/a{2,3}$" { return 200 "braces"; }
            location /nested/ {
                return 200 "nested";
                location /nested/inner/ { return 200 "inner"; location = /nested/inner/exact { return 200 "deep"; } }
                location ~ \\.txt$ { return 200 "nested text"; }
            }
            location /CASE { return 200 "case"; }
            location "/with space" { return 200 "space"; }

            location = /r/200 { return 200; }
            location = /r/201 { return 201 "made"; }
            location = /r/204 { return 204; }
            location = /r/204-text { return 204 "unwanted"; }
            location = /r/301 { return 301 /there; }
            location = /r/302 { return 302 https://example.com/$arg_a; }
            location = /r/303 { return 303 /there?x=y; }
            location = /r/307 { return 307 there; }
            location = /r/308 { return 308 http://$host/; }
            location = /r/url { return https://example.com$request_uri; }
            location = /r/scheme { return $scheme://$host$uri; }
            location = /r/304 { return 304; }
            location = /r/400 { return 400; }
            location = /r/401 { return 401; }
            location = /r/403 { return 403; }
            location = /r/403-text { return 403 "no entry"; }
            location = /r/404 { return 404; }
            location = /r/404-text { return 404 "lost $uri"; }
            location = /r/405 { return 405; }
            location = /r/410 { return 410; }
            location = /r/413 { return 413; }
            location = /r/418 { return 418; }
            location = /r/429 { return 429; }
            location = /r/444 { return 444; }
            location = /r/500 { return 500; }
            location = /r/502 { return 502; }
            location = /r/503 { return 503; }
            location = /r/504 { return 504; }
            location = /r/599 { return 599; }
            location = /r/299 { return 299 "odd"; }
            location = /r/empty { return 200 ""; }
            location = /r/quoted { return 200 "a \\"b\\" 'c' \\\\ d"; }
            location = /r/lines { return 200 "a\\nb\\tc"; }
            location = /r/dollar { return 200 "${host}x$arg_a-$http_x_a."; }
            location = /r/a.html { return 200 "typed"; }
            location = /r/a.jpg { return 200 "typed"; }

            location /if/method { if ($request_method = POST) { return 405; } return 200 "not post"; }
            location /if/not { if ($request_method != GET) { return 403 "only get"; } return 200 "get"; }
            location /if/set { if ($arg_a) { return 200 "set"; } return 200 "unset"; }
            location /if/match { if ($http_user_agent ~ ^curl/(\\d+)) { return 200 "curl $1"; } return 200 "another"; }
            location /if/nocase { if ($http_user_agent ~* CURL) { return 200 "curl"; } return 200 "another"; }
            location /if/unmatched { if ($arg_a !~ ^[0-9]+$) { return 400 "no number"; } return 200 "number"; }
            location /if/order { if ($arg_a) { return 200 "a"; } if ($arg_b) { return 200 "b"; } return 200 "-"; }
            location /if/node { if ($arg_stop) { return 410; } fastcgi_pass node; fastcgi_param A b; }

            location = /map { return 200 "$mapped"; }
            location = /map/both { return 200 "$both"; }
            location /k/ { return 200 "$kind"; }

            location /h/inherited { return 200 "x"; }
            location /h/own { add_header X-Own two; return 200 "x"; }
            location /h/twice { add_header X-Own two; add_header X-Own three; return 200 "x"; }
            location /h/error { add_header X-Own two; return 404 "x"; }
            location /h/always { add_header X-Own two always; add_header X-Not three; return 404 "x"; }
            location /h/empty { add_header X-Own ""; add_header X-Arg $arg_a; return 200 "x"; }
            location /h/301 { add_header X-Own two; return 301 /x; }
            location /h/206 { add_header X-Own two; return 206 "x"; }
            location /h/202 { add_header X-Own two; return 202 "x"; }
            location /h/204 { add_header X-Own two; return 204; }
            location /h/304 { add_header X-Own two; return 304; }
            location /h/307 { add_header X-Own two; return 307 /x; }
            location /h/308 { add_header X-Own two; return 308 /x; }
            location /h/node { add_header X-Own "$upstream_http_x_node $sent_http_content_type" always; fastcgi_pass node; fastcgi_param QUERY_STRING $query_string; }
            location /h/type { default_type a/b; add_header X-Own "$sent_http_content_type"; return 200 "x"; }
            location /h/cookie { add_header X-Own "$upstream_cookie_a;$upstream_cookie_b;$upstream_cookie_c"; fastcgi_pass node; fastcgi_param QUERY_STRING $query_string; }
            location /h/hide { fastcgi_hide_header X-Node; fastcgi_pass node; fastcgi_param QUERY_STRING $query_string; }
            location /h/pass { fastcgi_pass_header X-Accel-Expires; fastcgi_pass node; fastcgi_param QUERY_STRING $query_string; }

            location /internal { internal; return 200 "inside"; }
            location /deny { deny all; fastcgi_pass node; }
            location /allow { allow 127.0.0.1; deny all; fastcgi_pass node; }
            location /allow/other { allow 10.0.0.0/8; deny all; fastcgi_pass node; }
            location /allow/net { allow 127.0.0.0/8; deny all; fastcgi_pass node; }
            location /allow/order { deny 127.0.0.1; allow all; fastcgi_pass node; }
            location /allow/return { deny all; return 200 "return comes first"; }
            location /allow/none { allow 10.0.0.1; fastcgi_pass node; }
        }
        """

    private static let targets = [
        "/exact", "/exact/", "/exact?a", "/prefix", "/prefixed", "/prefix/", "/prefix/longer/x", "/prefix/long",
        "/final/regex",
        "/final.php", "/a.php", "/a.php/b", "/prefix/a.php", "/a.png", "/a.PNG", "/groups/ann/12", "/groups/ann/x",
        "/braces/aa", "/braces/a", "/nested/", "/nested/x", "/nested/inner/", "/nested/inner/exact",
        "/nested/inner/exact/x",
        "/nested/a.txt", "/nested/inner/a.txt", "/nested/a.php", "/case", "/CASE", "/with%20space", "/%65xact",
        "/./exact",
        "/r/200", "/r/201", "/r/204", "/r/204-text", "/r/301", "/r/302?a=b", "/r/303", "/r/307", "/r/308", "/r/url?q",
        "/r/scheme", "/r/304", "/r/400", "/r/401", "/r/403", "/r/403-text", "/r/404", "/r/404-text", "/r/405", "/r/410",
        "/r/413", "/r/418", "/r/429", "/r/444", "/r/500", "/r/502", "/r/503", "/r/504", "/r/599", "/r/299", "/r/empty",
        "/r/quoted", "/r/lines", "/r/dollar?a=1", "/r/a.html", "/r/a.jpg", "/nowhere", "/",
        "/if/method", "/if/not", "/if/set", "/if/set?a", "/if/set?a=", "/if/set?a=0", "/if/set?a=1",
        "/if/unmatched?a=12",
        "/if/unmatched?a=1x", "/if/unmatched", "/if/order?b=1", "/if/order?a=1&b=1", "/if/order", "/if/node",
        "/if/node?stop=1",
        "/map", "/map?m=", "/map?m=a", "/map?m=A", "/map?m=b%20c", "/map?m=xyz", "/map?m=y", "/map?m=z",
        "/map/both?n=1",
        "/map/both?n=22", "/map/both?n=x", "/k/a", "/k/b", "/h/inherited", "/h/own", "/h/twice", "/h/error",
        "/h/always",
        "/h/empty", "/h/empty?a=b", "/h/301", "/h/206", "/h/202", "/h/204", "/h/304", "/h/307", "/h/308", "/h/node",
        "/h/type", "/h/cookie?repeated",
        "/h/node?status-404", "/h/node?status-500", "/h/hide", "/h/pass?accel",
        "/internal", "/deny", "/allow",
        "/allow/other",
        "/allow/net", "/allow/order", "/allow/return", "/allow/none",
    ]

    private static let methods = [
        ("POST", "/if/method"), ("POST", "/if/not"), ("HEAD", "/exact"), ("HEAD", "/r/404"), ("HEAD", "/r/301"),
        ("HEAD", "/r/204"), ("HEAD", "/deny"), ("POST", "/r/200"), ("POST", "/r/303"), ("PUT", "/r/405"),
        ("OPTIONS", "/exact"),
        ("HEAD", "/h/always"), ("DELETE", "/nowhere"),
    ]

    private static let fields = [
        ("/if/match", "User-Agent: curl/8"), ("/if/match", "User-Agent: wget"), ("/if/nocase", "User-Agent: xCurLx"),
        ("/r/dollar", "X-A: b"), ("/r/dollar", "X-A: b\r\nX-A: c"), ("/r/dollar", "X_A: b"), ("/r/301", "Host: test"),
    ]
}
