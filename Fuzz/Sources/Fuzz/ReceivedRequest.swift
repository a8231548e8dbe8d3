import Bytes
import HTTPWire

/// One request as a value that can be compared: every range is replaced by its bytes.
struct ReceivedRequest: Equatable {
    struct Field: Equatable {
        var name: [UInt8]
        var value: [UInt8]
        var isHopByHop: Bool
        var isRepetition: Bool
        var next: Int?
    }

    let method: [UInt8]
    let version: HTTPVersion
    let target: [UInt8]
    let requestURI: [UInt8]
    let isPathImplied: Bool
    let path: [UInt8]
    let query: [UInt8]?
    let authority: [UInt8]?
    let fields: [Field]
    let framing: BodyFraming
    let keepsAlive: Bool
    let expectsContinue: Bool
    var body: [UInt8] = []

    init(_ head: RequestHead, _ bytes: ArraySlice<UInt8>) {
        func part(_ range: ByteRange) -> [UInt8] {
            Array(bytes[bytes.startIndex + range.start..<bytes.startIndex + range.end])
        }
        method = part(head.methodName)
        version = head.version
        target = part(head.target)
        requestURI = part(head.requestURI)
        isPathImplied = head.isPathImplied
        path = head.path
        query = head.query.map(part)
        authority = head.authority.map(part)
        fields = head.fields.indices.map { index in
            let field = head.fields[index]
            return Field(
                name: part(field.name), value: part(field.value), isHopByHop: field.isHopByHop,
                isRepetition: field.isRepetition, next: field.next)
        }
        framing = head.body
        keepsAlive = head.keepsAlive
        expectsContinue = head.expectsContinue
    }

    /// Encodes the same request in another form: without the headers that the parser dropped, and with a chunked body
    /// in one chunk.
    func serialized() -> [UInt8] {
        var out = method + [ASCII.space] + target
        out += version == .http10 ? " HTTP/1.0\r\n".utf8 : " HTTP/1.1\r\n".utf8
        for field in fields { out += field.name + ": ".utf8 + field.value + "\r\n".utf8 }
        out += "\r\n".utf8
        guard case .chunked = framing else { return out + body }
        if !body.isEmpty { out += "\(String(body.count, radix: 16))\r\n".utf8 + body + "\r\n".utf8 }
        return out + "0\r\n\r\n".utf8
    }
}

/// The requests on one connection, up to the first error.
struct ReceivedRequests: Equatable {
    static let maxBody = 200

    var requests: [ReceivedRequest] = []
    var error: HTTPError?
    /// The number of bytes of the complete requests.
    var consumed = 0

    /// - Parameter ends: the ends of the pieces in which the bytes are received
    init(_ bytes: [UInt8], ends: [Int], limits: HTTPLimits) {
        var parser = RequestParser(limits: limits)
        var head = RequestHead()
        var current: (request: ReceivedRequest, decoder: BodyDecoder, position: Int)?
        for end in ends {
            do throws(HTTPError) {
                while true {
                    if current == nil {
                        let start = consumed
                        guard let length = try parser.parse(bytes.span.extracting(start..<end), into: &head) else {
                            break
                        }
                        require(length <= limits.head, "the head is larger than its limit")
                        let decoder = BodyDecoder(head.body, maxBytes: Self.maxBody, limits: limits)
                        current = (ReceivedRequest(head, bytes[start..<start + length]), decoder, start + length)
                    }
                    try Self.readBody(bytes, end, &current!)
                    guard current!.decoder.isComplete else { break }
                    requests.append(current!.request)
                    consumed = current!.position
                    current = nil
                    parser.reset()
                    head.reset()
                }
            } catch {
                self.error = error
                return
            }
        }
    }

    private static func readBody(
        _ bytes: [UInt8], _ end: Int, _ current: inout (request: ReceivedRequest, decoder: BodyDecoder, position: Int)
    ) throws(HTTPError) {
        while !current.decoder.isComplete, current.position < end {
            let position = current.position
            let piece = try current.decoder.next(bytes.span.extracting(position..<end))
            require(piece.consumed > 0 || current.decoder.isComplete, "the decoder consumes nothing")
            current.request.body += bytes[position + piece.data.lowerBound..<position + piece.data.upperBound]
            current.position += piece.consumed
        }
    }
}
