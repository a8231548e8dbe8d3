import Testing

/// A test case: the bytes that are sent to nginx and to the balancer.
struct Case: Sendable {
    enum Act: Sendable {
        /// One connection on which the client sends these pieces of bytes. After each piece, the client waits a short
        /// time for an answer.
        case conversation([String])
        /// Concurrent requests, each on its own connection. The next request is sent when the previous one is answered
        /// or is held by a slow node.
        case together([String])
        /// The client sends nothing for this time, so that a time limit of the configuration passes.
        case pause(Duration)
    }

    /// No other case of any stage has this name. ``Differences`` refers to cases by name.
    let name: String
    let act: Act
    /// True if the client does not send ``last``. The case ends when the client ends its input, or the server closes
    /// the connection.
    var isUnended = false

    /// The last request of a connection. Its answer shows that the connection was still usable.
    static let last = "GET /last HTTP/1.1\r\nHost: last\r\nConnection: close\r\n\r\n"

    /// One conversation with these exact bytes.
    static func raw(_ name: String, _ pieces: String..., isUnended: Bool = false) -> Case {
        Case(name: name, act: .conversation(pieces), isUnended: isUnended)
    }

    /// A GET with these header lines.
    static func get(_ name: String, _ target: String = "/dump", _ fields: String...) -> Case {
        raw(name, request("GET", target, fields))
    }

    /// Several GETs, pipelined on one connection.
    static func series(_ name: String, _ targets: [String]) -> Case {
        raw(name, targets.map { request("GET", $0, []) }.joined())
    }

    /// Concurrent GETs.
    static func together(_ name: String, _ targets: [String]) -> Case {
        Case(name: name, act: .together(targets.map { request("GET", $0, ["Connection: close"]) }))
    }

    static func request(_ method: String, _ target: String, _ fields: [String], body: String = "") -> String {
        let lines = ["\(method) \(target) HTTP/1.1", "Host: test"] + fields
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
    }
}

/// One configuration file and its cases.
struct Stage: Sendable, CustomTestStringConvertible {
    let name: String
    /// The contents of the http block, with `%PORT%` for the port, `%A%`, `%B%`, `%C%` for the nodes, and `%NONE%` for
    /// an address without a listener.
    let configuration: String
    let cases: [Case]
    /// True if the order of the cases matters. Then they run one after the other.
    var isOrdered = false

    var testDescription: String { name }
}
