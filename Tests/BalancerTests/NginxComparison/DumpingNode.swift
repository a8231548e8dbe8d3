import Reactor

/// A node that says what it got; one of three, told apart by a response header.
///
/// A word of the query (`a&b`), or one for this node (`A=b`), picks an answer of ``Answers``; without one it is the
/// dump: each param on a line of its own in the order that they came in, then the body. `slow` waits for the gate.
enum DumpingNode {
    static func start(_ name: String, at path: String, behind gate: Gate) throws -> TestResponder {
        try TestResponder(at: .unix(path)) { request in
            for word in (request.params["QUERY_STRING"] ?? "").split(separator: "&") {
                let word = word.hasPrefix("\(name)=") ? word.dropFirst(name.count + 1) : word
                guard let answer = Answers.table[String(word)] else { continue }
                return word == "slow" ? [.pass(gate)] + answer : answer
            }
            return [.stdout("Content-Type: text/plain\r\nX-Node: \(name)\r\n\r\n" + dump(request)), .end()]
        }
    }

    private static func dump(_ request: TestResponder.Request) -> String {
        var lines = request.pairs.map { name, value in
            // Another one for every connection.
            "\(name)=\(name == "REMOTE_PORT" && !value.isEmpty ? "port" : value.replacing("\n", with: "\\n"))"
        }
        if !request.body.isEmpty { lines.append("body: " + Transcript.printable(request.body)) }
        return lines.joined(separator: "\n")
    }
}
