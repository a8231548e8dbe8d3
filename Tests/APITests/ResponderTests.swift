import Glibc
import HTTPWire
import JSON
import Reactor
import TestSupport
import Testing
import Threading

@testable import API

extension ServerTests {
    @Suite struct ResponderTests {
        @Test func `a connection carries several requests`() throws {
            let server = try TestServer(Route.echo)
            let client = try server.client()
            for number in 0..<100 {
                let reply = try client.call("POST", "/echo", Array("\(number)".utf8))
                #expect(reply.status == 200)
                #expect(reply.text == "\(number)")
                #expect(reply.isReusable)
            }
        }

        @Test func `a connection that is not kept is closed after the response`() throws {
            let server = try TestServer(Route.echo)
            let client = try server.client()
            #expect(try client.call("GET", "/echo", keeps: false).text == "GET")
            #expect(try client.isClosedByNode())
        }

        @Test func `HEAD has the headers of GET and no body`() throws {
            let server = try TestServer(Route.echo)
            let reply = try server.client().call("HEAD", "/echo")
            #expect(reply.status == 200)
            #expect(reply.headers["content-length"] == "4")
            #expect(reply.body.isEmpty)
        }

        @Test func `problems are problem documents with the request id`() throws {
            let server = try TestServer(Route.echo)
            let reply = try server.client().call("GET", "/nothing", headers: ["X-Request-Id": "abc-1"])
            #expect(reply.status == 404)
            #expect(reply.headers["content-type"] == "application/problem+json")
            #expect(reply.headers["x-request-id"] == "abc-1")
            let problem = try reply.json()
            #expect(problem["status"] == 404)
            #expect(problem["title"] == "Not Found")
            #expect(problem["type"] == "about:blank")
            #expect(problem["request_id"] == "abc-1")
            let wrong = try server.client().call("PUT", "/echo")
            #expect(wrong.status == 405)
            #expect(wrong.headers["allow"] == "GET, HEAD, POST")
        }

