import Reactor

/// A node that answers with the params and the body that it received (the dump), or with a prepared answer. The dump
/// has a header with the name of the node: A, B or C.
///
/// A word of the query can select an answer of ``Answers``: `close` selects it on every node, `A=close` only on node A.
/// The answer `slow` also waits for the gate. If no word selects an answer, the node sends the dump. It has one line
/// for each param in the order of arrival, and then the body.
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
