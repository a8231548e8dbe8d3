/// Which server answers for a host, and the values of `$server_name`, `$host` and the groups of patterns.
enum ServerNameCases {
    static let stage = Stage(
        name: "server names", configuration: configuration,
        cases: hosts.flatMap { host in
            ["/", "/number/7"].map { target in
                Case.raw("host \(host) \(target)", "GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
            }
        })

    private static let hosts = [
        "test", "exact.example", "EXACT.example", "exact.example.", "exact.example:81", "a.wild.example",
        "a.b.wild.example", "wild.example", "tail.org", "tail.a.b", "both.example", "x.both.example",
        "ann.people.example",
        "Ann.People.Example", "ann.b.people.example", "people.example", "www7.numbers.example", "WWW7.numbers.example",
        "www.numbers.example", "later.people.example", "Upper.case.example", "upper.case.example", "none.example",
        "1.2.3.4", "[::1]", "[::1]:80", "x_y.people.example", "first.second", "second.first",
    ]

    private static let configuration = """
        server {
            listen 127.0.0.1:%PORT% default_server;
            server_name test;
            location = /last { return 200 "last"; }
            location / { return 200 "default $server_name $host [$user] [$1]"; }
        }
        \(server("exact.example tail.*", "exact"))
        \(server("*.wild.example .both.example", "wild"))
        \(server("\"~^(?<user>\\w+)\\.people\\.example$\" *.first", "people"))
        \(server("~^later \"~^www(\\d+)\\.numbers\\.example$\"", "numbers"))
        \(server("~^Upper\\.(case)", "upper"))
        \(server("~first", "first"))
        """

    private static func server(_ names: String, _ text: String) -> String {
        """
        server {
            listen 127.0.0.1:%PORT%;
            server_name \(names);
            location = /last { return 200 "last"; }
            location / { return 200 "\(text) $server_name $host [$user] [$1]"; }
            location ~ ^/number/(?<number>\\d+)$ { return 200 "\(text) $host [$user] [$1] [$number]"; }
        }
        """
    }
}