        @Test func `large bodies pass in both directions`() throws {
            let server = try TestServer(Route.echo)
            let body = (0..<(5 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let reply = try server.client().call("POST", "/echo", body)
            #expect(reply.body == body)
        }

        @Test func `a body over 16 MiB is refused, and the connection stays usable`() throws {
            let server = try TestServer(Route.echo)
            let client = try server.client()
            let reply = try client.call("POST", "/echo", [UInt8](repeating: 1, count: 16 << 20 + 1))
            #expect(reply.status == 413)
            #expect(try client.call("GET", "/echo").status == 200)
        }

        /// If the node left a part of a body unread on a kept connection, it would parse this part as the next request.
        @Test func `a request smuggled in a body longer than its declared length is never served`() throws {
            let served = Monitor([String]())
            let server = try TestServer([
                .test(.post, "/spy") { (request, _) throws(Problem) in
                    served.withLock { $0.append(String(decoding: request.body, as: UTF8.self)) }
                    return .now(.text("served"))
                }
            ])
            let client = try server.client()
            let smuggled = client.request("POST", "/spy", Array("smuggled".utf8))
            // `client.request` has begun an exchange in `client` without sending it. So another client makes the call.
            let sender = try server.client()
            let reply = try sender.call("POST", "/spy", Array("x".utf8) + smuggled, variables: ["CONTENT_LENGTH": "1"])
            #expect(reply.status == 400)
            #expect(try sender.isClosedByNode())
            #expect(served.withLock { $0 } == [])
            let short = try server.client().call("POST", "/spy", Array("x".utf8), variables: ["CONTENT_LENGTH": "9"])
            #expect(short.status == 400)
            let undeclared = try server.client().call(
                "POST", "/spy", Array("x".utf8), variables: ["CONTENT_LENGTH": nil])
            #expect(undeclared.status == 200)
        }

        @Test func `garbage closes its connection and nothing else`() throws {
            let server = try TestServer(Route.echo)
            let good = try server.client()
            #expect(try good.call("GET", "/echo").status == 200)
            var generator = SystemRandomNumberGenerator()
            for length in [1, 7, 8, 9, 100, 5000] {
                for version in [UInt8(0), 1, 255] {
                    let client = try server.client()
                    let noise = (1..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
                    // Close the sending direction, so that the node does not wait for the rest of a record.
                    try? client.write([version] + noise)
                    shutdown(client.descriptor, CInt(SHUT_WR))
                    while let _ = try client.readSome() {}
                }
            }
            #expect(try good.call("GET", "/echo").status == 200)
        }

        @Test func `an incomplete request only closes its own connection`() throws {
            let server = try TestServer(Route.echo)
            let client = try server.client()
            let request = client.request("POST", "/echo", Array("hello".utf8))
            for end in stride(from: 1, to: request.count, by: 7) {
                let half = try server.client()
                try half.write(Array(request[..<end]))
                shutdown(half.descriptor, CInt(SHUT_WR))
                #expect(try half.isClosedByNode())
            }
            #expect(try server.client().call("GET", "/echo").status == 200)
        }

        @Test func `idle connections and waiting requests use no thread`() throws {
            let others = try nodeThreadCount()
            let answers = Monitor([@Sendable (Answer) -> Void]())
            let server = try TestServer(
                Route.echo + [
                    .test(.get, "/wait") { (_, _) throws(Problem) in
                        .later { answer in answers.withLock { $0.append(answer) } }
                    }
                ], threads: 2)
            let waiting = try (0..<2000).map { _ in try server.client() }
            for client in waiting { try client.send("GET", "/wait") }
            try eventually("all parked") { answers.withLock { $0.count } == 2000 }
            #expect(try nodeThreadCount() == others + 3, "two threads of the pool, and the dispatcher")
            // While these requests wait, others are served.
            let client = try server.client()
            for _ in 0..<100 { #expect(try client.call("GET", "/echo").status == 200) }
            for answer in answers.withLock({ $0 }) { answer(.success(.text("done"))) }
            for client in waiting { #expect(try client.reply().text == "done") }
            for client in waiting.prefix(10) { #expect(try client.call("GET", "/echo").status == 200) }
        }

        @Test func `an answer may arrive before the handler returns`() throws {
            let server = try TestServer([
                .test(.get, "/now") { (_, _) throws(Problem) in .later { $0(.success(.text("at once"))) } }
            ])
            let client = try server.client()
            for _ in 0..<1000 { #expect(try client.call("GET", "/now").text == "at once") }
        }

        @Test func `a waiting client that disconnects is noticed, and its answer is dropped`() throws {
            let answers = Monitor([@Sendable (Answer) -> Void]())
            let server = try TestServer(
                Route.echo + [
                    .test(.get, "/wait") { (_, _) throws(Problem) in
                        .later { answer in answers.withLock { $0.append(answer) } }
                    }
                ], connections: 3)
            for round in 1...20 {
                // Each round opens as many connections as the server allows. So the server must have noticed that the
                // clients of the previous round have disconnected.
                var clients = try (0..<3).map { _ in try server.client() }
                for client in clients { try client.send("GET", "/wait") }
                try eventually("parked") { answers.withLock { $0.count } == 3 * round }
                clients.removeAll()
            }
            for answer in answers.withLock({ $0 }) { answer(.success(.text("too late"))) }
            #expect(try server.client().call("GET", "/echo").status == 200)
        }

        @Test func `answers that race with disconnecting clients leave no connection open`() throws {
            let server = try TestServer(
                Route.echo + [
                    .test(.get, "/race") { (_, _) throws(Problem) in
                        .later { answer in
                            _ = NamedThread("race") {
                                usleep(.random(in: 0...300))
                                answer(.success(.text(String(repeating: "x", count: 20_000))))
                            }
                        }
                    }
                ], connections: 8)
            for _ in 0..<300 {
                let client = try server.client()
                try client.send("GET", "/race")
                usleep(.random(in: 0...300))
            }
            #expect(try server.client().call("GET", "/echo").status == 200)
        }

        @Test func `connections beyond the limit wait for a place`() throws {
            let server = try TestServer(Route.echo, connections: 2)
            var first: FastCGIClient? = try server.client()
            let second = try server.client()
            #expect(try first?.call("GET", "/echo").status == 200)
            #expect(try second.call("GET", "/echo").status == 200)
            let third = try server.client()
            try third.send("GET", "/echo")
            var ready = pollfd(fd: third.descriptor, events: Int16(POLLIN), revents: 0)
            #expect(poll(&ready, 1, 200) == 0)
            first = nil
            #expect(try third.reply().status == 200)
        }

        @Test func `streams use at most half of the threads, and wait in order`() throws {
            let gate = Monitor(false)
            let running = Monitor(0)
            let server = try TestServer(
                Route.echo + [
                    .test(.get, "/stream") { (_, _) throws(Problem) in
                        .stream(.text("")) { write in
                            running.broadcast { $0 += 1 }
                            _ = gate.wait { $0 ? true : nil }
                            for number in 0..<10_000 { try write(Array("\(number)\n".utf8)) }
                        }
                    }
                ], threads: 4)
            let streams = try (0..<5).map { _ in try server.client() }
            for stream in streams { try stream.send("GET", "/stream") }
            try eventually("two run") { running.withLock { $0 } == 2 }
            #expect(try server.client().call("GET", "/echo").status == 200)
            #expect(running.withLock { $0 } == 2)
            gate.broadcast { $0 = true }
            for stream in streams { #expect(try stream.reply().text.split(separator: "\n").count == 10_000) }
        }

        @Test func `a stream that fails before its first bytes is a problem, and one that fails later breaks off`()
            throws
        {
            let server = try TestServer([
                .test(.get, "/early") { (_, _) throws(Problem) in
                    .stream(.text("")) { _ in throw Problem.unavailable("no", retryAfter: 1) }
                },
                .test(.get, "/late") { (_, _) throws(Problem) in
                    .stream(.text("")) { write in
                        try write(Array("some".utf8))
                        throw Problem.unavailable("no", retryAfter: 1)
                    }
                },
            ])
            #expect(try server.client().call("GET", "/early").status == 503)
            #expect(throws: (any Error).self) { try server.client().call("GET", "/late") }
            #expect(try server.client().call("HEAD", "/late").status == 200)
        }

        @Test func `when the reader of a stream disconnects, its thread is free again`() throws {
            let ended = Monitor(0)
            let server = try TestServer(
                [
                    .test(.get, "/endless") { (_, _) throws(Problem) in
                        .stream(.text("")) { write in
                            defer { ended.broadcast { $0 += 1 } }
                            while true { try write([UInt8](repeating: 1, count: 4096)) }
                        }
                    }
                ], threads: 2)
            for round in 1...5 {
                var client: FastCGIClient? = try server.client()
                try client?.send("GET", "/endless")
                _ = try client?.readSome()
                client = nil
                try eventually("ended") { ended.withLock { $0 } == round }
            }
        }

        @Test func `stopping finishes open requests and closes idle connections`() throws {
            let answers = Monitor([@Sendable (Answer) -> Void]())
            let server = try TestServer(
                Route.echo + [
                    .test(.get, "/wait") { (_, _) throws(Problem) in
                        .later { answer in answers.withLock { $0.append(answer) } }
                    }
                ],
                answerWaiting: {
                    usleep(100_000)
                    for answer in answers.withLock({ $0 }) { answer(.success(.text("as it is"))) }
                })
            let idle = try server.client()
            #expect(try idle.call("GET", "/echo").status == 200)
            let waiting = try (0..<50).map { _ in try server.client() }
            for client in waiting { try client.send("GET", "/wait") }
            try eventually("parked") { answers.withLock { $0.count } == 50 }
            let start = ContinuousClock.now
            server.server.stop()
            #expect(try idle.isClosedByNode())
            for client in waiting { #expect(try client.reply().text == "as it is") }
            server.stop()
            #expect(ContinuousClock.now - start < .seconds(5))
            #expect(access(server.folder.file("s"), F_OK) != 0)
        }

        @Test(arguments: [true, false])
        func `while the server stops, new connections are refused`(isUnix: Bool) throws {
            let parked = Monitor([@Sendable (Answer) -> Void]())
            let routes: [Route] = [
                .test(.get, "/wait") { (_, _) throws(Problem) in
                    .later { answer in parked.broadcast { $0.append(answer) } }
                }
            ]
            let server =
                isUnix
                ? try TestServer(routes)
                : try TestServer(routes, listen: .tcp(HostPort(host: "127.0.0.1", port: 0)))
            let waiting = try server.client()
            try waiting.send("GET", "/wait")
            let answer = try #require(parked.wait(for: .seconds(10)) { $0.first })
            server.server.stop()
            try eventually("a connection is refused") { (try? server.client()) == nil }
            answer(.success(.text("as it is")))
            #expect(try waiting.reply().text == "as it is")
            #expect(try waiting.isClosedByNode())
            server.stop()
        }

        @Test func `stopping does not wait longer than its timeout`() throws {
            let server = try TestServer(
                [.test(.get, "/never") { (_, _) throws(Problem) in .later { _ in } }], stopTimeout: .milliseconds(300))
            let client = try server.client()
            try client.send("GET", "/never")
            usleep(50_000)
            let start = ContinuousClock.now
            server.stop()
            #expect(ContinuousClock.now - start < .seconds(3))
            #expect(try client.isClosedByNode())
        }

        @Test func `a stale socket file is replaced, and one in use is not`() throws {
            let server = try TestServer(Route.echo)
            let path = server.folder.file("s")
            var information = stat()
            stat(path, &information)
            #expect(information.st_mode & 0o777 == 0o660)
            #expect(throws: ListenError.self) { try ListenAddress.unix(path: path).open() }
            let folder = TemporaryFolder()
            let stale = try ListenAddress.unix(path: folder.file("s")).open()
            stale.close()
            let again = try TestServer(Route.echo, listen: .unix(path: folder.file("s")))
            #expect(try again.client().call("GET", "/echo").status == 200)
        }

        @Test(arguments: ["127.0.0.1:0", "[::1]:0"])
        func `the server listens on TCP`(_ text: String) throws {
            let address = try #require(ListenAddress(text))
            let server = try TestServer(Route.echo, listen: address)
            let client = try server.client()
            #expect(try client.call("GET", "/echo").status == 200)
            #expect(try client.call("GET", "/echo", keeps: false).status == 200)
            #expect(try client.isClosedByNode())
        }

        @Test func `the server uses an inherited listening socket`() throws {
            let folder = TemporaryFolder()
            let listener = try ListenAddress.unix(path: folder.file("s")).open()
            #expect(throws: ListenError.self) { try ListenAddress.descriptor(9999).open() }
            let server = try TestServer(Route.echo, listen: .descriptor(listener.descriptor))
            #expect(try FastCGIClient(.unix(folder.file("s"))).call("GET", "/echo").status == 200)
            server.stop()
        }
    }
}
