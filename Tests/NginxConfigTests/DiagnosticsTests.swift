import NginxConfig
import TestSupport
import Testing

/// An invalid configuration and its error message. `FILE` stands for the path of the file.
struct Refused: Sendable, CustomTestStringConvertible {
    let text: String
    let message: String

    init(_ text: String, _ message: String) {
        self.text = text
        self.message = message
    }

    /// A configuration with `body` in the `http` block.
    static func http(_ body: String, _ message: String) -> Refused {
        Refused("events {}\nhttp {\n\(body)\n}", message)
    }

    /// A configuration with `body` in a `server` block.
    static func server(_ body: String, _ message: String) -> Refused {
        .http("server {\n\(body)\n}", message)
    }

    var testDescription: String { message }
}

struct DiagnosticsTests {
    /// nginx refuses these with the same message.
    static let likeNginx: [Refused] = [
        .http("resolver valid=5s;", "no name servers defined in FILE:3"),
        .http("resolver 127.0.0.1 valid=x;", "invalid parameter: valid=x in FILE:3"),
        .http("resolver 127.0.0.1 ipv6=no;", "invalid parameter: ipv6=no in FILE:3"),
        .server("resolver 127.0.0.1:0;", "invalid port in resolver \"127.0.0.1:0\" in FILE:4"),
        // Syntax
        Refused("frobnicate on;", "unknown directive \"frobnicate\" in FILE:1"),
        Refused("events {}\n\nfrobnicate\n on;", "unknown directive \"frobnicate\" in FILE:4"),
        Refused("daemon on", "unexpected end of file, expecting \";\" or \"}\" in FILE:1"),
        Refused("events {", "unexpected end of file, expecting \"}\" in FILE:1"),
        Refused("events {\n\n", "unexpected end of file, expecting \"}\" in FILE:3"),
        Refused("events {}\n}", "unexpected \"}\" in FILE:2"),
        Refused(";", "unexpected \";\" in FILE:1"),
        Refused("events {}\n{ }", "unexpected \"{\" in FILE:2"),
        Refused("events { worker_connections 5 }", "unexpected \"}\" in FILE:1"),
        Refused("daemon \"on\"off;", "unexpected \"o\" in FILE:1"),
        Refused("pid \"abc", "unexpected end of file, expecting \";\" or \"}\" in FILE:1"),
        Refused("pid \"abc\"", "unexpected end of file, expecting \";\" or \"}\" in FILE:1"),
        Refused(
            "\npid \"" + String(repeating: "x", count: 5000) + "\";",
            "too long parameter, probably missing terminating \"\"\" character in FILE:2"),
        Refused(
            "pid " + String(repeating: "x", count: 5000) + ";", "too long parameter \"xxxxxxxxxx...\" started in FILE:1"
        ),
        // Blocks and numbers of arguments
        Refused("daemon on {}", "directive \"daemon\" is not terminated by \";\" in FILE:1"),
        Refused("events;", "directive \"events\" has no opening \"{\" in FILE:1"),
        Refused("daemon;", "invalid number of arguments in \"daemon\" directive in FILE:1"),
        Refused("daemon on off;", "invalid number of arguments in \"daemon\" directive in FILE:1"),
        Refused("events 1 {}", "invalid number of arguments in \"events\" directive in FILE:1"),
        Refused("user;", "invalid number of arguments in \"user\" directive in FILE:1"),
        .server("location {}", "invalid number of arguments in \"location\" directive in FILE:4"),
        .server("location = /a b {}", "invalid number of arguments in \"location\" directive in FILE:4"),
        .http("log_format main;", "invalid number of arguments in \"log_format\" directive in FILE:3"),
        .http(
            "limit_req_zone $uri zone=a:1m;", "invalid number of arguments in \"limit_req_zone\" directive in FILE:3"),
        .server("fastcgi_param A;", "invalid number of arguments in \"fastcgi_param\" directive in FILE:4"),
        .http("upstream u { least_conn 1; }", "invalid number of arguments in \"least_conn\" directive in FILE:3"),
        // Contexts
        Refused("events {}\nlisten 80;", "\"listen\" directive is not allowed here in FILE:2"),
        Refused("server {}", "\"server\" directive is not allowed here in FILE:1"),
        .http("daemon on;", "\"daemon\" directive is not allowed here in FILE:3"),
        .http("fastcgi_pass a:1;", "\"fastcgi_pass\" directive is not allowed here in FILE:3"),
        .server(
            "limit_req_zone $uri zone=a:1m rate=1r/s;", "\"limit_req_zone\" directive is not allowed here in FILE:4"),
        .server("location / { listen 80; }", "\"listen\" directive is not allowed here in FILE:4"),
        .http("upstream u { listen 80; }", "\"listen\" directive is not allowed here in FILE:3"),
        Refused("pid a.pid;", "no \"events\" section in configuration"),
        // Values
        Refused(
            "daemon maybe;", "invalid value \"maybe\" in \"daemon\" directive, it must be \"on\" or \"off\" in FILE:1"),
        Refused("daemon on;\ndaemon on;", "\"daemon\" directive is duplicate in FILE:2"),
        Refused("pid a.pid;\npid a.pid;", "\"pid\" directive is duplicate in FILE:2"),
        Refused("worker_processes many;", "\"worker_processes\" directive invalid value in FILE:1"),
        Refused("worker_processes -1;", "\"worker_processes\" directive invalid value in FILE:1"),
        Refused("events { worker_connections 1k; }", "invalid number \"1k\" in FILE:1"),
        Refused("events {}\nevents {}", "\"events\" directive is duplicate in FILE:2"),
        Refused("events {}\nhttp {}\nhttp {}", "\"http\" directive is duplicate in FILE:3"),
        .http("client_max_body_size 1t;", "\"client_max_body_size\" directive invalid value in FILE:3"),
        .http("client_max_body_size -1;", "\"client_max_body_size\" directive invalid value in FILE:3"),
        .http(
            "client_max_body_size 1;\nclient_max_body_size 2;",
            "\"client_max_body_size\" directive is duplicate in FILE:4"),
        .http("client_body_timeout 1x;", "\"client_body_timeout\" directive invalid value in FILE:3"),
        .http("keepalive_timeout soon;", "\"keepalive_timeout\" directive invalid value in FILE:3"),
        .http("keepalive_timeout 1s 500ms;", "\"keepalive_timeout\" directive invalid value in FILE:3"),
        .http("limit_req_status 200;", "value must be between 400 and 599 in FILE:3"),
        .http("limit_req_status none;", "\"limit_req_status\" directive invalid number in FILE:3"),
        .http(
            "fastcgi_keep_conn yes;",
            "invalid value \"yes\" in \"fastcgi_keep_conn\" directive, it must be \"on\" or \"off\" in FILE:3"),
        .http(
            "fastcgi_read_timeout 1m 2s;", "invalid number of arguments in \"fastcgi_read_timeout\" directive in FILE:3"
        ),
        .http("fastcgi_param A b never;", "invalid parameter \"never\" in FILE:3"),
        // listen, server_name
        .server("listen 0;", "invalid port in \"0\" of the \"listen\" directive in FILE:4"),
        .server("listen 127.0.0.1:99999;", "invalid port in \"127.0.0.1:99999\" of the \"listen\" directive in FILE:4"),
        .server("listen :80;", "no host in \":80\" of the \"listen\" directive in FILE:4"),
        .server("listen 127.0.0.1:x;", "invalid port in \"127.0.0.1:x\" of the \"listen\" directive in FILE:4"),
        .server(
            "listen unix:;", "no path in the unix domain socket in \"unix:\" of the \"listen\" directive in FILE:4"),
        .server("listen [::1:80;", "invalid host in \"[::1:80\" of the \"listen\" directive in FILE:4"),
        .server("listen 8080 fast;", "invalid parameter \"fast\" in FILE:4"),
        .server("listen 8080 backlog=0;", "invalid backlog \"backlog=0\" in FILE:4"),
        .server("listen 8080 so_keepalive=sometimes;", "invalid so_keepalive value: \"sometimes\" in FILE:4"),
        .server("listen 8080 so_keepalive=::;", "invalid so_keepalive value: \"::\" in FILE:4"),
        .server("listen 8080 rcvbuf=x;", "invalid rcvbuf \"rcvbuf=x\" in FILE:4"),
        .server("listen 8080 sndbuf=x;", "invalid sndbuf \"sndbuf=x\" in FILE:4"),
        .server("listen 8080 fastopen=x;", "invalid fastopen \"fastopen=x\" in FILE:4"),
        .server("listen 8080;\nlisten *:8080;", "a duplicate listen 0.0.0.0:8080 in FILE:5"),
        .http(
            "server { listen 8080 default_server; }\nserver { listen 8080 default_server; }",
            "a duplicate default server for 0.0.0.0:8080 in FILE:4"),
        .http(
            "server { listen 8080 backlog=5; }\nserver { listen 8080 backlog=6; }",
            "duplicate listen options for 0.0.0.0:8080 in FILE:4"),
        .server("server_name *example.com;", "server name \"*example.com\" is invalid in FILE:4"),
        .server("server_name .;", "server name \".\" is invalid in FILE:4"),
        // location
        .server("location ! / {}", "invalid location modifier \"!\" in FILE:4"),
        .server("location / {}\nlocation / {}", "duplicate location \"/\" in FILE:5"),
        .server("location = / {}\nlocation =/ {}", "duplicate location \"/\" in FILE:5"),
        .server("location /a {\nlocation /b {}\n}", "location \"/b\" is outside location \"/a\" in FILE:5"),
        .server(
            "location = /a {\nlocation /a/b {}\n}",
            "location \"/a/b\" cannot be inside the exact location \"/a\" in FILE:5"),
        // upstream
        .http("upstream u {}", "no servers are inside upstream in FILE:3"),
        .http("upstream u {\n}\n", "no servers are inside upstream in FILE:4"),
        .http(
            "upstream u { server 127.0.0.1:1; }\nupstream u { server 127.0.0.1:1; }",
            "duplicate upstream \"u\" in FILE:4"),
        .http("upstream u { zone z 1k; server 127.0.0.1:1; }", "zone \"z\" is too small in FILE:3"),
        .http("upstream u { zone z x; server 127.0.0.1:1; }", "invalid zone size \"x\" in FILE:3"),
        .http("client_body_buffer_size x;", "\"client_body_buffer_size\" directive invalid value in FILE:3"),
        .http("upstream u { server 127.0.0.1:1 weight=0; }", "invalid parameter \"weight=0\" in FILE:3"),
        .http("upstream u { server 127.0.0.1:1 max_fails=x; }", "invalid parameter \"max_fails=x\" in FILE:3"),
        .http(
            "upstream u { server 127.0.0.1:1 fail_timeout=5ms; }", "invalid parameter \"fail_timeout=5ms\" in FILE:3"),
        .http("upstream u { server 127.0.0.1:1 spare; }", "invalid parameter \"spare\" in FILE:3"),
        .http("upstream u { server 127.0.0.1:0; }", "invalid port in upstream \"127.0.0.1:0\" in FILE:3"),
        .http("upstream u { server unix:; }", "no path in the unix domain socket in upstream \"unix:\" in FILE:3"),
        .http("upstream u { server :80; }", "no host in upstream \":80\" in FILE:3"),
        .http(
            "upstream u { server 127.0.0.1:1; keepalive 0; }",
            "invalid value \"0\" in \"keepalive\" directive in FILE:3"),
        .http("upstream u { hash; }", "invalid number of arguments in \"hash\" directive in FILE:3"),
        .http("upstream u { hash $uri steady; server 127.0.0.1:1; }", "invalid parameter \"steady\" in FILE:3"),
        .http("upstream u { random three; server 127.0.0.1:1; }", "invalid parameter \"three\" in FILE:3"),
        .http("upstream u { random two ip_hash; server 127.0.0.1:1; }", "invalid parameter \"ip_hash\" in FILE:3"),
        .http(
            "upstream u { ip_hash; server 127.0.0.1:1 backup; }",
            "balancing method does not support parameter \"backup\" in FILE:3"),
        .http(
            "upstream u { server 127.0.0.1:1; keepalive 1; keepalive_timeout x; }",
            "\"keepalive_timeout\" directive invalid value in FILE:3"),
        .http("ip_hash;", "\"ip_hash\" directive is not allowed here in FILE:3"),
        .server("location / { fastcgi_pass nowhere; }", "no port in upstream \"nowhere\" in FILE:4"),
        .server(
            "location / { fastcgi_pass 127.0.0.1:1; fastcgi_pass 127.0.0.1:1; }",
            "\"fastcgi_pass\" directive is duplicate in FILE:4"),
        // limits
        .http("limit_req_zone $uri zone=a rate=1r/s;", "invalid zone size \"zone=a\" in FILE:3"),
        .http("limit_req_zone $uri zone=a:x rate=1r/s;", "invalid zone size \"zone=a:x\" in FILE:3"),
        .http("limit_req_zone $uri zone=a:1k rate=1r/s;", "zone \"zone=a:1k\" is too small in FILE:3"),
        .http("limit_req_zone $uri zone=a:1m rate=0r/s;", "invalid rate \"rate=0r/s\" in FILE:3"),
        .http("limit_req_zone $uri zone=a:1m rate=1r/h;", "invalid rate \"rate=1r/h\" in FILE:3"),
        .http("limit_req_zone $uri zone=a:1m pace=1r/s;", "invalid parameter \"pace=1r/s\" in FILE:3"),
        .http("limit_req_zone $uri rate=1r/s rate=1r/s;", "\"limit_req_zone\" must have \"zone\" parameter in FILE:3"),
        .http(
            "limit_req_zone $uri zone=a:1m rate=1r/s;\nlimit_req_zone $host zone=a:1m rate=1r/s;",
            "limit_req_zone \"a\" is already bound to key \"$uri\" in FILE:4"),
        .http("limit_req burst=5;", "\"limit_req\" must have \"zone\" parameter in FILE:3"),
        .http(
            "limit_req zone=a burst=0;\nlimit_req_zone $uri zone=a:1m rate=1r/s;",
            "invalid burst value \"burst=0\" in FILE:3"),
        .http(
            "limit_req_zone $uri zone=a:1m rate=1r/s;\nlimit_req zone=a delay=x;",
            "invalid delay value \"delay=x\" in FILE:4"),
        .http(
            "limit_req_zone $uri zone=a:1m rate=1r/s;\nlimit_req zone=a later;", "invalid parameter \"later\" in FILE:4"
        ),
        .http(
            "limit_req_zone $uri zone=a:1m rate=1r/s;\nlimit_req zone=a;\nlimit_req zone=a;",
            "\"limit_req\" directive is duplicate in FILE:5"),
        // real ip
        .http("set_real_ip_from 10.0.0.0/33;", "host not found in set_real_ip_from \"10.0.0.0/33\" in FILE:3"),
        .http("set_real_ip_from 10.0.0/8;", "host not found in set_real_ip_from \"10.0.0/8\" in FILE:3"),
        .http("real_ip_header A;\nreal_ip_header B;", "\"real_ip_header\" directive is duplicate in FILE:4"),
        .http("limit_req_log_level loud;", "invalid value \"loud\" in FILE:3"),
        .http(
            "limit_req_dry_run yes;",
            "invalid value \"yes\" in \"limit_req_dry_run\" directive, it must be \"on\" or \"off\" in FILE:3"),
        .http("limit_conn_zone $uri zone=a;", "invalid zone size \"zone=a\" in FILE:3"),
        .http("limit_conn_zone $uri zone=a:1k;", "zone \"zone=a:1k\" is too small in FILE:3"),
        .http("limit_conn_zone $uri rate=1r/s;", "invalid parameter \"rate=1r/s\" in FILE:3"),
        .http(
            "limit_conn_zone $uri zone=a:1m;\nlimit_conn_zone $host zone=a:1m;",
            "limit_conn_zone \"a\" is already bound to key \"$uri\" in FILE:4"),
        .http(
            "limit_conn_zone $uri zone=a:1m;\nlimit_req_zone $uri zone=a:1m rate=1r/s;",
            "the shared memory zone \"a\" is already declared for a different use in FILE:4"),
        .http("limit_conn_zone $uri zone=a:1m;\nlimit_conn a 0;", "invalid number of connections \"0\" in FILE:4"),
        .http("limit_conn_zone $uri zone=a:1m;\nlimit_conn a 65536;", "connection limit must be less 65536 in FILE:4"),
        .http(
            "limit_conn_zone $uri zone=a:1m;\nlimit_conn a 1;\nlimit_conn a 2;",
            "\"limit_conn\" directive is duplicate in FILE:5"),
        .http("limit_conn a;", "invalid number of arguments in \"limit_conn\" directive in FILE:3"),
        .http("limit_conn_status 302;", "value must be between 400 and 599 in FILE:3"),
        .http("limit_conn_log_level debug;", "invalid value \"debug\" in FILE:3"),
        .http("keepalive_requests many;", "\"keepalive_requests\" directive invalid number in FILE:3"),
        .http("keepalive_time 1x;", "\"keepalive_time\" directive invalid value in FILE:3"),
        .http("client_header_buffer_size x;", "\"client_header_buffer_size\" directive invalid value in FILE:3"),
        .http("large_client_header_buffers 4 x;", "\"large_client_header_buffers\" directive invalid value in FILE:3"),
        .server(
            "location / { merge_slashes on; }", "\"merge_slashes\" directive is not allowed here in FILE:4"),
        Refused("worker_rlimit_nofile many;", "\"worker_rlimit_nofile\" directive invalid number in FILE:1"),
        Refused("worker_shutdown_timeout x;", "\"worker_shutdown_timeout\" directive invalid value in FILE:1"),
        .http("fastcgi_next_upstream sometimes;", "invalid value \"sometimes\" in FILE:3"),
        .http("fastcgi_next_upstream_tries x;", "\"fastcgi_next_upstream_tries\" directive invalid number in FILE:3"),
        .http("fastcgi_hide_header;", "invalid number of arguments in \"fastcgi_hide_header\" directive in FILE:3"),
        .http("map $uri {}", "invalid number of arguments in \"map\" directive in FILE:3"),
        .http("map $uri a {}", "invalid variable name \"a\" in FILE:3"),
        .http("map $uri $a {\nx;\n}", "invalid number of the map parameters in FILE:4"),
        .http("map $uri $a {\nx 1;\nX 2;\n}", "conflicting parameter \"x\" in FILE:5"),
        .http("map $uri $a {\ndefault 1;\ndefault 2;\n}", "duplicate default map parameter in FILE:5"),
        .server("map $uri $a {}", "\"map\" directive is not allowed here in FILE:4"),
        .http(
            "sendfile maybe;",
            "invalid value \"maybe\" in \"sendfile\" directive, it must be \"on\" or \"off\" in FILE:3"),
        .http("types_hash_max_size x;", "\"types_hash_max_size\" directive invalid number in FILE:3"),
        .http("fastcgi_buffers 4;", "invalid number of arguments in \"fastcgi_buffers\" directive in FILE:3"),
        .http("fastcgi_buffer_size x;", "\"fastcgi_buffer_size\" directive invalid value in FILE:3"),
        .http("fastcgi_ignore_headers X-Other;", "invalid value \"X-Other\" in FILE:3"),
        .http("fastcgi_index a b;", "invalid number of arguments in \"fastcgi_index\" directive in FILE:3"),
        .http("lingering_close sometimes;", "invalid value \"sometimes\" in FILE:3"),
        .http("lingering_time x;", "\"lingering_time\" directive invalid value in FILE:3"),
        .http("limit_rate x;", "\"limit_rate\" directive invalid value in FILE:3"),
        .http("keepalive_disable opera;", "invalid value \"opera\" in FILE:3"),
        Refused("events { use carrier_pigeon; }", "invalid event type \"carrier_pigeon\" in FILE:1"),
        // files
        .http("root /a;\nroot /b;", "\"root\" directive is duplicate in FILE:4"),
        .server(
            "location / { root /a; alias /b; }",
            "\"alias\" directive is duplicate, \"root\" directive was specified earlier in FILE:4"),
        .server(
            "location / { alias /a; root /b; }",
            "\"root\" directive is duplicate, \"alias\" directive was specified earlier in FILE:4"),
        .server("alias /a;", "\"alias\" directive is not allowed here in FILE:4"),
        .server(
            "location @x { alias /a; }",
            "the \"alias\" directive cannot be used inside the named location in FILE:4"),
        .http(
            "root /a$document_root;",
            "the $document_root variable cannot be used in the \"root\" directive in FILE:3"),
        .server("try_files /a;", "invalid number of arguments in \"try_files\" directive in FILE:4"),
        .server("try_files /a =x;", "invalid code \"=x\" in FILE:4"),
        .http("index \"\";", "index \"\" in \"index\" directive is invalid in FILE:3"),
        .http("if_modified_since later;", "invalid value \"later\" in FILE:3"),
        // rewrite, headers, access
        .http("error_page 404;", "invalid number of arguments in \"error_page\" directive in FILE:3"),
        .http("error_page none /x;", "invalid value \"none\" in FILE:3"),
        .http("error_page 200 /x;", "value \"200\" must be between 300 and 599 in FILE:3"),
        .http("error_page 404 =x /x;", "invalid value \"=x\" in FILE:3"),
        .server(
            "location / {\nlocation @x {}\n}", "named location \"@x\" can be on the server level only in FILE:5"),
        .server(
            "location @x {\nlocation /y {}\n}", "location \"/y\" cannot be inside the named location \"@x\" in FILE:5"),
        .server("return;", "invalid number of arguments in \"return\" directive in FILE:4"),
        .server("return two;", "invalid return code \"two\" in FILE:4"),
        .server("return 1000;", "invalid return code \"1000\" in FILE:4"),
        .server("return http://a b;", "invalid return code \"http://a\" in FILE:4"),
        .http("return 200;", "\"return\" directive is not allowed here in FILE:3"),
        .server("if $host { return 200; }", "invalid condition \"$host\" in FILE:4"),
        .server("if ($host { return 200; }", "invalid condition \"$host\" in FILE:4"),
        .server("if (host = a) { return 200; }", "invalid condition \"host\" in FILE:4"),
        .server("if ($host =) { return 200; }", "invalid condition \"$host\" in FILE:4"),
        .server("if ($host == a) { return 200; }", "unexpected \"==\" in condition in FILE:4"),
        .server("if ($host) { listen 80; }", "\"listen\" directive is not allowed here in FILE:4"),
        .http("if ($host) { return 200; }", "\"if\" directive is not allowed here in FILE:3"),
        .http("add_header A;", "invalid number of arguments in \"add_header\" directive in FILE:3"),
        .http("add_header A b c;", "invalid parameter \"c\" in FILE:3"),
        .http("allow everyone;", "invalid parameter \"everyone\" in FILE:3"),
        .http("deny 10.0.0.0/33;", "invalid parameter \"10.0.0.0/33\" in FILE:3"),
        .http("satisfy some;", "invalid value \"some\" in FILE:3"),
        .http("internal;", "\"internal\" directive is not allowed here in FILE:3"),
        .http("default_type a/b;\ndefault_type a/b;", "\"default_type\" directive is duplicate in FILE:4"),
        .http("types on;", "directive \"types\" has no opening \"{\" in FILE:3"),
        // logs
        .http("log_format a b;\nlog_format a b;", "duplicate \"log_format\" name \"a\" in FILE:4"),
        .http("log_format a escape=xml b;", "unknown log format escaping \"xml\" in FILE:3"),
        .http("access_log off main;", "invalid parameter \"main\" in FILE:3"),
        .http("access_log logs/a.log main;", "unknown log format \"main\" in FILE:3"),
        .http("access_log logs/a.log combined buffer=x;", "invalid buffer size \"x\" in FILE:3"),
        .http(
            "access_log logs/a.log combined flush=1s;",
            "no buffer is defined for access_log \"logs/a.log\" in FILE:3"),
        .http("access_log logs/a.log combined fast;", "invalid parameter \"fast\" in FILE:3"),
        Refused("error_log stderr loud;", "invalid log level \"loud\" in FILE:1"),
        // include
        Refused("include nothing.conf;", "open() \"DIR/nothing.conf\" failed (2: No such file or directory) in FILE:1"),
        // Only the first error is reported, whether it is a syntax error or an invalid value.
        Refused(
            "daemon maybe;\n}",
            "invalid value \"maybe\" in \"daemon\" directive, it must be \"on\" or \"off\" in FILE:1"),
        Refused("}\ndaemon maybe;", "unexpected \"}\" in FILE:1"),
    ]

