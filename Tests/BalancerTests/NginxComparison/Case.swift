import Testing

/// What is sent to nginx and to the balancer alike.
struct Case: Sendable {
    enum Act: Sendable {
        /// Pieces of one connection's bytes; after each one there is time for an answer.
        case conversation([String])
        /// Requests on connections of their own, all under way at once: each is sent when the one before is answered,
        /// or held by a node that is slow.
        case together([String])
        /// Nothing is sent for this long.
        case pause(Duration)
    }

    /// Unique in all stages; what ``Differences`` knows it by.
    let name: String
    let act: Act
    /// It waits for the end of the input, or for the server to give up: no last request follows.
    var isUnended = false

    /// Answered last, by closing the connection: it shows that the connection was still good.
    static let last = "GET /last HTTP/1.1\r\nHost: last\r\nConnection: close\r\n\r\n"

    /// One conversation, the bytes as they are.
    static func raw(_ name: String, _ pieces: String..., isUnended: Bool = false) -> Case {
        Case(name: name, act: .conversation(pieces), isUnended: isUnended)
    }

    /// A GET with these header lines.
    static func get(_ name: String, _ target: String = "/dump", _ fields: String...) -> Case {
        raw(name, request("GET", target, fields))
    }

    /// Several GETs in a row, pipelined on one connection.
    static func series(_ name: String, _ targets: [String]) -> Case {
        raw(name, targets.map { request("GET", $0, []) }.joined())
    }

    /// GETs that are under way at once.
    static func together(_ name: String, _ targets: [String]) -> Case {
        Case(name: name, act: .together(targets.map { request("GET", $0, ["Connection: close"]) }))
    }

    static func request(_ method: String, _ target: String, _ fields: [String], body: String = "") -> String {
        let lines = ["\(method) \(target) HTTP/1.1", "Host: test"] + fields
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
    }
}

/// One configuration file and what is asked of it.
struct Stage: Sendable, CustomTestStringConvertible {
    let name: String
    /// The contents of the http block, `%PORT%` for the port, `%A%`, `%B%`, `%C%` for the nodes, `%NONE%` for an
    /// address where nobody listens.
    let configuration: String
    let cases: [Case]
    /// The order of the cases matters: they are taken one after the other.
    var isOrdered = false

    var testDescription: String { name }
}
