/// Compares the body of a response with its Content-Length: extra bytes are dropped, missing ones are an error.
struct BodyAccount {
    private enum Expectation {
        case unknown
        case exactly(remaining: Int)
        /// A response to HEAD, a 204 or a 304: all body bytes are dropped.
        case none
    }

    private var expectation: Expectation

    init(_ head: CGIResponseHead, isAnswerToHead: Bool) {
        if isAnswerToHead || head.status == 204 || head.status == 304 {
            expectation = .none
        } else if let length = head.contentLength {
            expectation = .exactly(remaining: length)
        } else {
            expectation = .unknown
        }
    }

    /// - Returns: how many of `count` body bytes belong to the response
    mutating func take(_ count: Int) -> Int {
        switch expectation {
        case .unknown: return count
        case .none: return 0
        case .exactly(let remaining):
            let taken = min(count, remaining)
            expectation = .exactly(remaining: remaining - taken)
            return taken
        }
    }

    /// - Throws: ``FastCGIError/bodyTooShort`` if bytes are missing
    func end() throws(FastCGIError) {
        if case .exactly(let remaining) = expectation, remaining > 0 { throw .bodyTooShort }
    }
}