    /// nginx refuses these with another message, or accepts them.
    static let ours: [Refused] = [
        .http(
            "resolver 127.0.0.1 ipv4=off ipv6=off;", "\"ipv4\" and \"ipv6\" cannot both be \"off\" in FILE:3"),
        .http("log_format a $nonesuch;", "unknown \"nonesuch\" variable in FILE:3"),
        .http("log_format a ${status;", "the closing bracket in \"status\" variable is missing in FILE:3"),
        .server("fastcgi_param A x$;", "invalid variable name in FILE:4"),
        .server("fastcgi_param A ${nonesuch}x;", "unknown \"nonesuch\" variable in FILE:4"),
        .http("limit_req zone=nowhere;", "zero size shared memory zone \"nowhere\" in FILE:3"),
        .http("upstream u { least_time soon; server 127.0.0.1:1; }", "invalid parameter \"soon\" in FILE:3"),
        .http(
            "upstream u { queue many; server 127.0.0.1:1; }", "invalid value \"many\" in \"queue\" directive in FILE:3"),
        .http("upstream u { queue 5 soon; server 127.0.0.1:1; }", "invalid parameter \"soon\" in FILE:3"),
        .http(
            "upstream u { hash $uri; server 127.0.0.1:1 slow_start=5s; }",
            "balancing method does not support parameter \"slow_start=5s\" in FILE:3"),
        .http(
            "upstream u { server 127.0.0.1:1 weight=1000001; }", "invalid parameter \"weight=1000001\" in FILE:3"),
        .http("max_headers x;", "\"max_headers\" directive invalid number in FILE:3"),
        .http("fastcgi_temp_path /a x;", "\"fastcgi_temp_path\" directive invalid value in FILE:3"),
        .http("geo $a {}", "directive \"geo\" is not supported in FILE:3"),
        .server(
            "server_name $hostname;",
            "server name \"$hostname\" is not supported: no variables in FILE:4"),
        .server("server_name a.*.b;", "invalid server name or wildcard \"a.*.b\" in FILE:4"),
        .http("limit_conn nowhere 1;", "zero size shared memory zone \"nowhere\" in FILE:3"),
        .http("fastcgi_pass_header Date;", "\"fastcgi_pass_header Date\" is not supported in FILE:3"),
        .server("location @x {}\nlocation @x {}", "duplicate location \"@x\" in FILE:5"),
        .http("map $uri $host {}", "the duplicate \"host\" variable in FILE:3"),
        .http("map $host $a {\nhostnames;\n}", "\"hostnames\" in \"map\" is not supported in FILE:4"),
        .server(
            "location / { if ($host) { add_header A b; } }", "\"add_header\" in \"if\" is not supported in FILE:4"),
        .server("if (-f /x) { return 200; }", "\"-f\" in \"if\" is not supported in FILE:4"),
        .http("add_header Content-Length 5;", "\"add_header Content-Length\" is not supported in FILE:3"),
        .server("listen 443 ssl;", "\"ssl\" of the \"listen\" directive is not supported in FILE:4"),
        .server("location / { fastcgi_pass $host; }", "variables in \"fastcgi_pass\" are not supported in FILE:4"),
        .http("access_log syslog:server=x;", "access_log to \"syslog:server=x\" is not supported in FILE:3"),
        // nginx refuses this only if it runs as root. Otherwise, it warns and ignores each "user".
        Refused("user root;\nuser root;", "\"user\" directive is duplicate in FILE:2"),
        Refused(String(repeating: "events {", count: 100), "\"events\" directive is not allowed here in FILE:1"),
    ]

