import Reactor

/// A node that sends back what it received. A response header says which of the three nodes it is.
///
/// A word of the query selects an answer of ``Answers``: `close` on every node, `A=close` on node A only. The answer
/// `slow` also waits for the gate. If no word selects an answer, the node sends the dump: one line for each param in
/// the order of arrival, then the body.
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
            // The client's port differs for each connection, so it is left out.
            "\(name)=\(name == "REMOTE_PORT" && !value.isEmpty ? "port" : value.replacing("\n", with: "\\n"))"
        }
        if !request.body.isEmpty { lines.append("body: " + Transcript.printable(request.body)) }
        return lines.joined(separator: "\n")
    }
}
