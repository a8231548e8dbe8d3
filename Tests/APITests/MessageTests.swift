import AdminAccess
import JSON
import Reactor
import Testing

@testable import API

@Suite struct MessageTests {
    func request(_ target: String = "/", prefer: String? = nil) -> APIRequest {
        var variables = ["REQUEST_METHOD": "GET", "REQUEST_URI": target]
        variables["HTTP_PREFER"] = prefer
        return APIRequest(CGIEnvironment(variables), body: [])
    }

    @Test(arguments: [
        ("wait=10", 10), ("respond-async, wait=7", 7), ("WAIT = \"5\"; x=y", 5), ("wait=100000", 60),
        ("wait=99999999999999999999", 60), ("wait=2, wait=9", 2),
    ])
    func `a preference to wait is read as RFC 7240 says`(_ field: String, _ seconds: Int) throws {
        #expect(try Wait(request(prefer: field))?.seconds == seconds)
    }

    @Test(arguments: ["", "wait", "wait=", "wait=-1", "wait=x", "await=3", "wait=0"])
    func `a malformed preference is ignored`(_ field: String) throws {
        #expect(try Wait(request(prefer: field)) == nil)
    }

    @Test func `the parameter overrides the preference`() throws {
        #expect(try Wait(request("/?wait=3", prefer: "wait=9"))?.seconds == 3)
        #expect(try Wait(request("/?wait=0", prefer: "wait=9")) == nil)
    }

    @Test(arguments: ["61", "-1", "", "ten", "1.5"])
    func `a wait parameter out of bounds is refused, with its name`(_ value: String) {
        let problem = #expect(throws: Problem.self) { try Wait(request("/?wait=\(value)")) }
        #expect(problem?.status == 422)
        #expect(problem?.member == "wait")
    }

    @Test func `a query returns the first value of a name, decoded`() {
        let query = Query("a=1&b=x+y%26z&a=2&c&d=%zz&=e")
        #expect(query.value("a") == "1")
        #expect(query.value("b") == "x y&z")
        #expect(query.value("c") == "")
        #expect(query.value("d") == "")
        #expect(query.value("e") == nil)
    }

    @Test(arguments: [
        ("/a/b?c=d", "/a/b", "c=d"), ("/a", "/a", ""), ("http://host:1/a?b", "/a", "b"), ("http://host", "/", ""),
        ("/a?b?c", "/a", "b?c"),
    ])
    func `the request URI is split into path and query`(_ uri: String, _ path: String, _ query: String) {
        let target = CGIEnvironment(["REQUEST_URI": uri]).target
        #expect(target.path == path)
        #expect(target.query == query)
    }

    @Test func `without a request URI the path is SCRIPT_NAME and PATH_INFO`() {
        let target = CGIEnvironment(["SCRIPT_NAME": "/task", "PATH_INFO": "/1", "QUERY_STRING": "wait=2"]).target
        #expect(target.path == "/task/1")
        #expect(target.query == "wait=2")
    }

    @Test func `valid request ids are kept, others are replaced, and new ids are unique`() {
        #expect(RequestID.accepted("aZ0._-") == "aZ0._-")
        for bad in ["", "a b", "a\r\nb", "ä", String(repeating: "x", count: 129)] {
            #expect(RequestID.accepted(bad) == nil)
        }
        #expect(Set((0..<1000).map { _ in RequestID.next() }).count == 1000)
        #expect(RequestID.next().count == 32)
    }

    @Test(arguments: [
        ("unix:/run/a", ListenAddress.unix(path: "/run/a")), ("fd:0", .descriptor(0)),
        ("127.0.0.1:9000", .tcp(HostPort(host: "127.0.0.1", port: 9000))),
        ("[::1]:9000", .tcp(HostPort(host: "::1", port: 9000))),
        ("*:9000", .tcp(HostPort(host: "", port: 9000))), ("api:0", .tcp(HostPort(host: "api", port: 0))),
    ])
    func `a listening address is parsed and printed the same way`(_ text: String, _ address: ListenAddress) {
        #expect(ListenAddress(text) == address)
        #expect(address.description == text)
    }

    @Test(arguments: ["", "unix:", "fd:x", "fd:-1", "9000", "host:", "host:70000", "/run/a", "::1:9000", "a b:9000"])
    func `an invalid listening address is refused`(_ text: String) {
        #expect(ListenAddress(text) == nil)
    }

    private func left(_ lane: inout BlockingLane<Int>) -> Int? { lane.leave() }

    @Test func `the lane gives a free place to the work that waited first`() {
        var lane = BlockingLane<Int>(limit: 2)
        lane.enter()
        lane.enter()
        #expect(!lane.isFree)
        lane.wait(1)
        lane.wait(2)
        #expect(left(&lane) == 1)
        #expect(!lane.isFree)
        #expect(left(&lane) == 2)
        #expect(left(&lane) == nil)
        #expect(lane.isFree)
    }
}
