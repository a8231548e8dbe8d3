import Glibc
import TestSupport
import Testing

@testable import API

extension ServerTests {
    /// What a node does with bytes that libfcgi must not parse.
    @Suite struct RequestFilterTests {
        @Test func `management records are dropped before a request`() throws {
            let server = try TestServer(Route.echo)
            let client = try server.client()
            for _ in 0..<3 {
                for record in ManagementRecord.all { try client.write(record) }
                #expect(try client.call("POST", "/echo", Array("hello".utf8)).text == "hello")
            }
        }

        @Test func `management records in pieces are dropped, and use no thread while they arrive`() throws {
            let server = try TestServer(Route.echo, threads: 1)
            let client = try server.client()
            let record = ManagementRecord.getValues(count: 3) + ManagementRecord.unknown
            for byte in record {
                try client.write([byte])
                usleep(2000)
                #expect(try server.client().call("GET", "/echo").status == 200)
            }
            let request = client.request("POST", "/echo", Array("hello".utf8))
            for byte in request.prefix(20) {
                try client.write([byte])
                usleep(1000)
            }
            try client.write(Array(request.dropFirst(20)))
            #expect(try client.reply().text == "hello")
            #expect(try client.call("GET", "/echo").status == 200)
        }

        @Test func `management records between the records of a request are dropped`() throws {
            let server = try TestServer(Route.echo)
            let client = try server.client()
            for record in ManagementRecord.all {
                let body = [UInt8](repeating: 7, count: 150_000)
                for part in records(client.request("POST", "/echo", body)) { try client.write(part + record) }
                #expect(try client.reply().body == body)
            }
        }

        @Test func `the rest of a header that does not arrive uses no thread`() throws {
            let server = try TestServer(Route.echo, threads: 1)
            let silent = try (0..<5).map { _ in try server.client() }
            for client in silent { try client.write([1, 1, 0]) }
            usleep(20_000)
            #expect(try server.client().call("GET", "/echo").status == 200)
        }

        @Test func `the length of a param that libfcgi could not allocate closes the connection`() throws {
            let server = try TestServer(Route.echo)
            let client = try server.client()
            let begin: [UInt8] = [1, 1, 0, 1, 0, 8, 0, 0] + [0, 1, 1, 0, 0, 0, 0, 0]
            let params: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF, 0xFE]
            try client.write(begin + [1, 4, 0, 1, 0, UInt8(params.count), 0, 0] + params)
            #expect(try client.isClosedByNode())
            #expect(try server.client().call("GET", "/echo").status == 200)
        }

        @Test func `a request that was sent before the end of another one is not lost without notice`() throws {
            let server = try TestServer(Route.echo)
            let client = try server.client()
            let request = client.request("GET", "/echo")
            try client.write(request + request)
            #expect(try client.reply().status == 200)
            #expect(try client.isClosedByNode())
        }
    }
}

private enum ManagementRecord {
    static let all = [getValues(count: 4000), getValues(count: 1), [1, 9, 0, 0, 0, 0, 0, 0], unknown, padded]

    /// An FCGI_GET_VALUES record with `count` names. When libfcgi answers 4,000 names, it overwrites its own stack.
    static func getValues(count: Int) -> [UInt8] {
        let content = Array(repeating: [14, 0] + Array("FCGI_MAX_CONNS".utf8), count: count).joined()
        let record = content.prefix(65_535)
        return [1, 9, 0, 0, UInt8(record.count >> 8), UInt8(record.count & 255), 0, 0] + record
    }

    /// A record of an unknown type, with content that looks like params.
    static let unknown: [UInt8] = [1, 12, 0, 0, 0, 8, 0, 0] + [6, 0] + Array("REMOTE".utf8)
    static let padded: [UInt8] = [1, 200, 0, 0, 0, 3, 5, 0] + [UInt8](repeating: 1, count: 8)
}

/// Splits the bytes of a request into its records.
private func records(_ bytes: [UInt8]) -> [[UInt8]] {
    var records: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
        let header = Array(rest.prefix(8))
        let count = 8 + Int(header[4]) << 8 + Int(header[5]) + Int(header[6])
        records.append(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
    }
    return records
}
