import Glibc
import JSON
import TestSupport
import Testing

@testable import API

extension ServerTests {
    @Suite struct CGIProgramTests {
        @Test func `a process runs as a CGI program only if a web server set the variables`() throws {
            // The standard input of a test is not a listening socket.
            #expect(CGIProgram.invocation(environment: [:]) == .standalone)
            #expect(CGIProgram.invocation(environment: ["REQUEST_METHOD": "GET"]) == .standalone)
            let server = ["GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET"]
            #expect(CGIProgram.invocation(environment: server) == .cgi)
        }
    }
}
