import FastCGIWire

/// A record written byte by byte, without the codec under test.
func record(
    _ type: UInt8, _ content: [UInt8] = [], padding: Int = 0, id: UInt16 = 1, version: UInt8 = 1
) -> [UInt8] {
    let header: [UInt8] = [
        version, type, UInt8(id >> 8), UInt8(id & 255), UInt8(content.count >> 8), UInt8(content.count & 255),
        UInt8(padding), 0,
    ]
    return header + content + [UInt8](repeating: 0xEE, count: padding)
}

func stdout(_ text: String, padding: Int = 0) -> [UInt8] { record(6, Array(text.utf8), padding: padding) }
func stderr(_ text: String) -> [UInt8] { record(7, Array(text.utf8)) }
func end(_ protocolStatus: UInt8 = 0, application: UInt8 = 0, padding: Int = 0) -> [UInt8] {
    record(3, [0, 0, 0, application, protocolStatus, 0, 0, 0], padding: padding)
}

/// What a responder gets from a web server. Reads the records and params without the codec under test.
struct ResponderView {
    struct Request: Equatable {
        var flags: UInt8 = 0
        var params: [[UInt8]] = []  // name, value, name, value, …
        var body: [UInt8] = []
        /// Content lengths of the PARAMS and STDIN records.
        var paramRecords: [Int] = []
        var bodyRecords: [Int] = []

        subscript(_ name: String) -> String? {
            for index in stride(from: 0, to: params.count, by: 2) where params[index] == Array(name.utf8) {
                return String(decoding: params[index + 1], as: UTF8.self)
            }
            return nil
        }
    }

    struct Malformed: Error {}

    static func requests(_ bytes: [UInt8]) throws -> [Request] {
        var requests: [Request] = []
        var request: Request?
        var params: [UInt8] = []
        var position = 0
        while position < bytes.count {
            guard bytes.count - position >= 8 else { throw Malformed() }
            let length = Int(bytes[position + 4]) << 8 | Int(bytes[position + 5])
            let next = position + 8 + length + Int(bytes[position + 6])
            guard bytes[position] == 1, bytes[position + 2] == 0, bytes[position + 3] == 1, bytes[position + 7] == 0,
                next <= bytes.count
            else { throw Malformed() }
            let content = Array(bytes[position + 8..<position + 8 + length])
            switch (bytes[position + 1], request) {
            case (1, nil):
                guard content.count == 8, content[0] == 0, content[1] == 1 else { throw Malformed() }
                request = Request(flags: content[2])
                params = []
            case (4, .some):
                request?.paramRecords.append(length)
                params += content
                if length == 0 { request?.params = try pairs(params) }
            case (5, .some):
                request?.bodyRecords.append(length)
                request?.body += content
                if length == 0 {
                    requests.append(request!)
                    request = nil
                }
            default: throw Malformed()
            }
            position = next
        }
        guard request == nil else { throw Malformed() }
        return requests
    }

    private static func pairs(_ bytes: [UInt8]) throws -> [[UInt8]] {
        var pairs: [[UInt8]] = []
        var rest = bytes[...]
        func length() throws -> Int {
            guard let first = rest.popFirst() else { throw Malformed() }
            guard first >= 128 else { return Int(first) }
            guard rest.count >= 3 else { throw Malformed() }
            return rest.prefix(3).reduce(Int(first & 127)) { $0 << 8 | Int($1) }.also { rest = rest.dropFirst(3) }
        }
        while !rest.isEmpty {
            let name = try length()
            let value = try length()
            guard rest.count >= name + value else { throw Malformed() }
            pairs.append(Array(rest.prefix(name)))
            pairs.append(Array(rest.dropFirst(name).prefix(value)))
            rest = rest.dropFirst(name + value)
        }
        return pairs
    }
}

extension Int {
    fileprivate func also(_ body: () -> Void) -> Int {
        body()
        return self
    }
}

/// What a ``FastCGIClientMachine`` reads from the bytes of a responder.
struct Reply: Equatable {
    var status = 0
    var reason = ""
    var fields: [String] = []
    var body: [UInt8] = []
    var diagnostics: [UInt8] = []
    var isReusable: Bool?
    var rejection: EndRequest.ProtocolStatus?
    var error: FastCGIError?

    var text: String { String(decoding: body, as: UTF8.self) }

    /// Passes `bytes` to a machine as a receive buffer would. `pieces` are the sizes of the reads.
    static func read(
        _ bytes: [UInt8], pieces: [Int], isHead: Bool = false, sendsAll: Bool = true,
        limits: ResponseLimits = ResponseLimits()
    ) -> Reply {
        var exchange = FastCGIClientMachine(limits: limits)
        var out: [UInt8] = []
        exchange.begin(keepsConnection: true, isHead: isHead, into: &out)
        exchange.encoder.endParams(into: &out)
        if sendsAll { exchange.encoder.endBody(into: &out) }
        return read(bytes, pieces: pieces, with: &exchange)
    }

    static func read(_ bytes: [UInt8], pieces: [Int], with exchange: inout FastCGIClientMachine) -> Reply {
        var reply = Reply()
        var buffer: [UInt8] = []
        var rest = bytes[...]
        var sizes = pieces[...]
        do {
            while !rest.isEmpty {
                let size = min(sizes.popFirst() ?? rest.count, rest.count)
                buffer += rest.prefix(size)
                rest = rest.dropFirst(size)
                var position = 0
                reading: while true {
                    switch try exchange.next(buffer.span, from: &position) {
                    case .head:
                        let head = exchange.head
                        reply.status = head.status
                        reply.reason = head.text(head.reason)
                        reply.fields = head.fields.map { "\(head.text($0.name)): \(head.text($0.value))" }
                    case .body(let range): reply.body += buffer[range]
                    case .diagnostics(let range): reply.diagnostics += buffer[range]
                    case .end(let isReusable): reply.isReusable = isReusable
                    case .rejected(let status): reply.rejection = status
                    case .needsMore: break reading
                    }
                }
                buffer.removeFirst(position)
            }
            try exchange.connectionClosed()
        } catch {
            reply.error = error
        }
        return reply
    }
}
