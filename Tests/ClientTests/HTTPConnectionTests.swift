import Client
import HTTPWire
import JSON
import Testing
import Threading

@Suite(.timeLimit(.minutes(1))) struct HTTPConnectionTests {
    @Test func `requests share a kept connection`() throws {
        let server = ScriptedServer { connection in
            var number = 0
            while connection.read(until: "\r\n\r\n") != "" {
                number += 1
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"n\":\(number)}")
            }
        }
        defer { server.stop() }
        let connection = HTTPConnection(to: .tcp(host: "127.0.0.1", port: server.port))
        defer { connection.close() }
        for number in 1...3 {
            let response = try connection.request("GET", "/")
            #expect(response.status == 200)
            #expect(try response.json()["n"]?.integerValue == Int64(number))
        }
    }

    @Test func `a request is sent with Host, Content-Length and the URL's prefix`() throws {
        let server = ScriptedServer { connection in
            let head = connection.read(until: "\r\n\r\n")
            let body = connection.read(until: "}")
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(head.utf8.count + body.utf8.count)\r\n\r\n")
            connection.write(head + body)
        }
        defer { server.stop() }
        let connection = HTTPConnection(to: try ServerURL("http://127.0.0.1:\(server.port)/api/"))
        defer { connection.close() }
        let response = try connection.request("POST", "/x?y=z", headers: [("A", "b")], json: ["c": 1])
        #expect(
            response.text
                == "POST /api/x?y=z HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nA: b\r\n"
                + "Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"c\":1}")
    }

    @Test func `a connection that the server has closed is opened again`() throws {
        let server = ScriptedServer { connection in
            _ = connection.read(until: "\r\n\r\n")
            connection.write("HTTP/1.1 204 No Content\r\n\r\n")
        }
        defer { server.stop() }
        let connection = HTTPConnection(to: .tcp(host: "127.0.0.1", port: server.port))
        defer { connection.close() }
        for _ in 1...3 {
            #expect(try connection.request("GET", "/").status == 204)
            // Right after its response, the server closes the connection. Wait until the client has noticed the close.
            #expect(try connection.receive().isEmpty)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nx-a: 2\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1, 2\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-A: 1, 2\r\n\r\nhello",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX-A: 1, 2\r\n\r\nhello",
    ])
    func `a body is read with every kind of framing`(answer: String) throws {
        let server = ScriptedServer { connection in
            _ = connection.read(until: "\r\n\r\n")
            for byte in answer.unicodeScalars { connection.write(String(byte)) }
        }
        defer { server.stop() }
        let connection = HTTPConnection(to: .tcp(host: "127.0.0.1", port: server.port))
        defer { connection.close() }
        let response = try connection.request("GET", "/")
        #expect(response.text == "hello")
        #expect(response.header("X-a") == "1, 2")
        #expect(response.header("X-B") == nil)
    }

    @Test func `a response that arrives before the server has read the request is returned`() throws {
        let answered = BlockingQueue<Bool>()
        let server = ScriptedServer { connection in
            _ = connection.read(until: "\r\n\r\n")
            connection.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
            // If the server closed the connection with unread input, a reset would destroy the response.
            _ = answered.next()
        }
        defer { server.stop() }
        defer { answered.close() }
        let connection = HTTPConnection(to: .tcp(host: "127.0.0.1", port: server.port))
        let body = [UInt8](repeating: 0, count: 32 << 20)
        #expect(try connection.request("POST", "/", body: body).status == 413)
    }

    @Test func `raw bytes are sent and received unchanged`() throws {
        let server = ScriptedServer { connection in
            let line = connection.read(until: "\n")
            connection.write("HTTP/1.1 400 \(line.utf8.count)\r\nContent-Length: 0\r\n\r\nHTTP/1.1 201 \r\n\r\nrest")
        }
        defer { server.stop() }
        let connection = HTTPConnection(to: .tcp(host: "127.0.0.1", port: server.port))
        defer { connection.close() }
        try connection.send("GET\n")
        connection.finishSending()
        #expect(try connection.readResponse().status == 400)
        #expect(try connection.receiveAll() == Array("HTTP/1.1 201 \r\n\r\nrest".utf8))
    }

    @Test func `each kind of failure is reported`() throws {
        let server = ScriptedServer { connection in
            switch connection.read(until: "\r\n\r\n").split(separator: " ").dropFirst().first {
            case "/close": break
            case "/cut": connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
            case "/garbage": connection.write("SSH-2.0\r\n\r\n")
            default: connection.waitForClose()
            }
        }
        let address = ServerAddress.tcp(host: "127.0.0.1", port: server.port)
        func error(_ target: String) -> ClientError? {
            let connection = HTTPConnection(to: address, timeout: .milliseconds(200))
            return #expect(throws: ClientError.self) { _ = try connection.request("GET", target) }
        }
        #expect(error("/close") == .closed(address))
        #expect(error("/cut") == .closed(address))
        #expect(error("/garbage") == .malformedResponse(.malformedStatusLine))
        #expect(error("/silent") == .timedOut(address))
        server.stop()
        #expect(error("/") == .notConnected(address, reason: "Connection refused"))
        let nowhere = HTTPConnection(to: .unix(path: "/nonexistent/a.sock"))
        #expect(throws: ClientError.notConnected(nowhere.server, reason: "No such file or directory")) {
            try nowhere.connect()
        }
    }
}