    @Test(arguments: likeNginx + ours)
    func `An error has its file and line`(_ refused: Refused) throws {
        let message = refused.message.replacing("FILE", with: "/etc/millrace/millrace.conf")
            .replacing("DIR/nothing", with: "/etc/millrace/nothing").replacing("DIR", with: "/srv")
        #expect(fault(refused.text)?.description == message)
    }

    @Test(.enabled(if: StockNginx.isPresent), arguments: likeNginx)
    func `nginx has the same message`(_ refused: Refused) throws {
        let message = refused.message.replacing("FILE", with: "DIR/nginx.conf")
        let complaint = try StockNginx.complaint(about: refused.text)
        #expect(complaint == message)
    }

    @Test(.enabled(if: StockNginx.isPresent), arguments: ours.prefix(5))
    func `nginx refuses these configurations, too`(_ refused: Refused) throws {
        #expect(try StockNginx.complaint(about: refused.text) != nil)
    }

    @Test func `An error on the command line has no file`() {
        #expect(throws: ConfigurationError("unknown directive \"x\"", at: SourceLocation(file: nil, line: 1))) {
            try load("events {}", directives: "x y;")
        }
        let message = "unexpected end of parameter, expecting \";\" in command line"
        do throws(ConfigurationError) {
            _ = try load("events {}", directives: "daemon off")
            Issue.record("accepted")
        } catch {
            #expect(error.description == message)
        }
        #expect(throws: ConfigurationError.self) { try load("", directives: "events {}") }
    }
}
