/// Responses of a node, valid and invalid ones.
enum ResponseCases {
    static let stage = Stage(
        name: "responses", configuration: Stages.dumping("fastcgi_read_timeout 3s; fastcgi_buffers 8 16k;"),
        cases: Answers.table.keys.filter { $0 != "slower" }.sorted().map { Case.get("answer \($0)", "/?\($0)") }
            + [
                "status-404", "status-204-body", "length", "large", "length-short", "close-in-body", "location-url",
                "no-head",
            ]
            .map { Case.raw("answer \($0) to HEAD", Case.request("HEAD", "/?\($0)", [])) }
            + ["length", "no-status", "large", "status-204", "split-body", "length-short"]
            .map { Case.raw("answer \($0) to HTTP/1.0", "GET /?\($0) HTTP/1.0\r\nHost: test\r\n\r\n") }
            + ["length", "no-status", "status-204"]
            .map {
                Case.raw(
                    "answer \($0) to HTTP/1.0 with keep-alive",
                    "GET /?\($0) HTTP/1.0\r\nHost: test\r\nConnection: keep-alive\r\n\r\n")
            })
}
