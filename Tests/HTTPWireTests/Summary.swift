import HTTPWire

/// The result of parsing a message, as a value that can be compared. It has the parts of the head (as texts, not as
/// ranges), the body, and the number of consumed bytes. If the message is malformed, it has the error.
struct Summary: Equatable, CustomStringConvertible {
    var method = ""
    var version = HTTPVersion.http11
    var requestURI = ""
    var path = ""
    var query: String?
    var authority: String?
    var fields: [String] = []
    var framing = BodyFraming.none
    var keepsAlive = false
    var expectsContinue = false
    var body: [UInt8] = []
    var consumed = 0
    var error: HTTPError?
    var isComplete = false

    var status: Int { error?.status ?? 200 }

    var description: String {
        if let error { return "error \(error)" }
        return "\(method) \(path) \(version.name) \(fields) \(framing) body \(body.count) consumed \(consumed)"
    }

    /// Parses one request from `message`. The message arrives in pieces, which end at the offsets `cuts`.
    init(_ message: [UInt8], cuts: [Int] = [], limits: HTTPLimits = HTTPLimits()) {
        var parser = RequestParser(limits: limits)
        var head = RequestHead()
        var decoder: BodyDecoder?
        var offset = 0
        for end in cuts + [message.count] {
            do throws(HTTPError) {
                if decoder == nil {
                    guard let length = try parser.parse(message.span.extracting(0..<end), into: &head) else { continue }
                    take(head, message.span)
                    offset = length
                    decoder = BodyDecoder(head.body, limits: limits)
                }
                while decoder!.isComplete == false, offset < end {
                    let piece = try decoder!.next(message.span.extracting(offset..<end))
                    body += message[offset..<end][(offset + piece.data.lowerBound)..<(offset + piece.data.upperBound)]
                    offset += piece.consumed
                }
            } catch {
                self.error = error
                return
            }
            if decoder!.isComplete { break }
        }
        isComplete = decoder?.isComplete ?? false
        consumed = offset
    }

    init(_ message: String, cuts: [Int] = [], limits: HTTPLimits = HTTPLimits()) {
        self.init(Array(message.utf8), cuts: cuts, limits: limits)
    }

    private mutating func take(_ head: RequestHead, _ bytes: Span<UInt8>) {
        method = bytes.text(head.methodName)
        version = head.version
        requestURI = bytes.text(head.requestURI)
        path = String(decoding: head.path, as: UTF8.self)
        query = head.query.map { bytes.text($0) }
        authority = head.authority.map { bytes.text($0) }
        for index in head.fields.indices {
            let field = head.fields[index]
            var line = bytes.text(field.name) + ": " + bytes.text(field.value)
            if field.isHopByHop { line += " (hop-by-hop)" }
            if field.isRepetition { line += " (again)" }
            fields.append(line)
        }
        framing = head.body
        keepsAlive = head.keepsAlive
        expectsContinue = head.expectsContinue
    }
}
