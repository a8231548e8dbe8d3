import Glibc
import JSON
import TestSupport
import Testing

@testable import API

extension ServerTests {
    @Suite struct CGIProgramTests {
        @Test func `a process is a CGI program only where a web server says so`() throws {
            // A test's standard input is no listening socket.
            #expect(CGIProgram.invocation(environment: [:]) == .standalone)
            #expect(CGIProgram.invocation(environment: ["REQUEST_METHOD": "GET"]) == .standalone)
            let server = ["GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET"]
            #expect(CGIProgram.invocation(environment: server) == .cgi)
        }
    }
}
