/// Which node the balancing method picks.
enum BalancingCases {
    static let stage = Stage(name: "choices", configuration: configuration, cases: cases, isOrdered: true)

    private static let upstreams: [(name: String, servers: String)] = [
        ("equal", "server %A%; server %B%; server %C%;"), ("weighted", "server %A% weight=5; server %B%; server %C%;"),
        ("uneven", "server %A% weight=3; server %B% weight=2; server %C%;"),
        ("pair", "server %A% weight=4; server %B% weight=3;"),
        ("single", "server %A%;"), ("down", "server %A% down; server %B%; server %C%;"),
        ("backup", "server %A%; server %B%; server %C% backup;"),
        ("backups", "server %NONE%; server %B% backup; server %C% backup weight=2;"),
        ("alldown", "server %A% down; server %B% down;"), ("downbackup", "server %A% down; server %B% backup;"),
        ("dead", "server %NONE%; server %B%; server %C%;"),
        ("deadfirst", "server %NONE% max_fails=1 fail_timeout=60s weight=3; server %B%; server %C%;"),
        ("deadforever", "server %NONE% max_fails=0 weight=2; server %B%;"),
        ("keepalive", "server %A%; server %B%; keepalive 4;"),
        ("least", "least_conn; server %A%; server %B%; server %C%;"),
        ("leastweighted", "least_conn; server %A% weight=3; server %B%;"),
        ("leastdead", "least_conn; server %NONE%; server %B%; server %C%;"),
        ("zoned", "zone z 256k; server %A% weight=2; server %B%;"),
        ("places", "server %A% max_conns=1; server %B% max_conns=1 backup;"),
        ("zplaces", "zone y 256k; server %A% max_conns=1; server %B% max_conns=2; server %C%;"),
        ("same", "server %A%; server %A%; server %B%;"),
    ]

    private static let configuration = """
        \(upstreams.map { "upstream \($0.name) { \($0.servers) }" }.joined(separator: "\n"))
        server {
            listen 127.0.0.1:%PORT% default_server;
            server_name test;
            location = /last { return 200 "last"; }
            fastcgi_param QUERY_STRING $query_string;
            \(upstreams.map { "location /\($0.name) { fastcgi_pass \($0.name); }" }.joined(separator: "\n"))
        }
        """

    private static let cases: [Case] =
        upstreams.map { upstream in .series("twelve of \(upstream.name)", ["/\(upstream.name)"].times(12)) }
        + ["equal", "least", "leastweighted", "zplaces"]
        .map { name in .together("six at once of \(name)", ["/\(name)?slow"].times(6)) }
        + [
            .series("a slow node in between", ["/equal?A=slow"].times(7)),
            .together("a slow node by least_conn", ["/least?A=slow"].times(6)),
            .together("a place that is taken", ["/places?slow"].times(2)),
            .series("after those at once", ["/least"].times(6)),
        ]
}
