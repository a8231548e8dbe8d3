/// `underscores_in_headers`, `ignore_invalid_headers` and `merge_slashes` with values that are not the default.
enum RequestRuleCases {
    static let underscores = Stage(
        name: "underscores",
        configuration: """
            underscores_in_headers on;
            merge_slashes off;
            \(Stages.dumping())
            """,
        cases: names.map { name, fields in
            .raw("underscores: \(name)", "GET /dump HTTP/1.1\r\nHost: test\r\n\(fields)\r\n\r\n")
        }
            + paths.map { .get("slashes: \($0)", "/dump\($0)") })

    static let anyName = Stage(
        name: "any-name",
        configuration: """
            ignore_invalid_headers off;
            \(Stages.dumping())
            """,
        cases: names.map { name, fields in
            .raw("any name: \(name)", "GET /dump HTTP/1.1\r\nHost: test\r\n\(fields)\r\n\r\n")
        })

    private static let names: [(String, String)] = [
        ("an underscore", "X_A: b"), ("only underscores", "_: b"), ("an underscore in front", "_X: b"),
        ("beside a hyphen", "X-A: 1\r\nX_A: 2"), ("twice", "X_A: 1\r\nX_A: 2"),
        ("in other capitals", "X_a: 1\r\nx_A: 2"),
        ("in a variable", "X_Var: b"), ("Content_Length", "Content_Length: 5"), ("Host", "H_ost: b"),
        ("Transfer_Encoding", "Transfer_Encoding: chunked"), ("Content_Type", "Content_Type: a/b"),
        ("Proxy_Connection", "Proxy_Connection: close"), ("X_Forwarded_For", "X_Forwarded_For: 1.2.3.4"),
        ("a point", "X.A: b"), ("a plus", "X+A: b"), ("a bracket", "X[A]: b"), ("a blank", "X A: b"),
        ("a control byte", "X\u{1}A: b"), ("Proxy", "Proxy: b"), ("a point and an underscore", "X._A: b"),
    ]

    private static let paths = [
        "//a", "//", "/a//b", "/a//../b", "/a//..", "/a/..//b", "/a//.", "/a///b/", "/./a//b", "//../", "/%2f/a",
        "/a%2f%2fb", "/..//..", "/a//../../b",
    ]
}
