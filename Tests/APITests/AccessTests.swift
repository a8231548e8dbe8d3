import JSON
import Queue
import TestSupport
import Testing

@testable import API

extension ServerTests {
    /// Keys, scopes, the admin token, and what clients without a key may do.
    @Suite struct AccessTests {
        private static let token = "the-admin-token"

        private func bearer(_ token: String) -> [String: String] { ["Authorization": "Bearer \(token)"] }

        /// Makes a client, and waits until the node knows its key.
        private func key(_ body: String, _ client: FastCGIClient) throws -> String {
            let made = try client.call("POST", "/keys", json: body, headers: bearer(Self.token))
            #expect(made.status == 201)
            let key = try #require(try made.json()["key"]?.stringValue)
            try eventually("the key is known", within: .seconds(1)) {
                try client.call("GET", "/types", headers: bearer(key)).status != 401
            }
            return key
        }

        @Test func `a client sees and changes only its own tasks`() throws {
            let node = try TestNode(adminToken: Self.token)
            let client = try node.client()
            let one = try key(#"{"name":"one"}"#, client)
            let two = try key(#"{"name":"two"}"#, client)
            let made = try client.call("POST", "/hash/md5", json: #"{"string":"a"}"#, headers: bearer(one))
            let id = try #require(try made.json()["task_id"]?.stringValue)
            let unknown = "/task/01a22886-fae8-7000-abd6-9654e0734654"
            for headers in [bearer(two), [:]] {
                let nothing = try client.call("GET", unknown, headers: headers)
                for (method, path) in [
                    ("GET", ""), ("GET", "?wait=5"), ("DELETE", ""), ("GET", "/attempts"), ("POST", "/retry"),
                ] {
                    let reply = try client.call(method, "/task/\(id)\(path)", headers: headers)
                    #expect(reply.status == 404, "\(method) \(path)")
                    #expect(try reply.json()["detail"] == nothing.json()["detail"])
                }
                #expect(try client.call("GET", "/tasks", headers: headers).text == "[]")
            }
            #expect(try client.call("GET", "/task/\(id)", headers: bearer(one)).status == 200)
            #expect(try client.call("GET", "/task/\(id)", headers: bearer(Self.token)).status == 200)
            #expect(try client.call("GET", "/tasks", headers: bearer(one)).text.contains(id))
            #expect(try client.call("DELETE", "/task/\(id)", headers: bearer(one)).status == 200)
        }

        @Test func `a key does what its scopes say, for the types that it is for`() throws {
            let node = try TestNode(adminToken: Self.token)
            let client = try node.client()
            let submitter = try key(#"{"name":"a","scopes":["submit"],"types":["md5"]}"#, client)
            let hash = #"{"string":"a"}"#
            #expect(try client.call("POST", "/hash/md5", json: hash, headers: bearer(submitter)).status == 202)
            let other = try client.call("POST", "/hash/sha256", json: hash, headers: bearer(submitter))
            #expect(other.status == 403 && other.text.contains("sha256"))
            let array = #"[{"type":"md5","input":{"string":"b"}},{"type":"sha256","input":{"string":"b"}}]"#
            #expect(try client.call("POST", "/tasks", json: array, headers: bearer(submitter)).status == 403)
            #expect(try node.taskCount() == "1")
            for (method, path) in [
                ("GET", "/tasks"), ("GET", "/hashes"), ("GET", "/task/01a22886-fae8-7000-abd6-9654e0734654"),
                ("DELETE", "/task/01a22886-fae8-7000-abd6-9654e0734654"), ("POST", "/cache/clear"), ("GET", "/keys"),
                ("POST", "/types/md5/pause"),
            ] {
                let reply = try client.call(method, path, headers: bearer(submitter))
                #expect(reply.status == 403 && reply.text.contains("scope"), "\(method) \(path)")
            }
            let admin = try key(#"{"name":"b","scopes":["admin"]}"#, client)
            #expect(try client.call("GET", "/keys", headers: bearer(admin)).status == 200)
            #expect(try client.call("POST", "/cache/clear", headers: bearer(admin)).status == 200)
            #expect(try client.call("GET", "/tasks", headers: bearer(admin)).text != "[]")
        }

        @Test(arguments: [
            "Bearer", "Bearer x", "bearer mr_0", "mr_0123", "Token mr_0123", "Bearer\tmr_0123",
            "Bearer mr_" + String(repeating: "0", count: 64),
        ])
        func `a wrong key is refused, also where no key is needed`(_ authorization: String) throws {
            let node = try TestNode(adminToken: Self.token)
            let client = try node.client()
            try eventually("the node knows its clients") {
                try client.call("GET", "/tasks", headers: ["Authorization": authorization]).status == 401
            }
            let reply = try client.call(
                "POST", "/hash/md5", json: #"{"string":"a"}"#, headers: ["Authorization": authorization])
            #expect(reply.status == 401 && reply.headers["www-authenticate"] == "Bearer")
            #expect(try node.taskCount() == "0")
        }

        @Test func `other schemes belong to the web server and are ignored`() throws {
            let node = try TestNode()
            let headers = ["Authorization": "Basic dXNlcjpwYXNz"]
            #expect(try node.client().call("GET", "/tasks", headers: headers).status == 200)
        }

        @Test(arguments: AnonymousPolicy.allCases)
        func `clients without a key may do what the installation says`(_ policy: AnonymousPolicy) throws {
            let node = try TestNode(adminToken: Self.token, anonymous: policy)
            let client = try node.client()
            let byID = "/task/01a22886-fae8-7000-abd6-9654e0734654"
            let submits = policy != .none
            let submitted = try client.call("POST", "/hash/md5", json: #"{"string":"a"}"#)
            #expect(submitted.status == (submits ? 202 : 401))
            if !submits { #expect(submitted.headers["www-authenticate"] == "Bearer") }
            for (method, path) in [("GET", byID), ("DELETE", byID)] {
                #expect(try client.call(method, path).status == (submits ? 404 : 401))
            }
            for path in ["/tasks", "/hashes", "/metrics", "/cache/stats"] {
                #expect(try client.call("GET", path).status == (policy == .all ? 200 : 401), "\(path)")
                #expect(try client.call("GET", path, headers: bearer(Self.token)).status == 200, "\(path)")
            }
            for path in ["/health", "/openapi.json"] { #expect(try client.call("GET", path).status == 200) }
            #expect(try client.call("POST", "/cache/clear").status == 401)
        }

        @Test func `anonymous clients are told apart by their network, and see each other's tasks`() throws {
            let node = try TestNode()
            let client = try node.client()
            let addresses = [
                "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2:1", "2001:db8:0:1::1", "unix:",
                "::ffff:192.0.2.1",
            ]
            for (number, address) in addresses.enumerated() {
                let reply = try client.call(
                    "POST", "/hash/md5", json: "{\"string\":\"\(number)\"}", variables: ["REMOTE_ADDR": address])
                #expect(reply.status == 202)
            }
            let columns = try node.database.sql("SELECT client FROM task ORDER BY id").split(separator: "\n")
            let clients = try columns.map { try #require(Int64($0)) }
            #expect(clients[5] == 0 && clients.allSatisfy { $0 <= 0 })
            #expect(clients[2] == clients[3] && clients[0] == clients[6])
            #expect(Set(clients).count == 5)
            let list = try client.call("GET", "/tasks", variables: ["REMOTE_ADDR": "192.0.2.9"]).json()
            #expect(list.arrayValue?.count == addresses.count)
            let again = try client.call(
                "POST", "/hash/md5", json: #"{"string":"0"}"#, variables: ["REMOTE_ADDR": "192.0.2.9"])
            #expect(again.status == 202)
            #expect(try node.taskCount() == "\(addresses.count)")
        }

        @Test func `without an admin token, administrative calls are refused with the way to set one`() throws {
            let node = try TestNode(adminToken: nil)
            let reply = try node.client().call("POST", "/cache/clear", variables: ["REMOTE_ADDR": "127.0.0.1"])
            #expect(reply.status == 403 && reply.text.contains("MILLRACE_ADMIN_TOKEN"))
        }

        @Test func `a key is checked before the body is read`() throws {
            let node = try TestNode(adminToken: Self.token, anonymous: .none)
            let client = try node.client()
            let body = [UInt8](repeating: UInt8(ascii: "x"), count: 32 << 20)
            // If the node read this body, it would answer 413.
            let reply = try? client.call("POST", "/hash/md5", body, headers: ["Content-Type": "application/json"])
            if let reply { #expect(reply.status == 401) }
            #expect(try node.client().call("GET", "/health").status == 200)
        }

        @Test(arguments: [1, 8_100, 9_000, 20_000, 60_000])
        func `after a refused request with a body, the node serves other requests`(_ size: Int) throws {
            let node = try TestNode(adminToken: Self.token, anonymous: .none)
            let body = [UInt8](repeating: UInt8(ascii: "x"), count: size)
            for target in ["/nothing", "/hash/md5"] {
                let client = try node.client()
                let refused = try client.call("POST", target, body, headers: ["Content-Type": "application/json"])
                #expect(refused.status == (target == "/nothing" ? 404 : 401))
                if refused.isReusable { #expect((try? client.call("GET", "/health"))?.status ?? 200 == 200) }
                #expect(try node.client().call("GET", "/health").status == 200)
            }
        }

        @Test func `keys are made, listed, rotated and revoked, and a key is shown once`() throws {
            let node = try TestNode(adminToken: Self.token)
            let client = try node.client()
            let admin = bearer(Self.token)
            let first = try key(#"{"name":"shop","scopes":["read","submit"]}"#, client)
            #expect(try client.call("POST", "/keys", json: #"{"name":"shop"}"#, headers: admin).status == 409)
            let list = try client.call("GET", "/keys", headers: admin)
            #expect(try list.json()[0]?["name"] == "shop")
            #expect(try list.json()[0]?["scopes"] == ["submit", "read"])
            #expect(!list.text.contains("mr_"))
            let rotated = try client.call("POST", "/keys/shop/rotate", headers: admin)
            let second = try #require(try rotated.json()["key"]?.stringValue)
            try eventually("the old key is refused", within: .seconds(1)) {
                try client.call("GET", "/types", headers: bearer(first)).status == 401
            }
            #expect(try client.call("GET", "/types", headers: bearer(second)).status == 200)
            #expect(try client.call("DELETE", "/keys/shop", headers: admin).status == 200)
            try eventually("the key is refused", within: .seconds(1)) {
                try client.call("GET", "/types", headers: bearer(second)).status == 401
            }
            #expect(try client.call("DELETE", "/keys/shop", headers: admin).status == 404)
            for body in [
                "{}", #"{"name":""}"#, #"{"name":"a b"}"#, #"{"name":"a","scopes":[]}"#,
                #"{"name":"a","scopes":["x"]}"#,
                #"{"name":"a","types":["x"]}"#, #"{"name":"a","weight":1}"#, "[]",
            ] {
                #expect(try client.call("POST", "/keys", json: body, headers: admin).status == 422, "\(body)")
            }
            #expect(try client.call("POST", "/keys", json: "{", headers: admin).status == 400)
        }
    }
}
